#!/usr/bin/env python3
"""What the plug-in costs a write: Kintos side by side on one PostgreSQL, without it, with it, and
with one that asks before it writes.

The writes alternate between two of them, so that whatever else the machine does falls on both.
PostgreSQL (with fsync) and Tocsin are started as the tests do it:
`build/venv-kinto/bin/python kinto/bench.py`.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "tests"), str(HERE.parent / "tests/system")]

from harness.sink import Answer, Sink  # noqa: E402
from harness.tocsin import Up  # noqa: E402
from postgres import Postgres  # noqa: E402
from server import Json, Server, Session, postgresql  # noqa: E402

ARTICLES = "/buckets/blog/collections/articles/records"
WARM_UP = 30


def start(directory: Path, settings: Json) -> Server:
    server = Server(directory, settings)
    migrate = server.command("kinto", "migrate", "--ini", str(server.ini))
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    subprocess.run(migrate, check=True, capture_output=True, env=environment)
    server.start().wait_until_it_serves()
    server.session().make_collection("blog/articles")
    return server


def time_of_write(session: Session, number: int) -> float:
    """In ms."""
    started = time.perf_counter()
    session.put(f"{ARTICLES}/r{number}", title="The tocsin", body="x" * 500)
    return (time.perf_counter() - started) * 1000


def compare(label: str, names: tuple[str, str], sessions: list[Session], writes: int) -> None:
    """What the second costs more than the first."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(writes + WARM_UP):
        order = (0, 1) if number % 2 else (1, 0)
        for which in order:
            took = time_of_write(sessions[which], number)
            if number >= WARM_UP:
                times[which].append(took)
    print(f"{label}, {writes} writes each")
    for name, share in (("p50", 50), ("p90", 90), ("p99", 99)):
        first, second = (statistics.quantiles(each, n=100)[share - 1] for each in times)
        print(
            f"    {name}  {names[0]} {first:7.2f} ms   {names[1]} {second:7.2f} ms"
            f"   added {second - first:+6.2f} ms   ratio {second / first:.2f}"
        )


def measure(postgres: Postgres, tocsin: Up, servers: list[Server], writes: int) -> None:
    plain, plug_in, asking = (server.session() for server in servers)
    compare("Tocsin up", ("without", "with"), [plain, plug_in], writes)
    names = ("unasked", "asked")
    compare("nobody is asked", names, [plug_in, asking], writes)
    sink = Sink()
    judge = sink.consumer("judge")
    judge.always_answers(Answer(status=200, body={"decision": "allow"}))
    tocsin.client().subscribe(judge.subscription(match={"phase": "pre"}))
    compare("a webhook is asked", names, [plug_in, asking], writes)
    print(f"    it was asked {len(judge.deliveries)} times")
    sink.end()
    tocsin.kill()
    compare("Tocsin down", ("without", "with"), [plain, plug_in], writes)
    where = "resource_name = 'tocsin-outbox'"
    waiting = postgres.sql(f"SELECT count (*) FROM objects WHERE {where}", "kinto2")
    print(f"    {waiting} entries wait in the outbox")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=500)
    words = "PostgreSQL in memory, for a machine whose disk others use"
    parser.add_argument("--memory", action="store_true", help=words)
    options = parser.parse_args()
    postgres = Postgres(fsync=not options.memory)
    try:
        with tempfile.TemporaryDirectory() as name, Up(Path(name)) as tocsin:
            token = tocsin.make_token("events:write")
            with_it = {"tocsin.url": tocsin.url, "tocsin.token": token}
            with_it["kinto.includes"] = "kinto_tocsin"
            asking = {**with_it, "tocsin.ask": f"{ARTICLES}/*"}
            servers: list[Server] = []
            try:
                for settings in ({"kinto.includes": ""}, with_it, asking):
                    url = postgres.url(postgres.make_database())
                    servers.append(start(Path(name), {**postgresql(url), **settings}))
                measure(postgres, tocsin, servers, options.writes)
            finally:
                for server in servers:
                    server.end()
    finally:
        postgres.end()


if __name__ == "__main__":
    main()
