"""What a play may ask for: `tocsin` (up), `daemons`, `sink`, `rogues`, `kinto`, `public_place`."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.kinto import Kinto, by_listener
from harness.rogues import Rogues
from harness.sink import Sink
from harness.tocsin import Daemons, Up


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rounds", type=int, default=12, help="of killing and starting again")
    parser.addoption("--seconds", type=float, default=600, help="of each torture in soak")
    parser.addoption("--seed", type=int, default=None, help="repeats a run of killing")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--rounds"))


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--seconds"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given = request.config.getoption("--seed")
    return random.randrange(1_000_000) if given is None else int(given)


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.end()


@pytest.fixture
def rogues() -> Iterator[Rogues]:
    rogues = Rogues()
    yield rogues
    rogues.end()


@pytest.fixture
def public_place() -> Iterator[Path]:
    """A directory where every user gets to and may write: pytest's are for one user alone."""
    with tempfile.TemporaryDirectory(prefix="tocsin-play-") as name:
        place = Path(name)
        place.chmod(0o777)
        yield place


@pytest.fixture
def true_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """For plays that measure it: by itself AddressSanitizer keeps 256 MB of what was freed."""
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=4")


@pytest.fixture
def tocsin(tmp_path: Path) -> Iterator[Up]:
    """`tocsin up`, with nothing in its store."""
    with Up(tmp_path) as up:
        yield up


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    """A broker and a gateway; the play starts the workers it wants."""
    with Daemons(tmp_path) as daemons:
        yield daemons


@pytest.fixture
def kinto(tocsin: Up, tmp_path: Path) -> Iterator[Kinto]:
    """A real Kinto that tells `tocsin` of every change."""
    kinto = Kinto(tmp_path, by_listener(tocsin.url, tocsin.make_token("events:write")))
    try:
        kinto.wait_until_it_serves()
        yield kinto
    finally:
        kinto.process.end()
