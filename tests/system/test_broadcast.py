"""Broadcast: every worker that listens performs each event, in the order of the log, with no gaps."""

from pathlib import Path

import pytest

from harness.broadcast import Listeners
from harness.tocsin import Daemons


@pytest.fixture
def listeners(daemons: Daemons, tmp_path: Path) -> Listeners:
    return Listeners(daemons, tmp_path)


def publish(daemons: Daemons, count: int) -> list[str]:
    client = daemons.client()
    return [client.publish()["id"] for _ in range(count)]


def test_each_worker_gets_each_event_once(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    names = ("one", "two", "three")
    for name in names:
        listeners.start(name)
    listeners.wait_until_listening(*names)
    events = publish(daemons, 30)
    listeners.wait_for(events, *names)
    assert all(len(listeners.heard(name)) == len(events) for name in names)


def test_who_was_away_goes_on_from_where_it_was(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    for name in ("one", "two"):
        listeners.start(name)
    listeners.wait_until_listening("one", "two")
    events = publish(daemons, 10)
    listeners.wait_for(events, "one", "two")
    daemons.workers["two"].stop()
    events += publish(daemons, 10)
    listeners.wait_for(events, "one")
    listeners.start("two")
    listeners.wait_for(events, "two")
    assert len(listeners.heard("two")) == len(events)
