"""The command: a look at what was refused, and reconciliation."""

import os
import subprocess
import sys
from pathlib import Path

from test_outages import nested
from test_outbox import entries

from conftest import MakeKinto
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from kinto_tocsin import event_id
from postgres import Postgres
from server import AUTH, Json, Server

BLOG = "/buckets/blog/collections/articles"


def command(*words: str, **environment: str) -> str:
    """What it prints."""
    line = [sys.executable, "-m", "kinto_tocsin.command", *words]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


def test_what_was_refused_can_be_seen_tried_again_and_discarded(
    kinto: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/deep", **nested(70))
    until(lambda: entries(postgres, database, "tocsin-failed") == 1, "it is kept aside")
    ini = f"--ini={kinto.ini}"
    assert "1 notifications were refused" in command("status", ini)
    assert f"{BLOG}/records/deep" in command("failed", ini)
    kinto.process.kill()  # so that nobody relays it
    assert "waits again" in command("retry", ini)
    assert "1 entries wait, 0 notifications" in command("status", ini)
    kinto.start().wait_until_it_serves()
    until(lambda: entries(postgres, database, "tocsin-failed") == 1, "it is refused again")
    assert "is gone" in command("discard", ini)
    assert entries(postgres, database, "tocsin-failed") == 0


def reconcile(kinto: Server, tocsin: Up, *more: str) -> str:
    return command(
        "reconcile",
        f"--kinto={kinto.url}",
        f"--auth={':'.join(AUTH)}",
        f"--tocsin={tocsin.url}",
        "--bucket=blog",
        "--settle=-60",
        *more,
        TOCSIN_TOKEN=tocsin.make_token("events:read", "events:write"),
    )


def test_reconciliation_tells_what_the_log_lacks_and_nothing_else(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    tocsin: Up,
    tmp_path: Path,
) -> None:
    told = make_kinto(over_postgresql)
    session = told.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/known", n=1)
    everything.wait_for(3)
    told.process.kill()
    untold = make_kinto({**over_postgresql, "kinto.includes": ""})
    session = untold.session()
    missed = [session.put(f"{BLOG}/records/r{n}", n=n)["last_modified"] for n in range(3)]
    gone = session.delete(f"{BLOG}/records/r0")["last_modified"]

    state = f"--state={tmp_path / 'state.json'}"
    assert "3 missing, 0 told" in reconcile(untold, tocsin, "--dry-run")
    assert "3 missing, 3 told" in reconcile(untold, tocsin, state)
    ids = [
        event_id.derive("kinto", f"{BLOG}/records/r0", "delete", gone),
        *(event_id.derive("kinto", f"{BLOG}/records/r{n}", "update", missed[n]) for n in (1, 2)),
    ]
    everything.wait_for_ids(ids)
    assert "0 missing, 0 told" in reconcile(untold, tocsin, state)
    assert "0 missing, 0 told" in reconcile(untold, tocsin)
    assert len(everything.counts()) == 6
