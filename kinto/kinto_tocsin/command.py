"""The command `kinto-tocsin`: a look into the outbox, what Tocsin refused, and reconciliation."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import requests

from kinto_tocsin.outbox import Outbox
from kinto_tocsin.reconcile import Options, Reconciler
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


def reconcile(options: argparse.Namespace) -> int:
    kinto, tocsin = requests.Session(), requests.Session()
    if options.auth:
        user, _, password = options.auth.partition(":")
        kinto.auth = (user, password)
    tocsin.headers["Authorization"] = f"Bearer {options.token}"
    report = Reconciler(
        Options(
            kinto=options.kinto.rstrip("/"),
            tocsin=options.tocsin.rstrip("/"),
            buckets=options.bucket,
            collections=options.collection or [],
            source=options.source,
            state=options.state,
            overlap_seconds=options.overlap,
            settle_seconds=options.settle,
            dry_run=options.dry_run,
        ),
        kinto,
        tocsin,
    ).run()
    print(report)
    return 1 if report.refused else 0


def add_reconcile(commands: Any) -> None:
    words = "tells Tocsin of what it has not heard"
    parser = commands.add_parser("reconcile", help=words, description=words)
    parser.add_argument("--kinto", required=True, help="URL of Kinto, with /v1")
    parser.add_argument("--auth", default=os.environ.get("KINTO_AUTH"), help="user:password")
    parser.add_argument("--tocsin", required=True, help="URL of Tocsin")
    parser.add_argument(
        "--token",
        default=os.environ.get("TOCSIN_TOKEN"),
        help="with the scopes events:read and events:write",
    )
    parser.add_argument("--bucket", action="append", required=True)
    parser.add_argument("--collection", action="append", help="of these buckets; all, if left out")
    parser.add_argument("--source", default="kinto", help="as tocsin.source in Kinto's settings")
    parser.add_argument("--state", type=Path, help="file that says how far a run came")
    parser.add_argument("--overlap", type=int, default=600, help="seconds to look at again")
    parser.add_argument("--settle", type=int, default=60, help="seconds that are too new")
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
