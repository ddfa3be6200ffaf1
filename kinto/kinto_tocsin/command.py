"""The command `kinto-tocsin`: a look into the outbox, what Tocsin refused, and reconciliation."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import requests
from kinto.core.utils import json

from kinto_tocsin.outbox import Outbox
from kinto_tocsin.progress import Progress
from kinto_tocsin.reconcile import Options, Reconciler, Stopped, write_whole
from kinto_tocsin.version import __version__


def open_outbox(ini: str) -> Outbox:
    """Of the Kinto that is configured so; nothing is relayed."""
    from pyramid.paster import bootstrap

    registry = bootstrap(ini, options={"command": "tocsin"})["registry"]
    return Outbox(registry.storage, settle_seconds=0)


def failed(outbox: Outbox) -> Any:
    """All that was refused, in pages."""
    after = ""
    while page := outbox.failed(after):
        yield from page
        after = page[-1]["id"]


def status(options: argparse.Namespace) -> int:
    outbox = open_outbox(options.ini)
    print(f"{outbox.count()} entries wait, {outbox.failed_count()} notifications were refused")
    return 0


def show_failed(options: argparse.Namespace) -> int:
    for each in failed(open_outbox(options.ini)):
        print(f"{each['id']}  {each['payload'][:200]}\n    {each['reason']}")
    return 0


def retry(options: argparse.Namespace) -> int:
    outbox = open_outbox(options.ini)
    for each in list(failed(outbox)):
        outbox.retry_failed(each)
        print(f"{each['id']} waits again")
    return 0


def discard(options: argparse.Namespace) -> int:
    outbox = open_outbox(options.ini)
    for each in list(failed(outbox)):
        outbox.discard_failed(each)
        print(f"{each['id']} is gone")
    return 0


def reconcile_options(options: argparse.Namespace) -> Options:
    user, _, password = (options.auth or "").partition(":")
    return Options(
        kinto=options.kinto.rstrip("/"),
        auth=(user, password) if options.auth else None,
        tocsin=options.tocsin.rstrip("/").removesuffix("/v1"),
        token=options.token or "",
        buckets=options.bucket or [],
        collections=options.collection or [],
        source=options.source,
        state=options.state,
        overlap_seconds=options.overlap,
        settle_seconds=options.settle,
        dry_run=options.dry_run,
    )


def run_once(options: argparse.Namespace, stop: threading.Event) -> int:
    run = Reconciler(reconcile_options(options), Progress(options.quiet), stop)
    try:
        run.run()
        code = 1 if run.report.refused else 0
    except (requests.RequestException, OSError) as error:
        print(f"kinto-tocsin: {error}", file=sys.stderr)
        code = 1
    except Stopped:
        code = 0
    print(run.report, flush=True)
    if options.report:
        write_whole(options.report, json.dumps({**run.report.to_json(), "code": code}))
    return code


def reconcile(options: argparse.Namespace) -> int:
    """Once, or again and again until it is told to end: then a failed run is tried again too."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    code = run_once(options, stop)
    while options.every and not stop.wait(options.every):
        code = run_once(options, stop)
    return 0 if options.every else code


def add_reconcile(commands: Any) -> None:
    words = "tells Tocsin of what it has not heard"
    parser = commands.add_parser("reconcile", help=words, description=words)
    parser.add_argument("--kinto", required=True, help="URL of Kinto, with /v1")
    parser.add_argument(
        "--auth",
        default=os.environ.get("KINTO_AUTH"),
        help="user:password; better in $KINTO_AUTH, which others cannot see",
    )
    tocsin = os.environ.get("TOCSIN_URL", "http://127.0.0.1:8889")
    parser.add_argument("--tocsin", default=tocsin, help="URL of Tocsin; else $TOCSIN_URL")
    parser.add_argument(
        "--token",
        default=os.environ.get("TOCSIN_TOKEN"),
        help="with the scopes events:read and events:write; else $TOCSIN_TOKEN",
    )
    words = "as often as needed; all that can be read, if left out"
    parser.add_argument("--bucket", action="append", help=words)
    parser.add_argument("--collection", action="append", help="of these buckets; likewise")
    parser.add_argument("--source", default="kinto", help="as tocsin.source in Kinto's settings")
    parser.add_argument("--state", type=Path, help="file that says how far a run came")
    parser.add_argument("--overlap", type=int, default=600, help="seconds to look at again")
    parser.add_argument("--settle", type=int, default=60, help="seconds that are too new")
    parser.add_argument("--every", type=float, default=0, help="again after so many seconds")
    parser.add_argument("--report", type=Path, help="file for what the last run found, as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the report")
    parser.add_argument("--dry-run", action="store_true", help="count only")
    parser.set_defaults(run=reconcile)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="kinto-tocsin", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True)
    for name, run, words in (
        ("status", status, "how many entries wait, how many were refused"),
        ("failed", show_failed, "what Tocsin refused, and why"),
        ("retry", retry, "puts what was refused into the outbox again"),
        ("discard", discard, "forgets what was refused"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.add_argument("--ini", required=True, help="Kinto's settings")
        command.set_defaults(run=run)
    add_reconcile(commands)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
