"""Keys of a worker: their files, and a broker that takes nobody without."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from small_broker import DEADLINE_SECONDS, SmallBroker
from tocsin_worker import Worker

Pair = tuple[bytes, bytes]


def write(path: Path, public: bytes, secret: bytes = b"") -> Path:
    path.touch(0o600)
    lines = ["#   a comment", 'name = "x"', 'role = "worker"', f'public-key = "{public.decode()}"']
    lines += [f'secret-key = "{secret.decode()}"'] if secret else []
    path.write_text("\n".join(lines))
    return path


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.02)


@pytest.fixture
def pair() -> Pair:
    return zmq.curve_keypair()


@pytest.fixture
def broker(pair: Pair) -> Iterator[SmallBroker]:
    broker = SmallBroker(pair)
    yield broker
    broker.close()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write(tmp_path / "w.secret", *zmq.curve_keypair())


def test_a_worker_with_keys_joins_a_broker_with_keys(
    broker: SmallBroker, pair: Pair, own: Path, tmp_path: Path
) -> None:
    public = write(tmp_path / "b.public", pair[0])
    worker = Worker(broker.endpoint, leave_seconds=0.1, own_key=own, broker_key=public)
    worker.start()
    try:
        broker.expect("CREDIT")
    finally:
        worker.stop()


def test_a_worker_that_is_refused_says_so_and_joins_when_it_is_allowed(
    broker: SmallBroker,
    pair: Pair,
    own: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "nobody").mkdir()
    broker.allow(str(tmp_path / "nobody"))
    public = write(tmp_path / "b.public", pair[0])
    worker = Worker(broker.endpoint, leave_seconds=0.1, own_key=own, broker_key=public)
    with caplog.at_level(logging.WARNING, "tocsin_worker"):
        worker.start()
        try:
            wait_for(lambda: "refuses this worker's key" in caplog.text)
            broker.allow("")
            broker.expect("CREDIT")
        finally:
            worker.stop()


def test_the_key_of_another_broker_is_told(
    broker: SmallBroker, own: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = write(tmp_path / "b.public", zmq.curve_keypair()[0])
    worker = Worker(broker.endpoint, leave_seconds=0.1, own_key=own, broker_key=other)
    with caplog.at_level(logging.WARNING, "tocsin_worker"):
        worker.start()
        try:
            wait_for(lambda: "broke off before it said who it is" in caplog.text)
        finally:
            worker.stop()


def test_keys_go_together_and_are_checked(own: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="go together"):
        Worker("tcp://127.0.0.1:1", own_key=own)
    with pytest.raises(ValueError, match="has no public-key"):
        Worker("tcp://127.0.0.1:1", own_key=own, broker_key=Path(__file__))
    own.chmod(0o640)
    with pytest.raises(ValueError, match="can be read by others"):
        Worker("tcp://127.0.0.1:1", own_key=own, broker_key=own)


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("tcp://192.0.2.1:7102", "is another host"),
        ("tcp://broker.example:7102", "is another host"),
        ("tcp://[2001:db8::1]:7102", "is another host"),
        ("127.0.0.1:7102", "is no endpoint"),
        ("tcp://127.0.0.1", "is no endpoint"),
    ],
)
def test_another_host_is_not_spoken_with_unencrypted(endpoint: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Worker(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://127.9.1.1:7102", "tcp://localhost:7102", "tcp://[::1]:7102", "ipc:///tmp/x"],
)
def test_this_machine_is(endpoint: str) -> None:
    assert Worker(endpoint).keys is None
