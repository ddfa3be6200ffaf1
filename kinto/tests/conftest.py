"""What a test may ask for: `tocsin`, `everything` (that arrived), `kinto` over PostgreSQL."""

import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.sink import Consumer, Sink
from harness.tocsin import Up
from postgres import Postgres
from server import MEMORY, Json, Server, postgresql

MakeKinto = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=3, help="of killing and starting again")
    parser.addoption("--seed", type=int, default=None, help="repeats a run of killing")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--rounds"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given = request.config.getoption("--seed")
    return random.randrange(1_000_000) if given is None else int(given)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    postgres = Postgres()
    yield postgres
    postgres.end()


@pytest.fixture(scope="session")
def migrated(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with Kinto's schema, to be copied."""
    database = postgres.make_database()
    settings = {**postgresql(postgres.url(database)), "kinto.includes": ""}
    server = Server(tmp_path_factory.mktemp("migrate"), settings)
    subprocess.run(
        server.command("kinto", "migrate", "--ini", str(server.ini)),
        check=True,
        capture_output=True,
    )
    return database


@pytest.fixture
def database(postgres: Postgres, migrated: str) -> str:
    """A new one, with Kinto's schema."""
    return postgres.make_database(migrated)


@pytest.fixture
def tocsin(tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path) as up:
        yield up


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.end()


@pytest.fixture
def everything(tocsin: Up, sink: Sink) -> Consumer:
    """A consumer of every event, of one key in order."""
    consumer = sink.consumer("everything")
    tocsin.client().subscribe(consumer.subscription())
    return consumer


@pytest.fixture
def make_kinto(tocsin: Up, tmp_path: Path) -> Iterator[MakeKinto]:
    """Starts one with these settings more; ended with the test."""
    made: list[Server] = []
    token = tocsin.make_token("events:write")

    def make(settings: Json, workers: int = 0, **more: Any) -> Server:
        told = {"tocsin.url": tocsin.url, "tocsin.token": token}
        server = Server(tmp_path, {**told, **settings, **more}, workers)
        made.append(server.start())
        return server.wait_until_it_serves()

    yield make
    for server in made:
        server.end()


@pytest.fixture
def over_postgresql(postgres: Postgres, database: str) -> Json:
    return postgresql(postgres.url(database))


@pytest.fixture
def over_memory() -> Json:
    return dict(MEMORY)


@pytest.fixture
def kinto(make_kinto: MakeKinto, over_postgresql: Json) -> Server:
    return make_kinto(over_postgresql)
