#!/usr/bin/env python3
"""What the plug-in costs a write: two Kintos side by side on one PostgreSQL, one of them with it.

The writes alternate between the two, so that whatever else the machine does falls on both.
PostgreSQL (with fsync) and Tocsin are started as the tests do it:
`build/venv-kinto/bin/python kinto/bench.py`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "tests"), str(HERE.parent / "tests/system")]

from harness.tocsin import Up  # noqa: E402
from postgres import Postgres  # noqa: E402
from server import Json, Server, Session, postgresql  # noqa: E402

ARTICLES = "/buckets/blog/collections/articles/records"
WARM_UP = 30


def start(directory: Path, settings: Json) -> Server:
    server = Server(directory, settings)
    migrate = server.command("kinto", "migrate", "--ini", str(server.ini))
    subprocess.run(migrate, check=True, capture_output=True)
    server.start().wait_until_it_serves()
    server.session().make_collection("blog/articles")
    return server


def time_of_write(session: Session, number: int) -> float:
    """In ms."""
    started = time.perf_counter()
    session.put(f"{ARTICLES}/r{number}", title="The tocsin", body="x" * 500)
    return (time.perf_counter() - started) * 1000


def compare(label: str, sessions: list[Session], writes: int) -> None:
    """The first is without the plug-in, the second with it."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(writes + WARM_UP):
        order = (0, 1) if number % 2 else (1, 0)
        for which in order:
            took = time_of_write(sessions[which], number)
            if number >= WARM_UP:
                times[which].append(took)
    print(f"{label}, {writes} writes each")
    for name, share in (("p50", 50), ("p90", 90), ("p99", 99)):
        without, with_it = (statistics.quantiles(each, n=100)[share - 1] for each in times)
        print(
            f"    {name}  without {without:7.2f} ms   with {with_it:7.2f} ms"
            f"   added {with_it - without:+6.2f} ms   ratio {with_it / without:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=500)
    writes = parser.parse_args().writes
    postgres = Postgres(fsync=True)
    try:
        with tempfile.TemporaryDirectory() as name, Up(Path(name)) as tocsin:
            directory = Path(name)
            common = {"tocsin.url": tocsin.url, "tocsin.token": tocsin.make_token("events:write")}
            servers = [
                start(directory, {**postgresql(postgres.url(database)), **settings})
                for database, settings in (
                    (postgres.make_database(), {"kinto.includes": ""}),
                    (postgres.make_database(), {**common, "kinto.includes": "kinto_tocsin"}),
                )
            ]
            sessions = [server.session() for server in servers]
            try:
                compare("Tocsin up", sessions, writes)
                tocsin.kill()
                compare("Tocsin down", sessions, writes)
                waiting = postgres.sql(
                    "SELECT count (*) FROM objects WHERE resource_name = 'tocsin-outbox'", "kinto2"
                )
                print(f"    {waiting} entries wait in the outbox")
            finally:
                for server in servers:
                    server.end()
    finally:
        postgres.end()


if __name__ == "__main__":
    main()
