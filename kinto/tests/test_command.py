"""The command: a look at what was refused, and reconciliation."""

import io
import json
import os
import subprocess
from pathlib import Path
from string import Template

import pytest
from test_outages import nested
from test_outbox import entries

from conftest import MakeKinto
from harness.process import ROOT, Process, program
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from kinto_tocsin import event_id
from kinto_tocsin.progress import Progress
from postgres import Postgres
from server import AUTH, PYTHON, Json, Server

BLOG = "/buckets/blog/collections/articles"


def command(*words: str, **environment: str) -> str:
    """What it prints."""
    line = [PYTHON, "-m", "kinto_tocsin.command", *words]
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


def options(kinto: Server, tocsin: Up) -> list[str]:
    return [
        "reconcile",
        f"--kinto={kinto.url}",
        f"--tocsin={tocsin.url}",
        "--bucket=blog",
        "--settle=-60",
    ]


def secrets(tocsin: Up) -> dict[str, str]:
    token = tocsin.make_token("events:read", "events:write")
    return {"TOCSIN_TOKEN": token, "KINTO_AUTH": ":".join(AUTH)}


def reconcile(kinto: Server, tocsin: Up, *more: str) -> str:
    return command(*options(kinto, tocsin), *more, **secrets(tocsin))


@pytest.fixture
def untold(make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer) -> Server:
    """A Kinto of which Tocsin has heard of three things, and not of what comes."""
    told = make_kinto(over_postgresql)
    session = told.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/known", n=1)
    everything.wait_for(3)
    told.process.kill()
    return make_kinto({**over_postgresql, "kinto.includes": ""})


def test_reconciliation_tells_what_the_log_lacks_and_nothing_else(
    untold: Server, everything: Consumer, tocsin: Up, tmp_path: Path
) -> None:
    session = untold.session()
    missed = [session.put(f"{BLOG}/records/r{n}", n=n)["last_modified"] for n in range(3)]
    gone = session.delete(f"{BLOG}/records/r0")["last_modified"]

    state = f"--state={tmp_path / 'state.json'}"
    assert "3 missing, 0 told" in reconcile(untold, tocsin, "--dry-run")
    report = tmp_path / "report.json"
    assert "3 missing, 3 told" in reconcile(untold, tocsin, state, f"--report={report}")
    found = json.loads(report.read_text())
    assert (found["missing"], found["told"], found["refused"], found["code"]) == (3, 3, [], 0)
    assert found["lists"][f"{BLOG}/records"] == {"checked": 4, "missing": 3, "told": 3}
    ids = [
        event_id.derive("kinto", f"{BLOG}/records/r0", "delete", gone),
        *(event_id.derive("kinto", f"{BLOG}/records/r{n}", "update", missed[n]) for n in (1, 2)),
    ]
    everything.wait_for_ids(ids)
    assert "0 missing, 0 told" in reconcile(untold, tocsin, state)
    assert "0 missing, 0 told" in reconcile(untold, tocsin)
    assert len(everything.counts()) == 6


def started_by_systemd(environment: dict[str, str]) -> list[str]:
    """The command of the unit."""
    unit = ROOT / "packaging/systemd/tocsin-reconcile.service"
    (line,) = (
        line.removeprefix("ExecStart=")
        for line in unit.read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    line = line.replace("@CMAKE_INSTALL_FULL_BINDIR@/tocsin", program("tocsin"))
    return Template(line).substitute(environment).split()


def test_tocsins_own_command_runs_it_again_and_again_whoever_is_away(
    untold: Server, everything: Consumer, tocsin: Up, tmp_path: Path
) -> None:
    installed = tmp_path / "bin" / "kinto-tocsin"
    installed.parent.mkdir()
    installed.write_text(f'#!/bin/sh\nexec "{PYTHON}" -m kinto_tocsin.command "$@"\n')
    installed.chmod(0o755)
    environment = {
        **secrets(tocsin),
        "KINTO_URL": untold.url,
        "TOCSIN_URL": tocsin.url,
        "PATH": f"{installed.parent}:{os.environ['PATH']}",
        "STATE_DIRECTORY": str(tmp_path),
    }
    line = [*started_by_systemd(environment), "--bucket=blog", "--settle=-60", "--every=0.2"]
    report = tmp_path / "report.json"

    def last() -> Json:
        found: Json = json.loads(report.read_text()) if report.exists() else {}
        return found

    assignments = [f"{name}={value}" for name, value in environment.items()]
    process = Process("reconcile", ["env", *assignments, *line], tmp_path)
    try:
        until(lambda: last().get("code") == 0, "it has run")
        tocsin.kill()
        until(lambda: last()["code"] == 1, "it has found nobody")
        untold.session().put(f"{BLOG}/records/missed", n=1)
        tocsin.start()
        everything.wait_for(4)
        until(lambda: last()["code"] == 0, "it is well again")
        process.stop()
    finally:
        process.end()
    assert "1 missing, 1 told, 0 refused" in "\n".join(process.lines)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_somebody_who_looks_sees_a_bar() -> None:
    screen = Screen()
    progress = Progress(out=screen)
    progress.begin("/buckets", 200)
    progress.advance(50, "3 missing")
    progress.end()
    bar = "[" + 8 * "#" + 22 * "." + "] 50/200  3 missing"
    assert bar in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
