"""Workers in Python and JavaScript beside ours: they come and go, and nothing is lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.accounts import Load
from harness.broadcast import without_repeats
from harness.foreign import Tray, start_foreign
from harness.sink import Sink
from harness.tocsin import Daemons
from harness.waiting import until

ACTION = {"name": "post"}


@pytest.fixture
def tray() -> Iterator[Tray]:
    tray = Tray()
    yield tray
    tray.end()


def subscription(tray: Tray) -> dict[str, Any]:
    deliver = {"url": tray.url}
    return {"id": "foreign", "match": {}, "action": ACTION, "deliver": deliver}


def workers_of(daemons: Daemons, event_ids: list[str]) -> set[str]:
    client = daemons.client()
    return {
        client.wait_for_delivery(event_id, "foreign", "delivered")["attempts"][-1]["worker"]
        for event_id in event_ids
    }


def test_two_foreign_workers_join_under_load_one_is_killed_and_nothing_is_lost(
    daemons: Daemons, sink: Sink, tray: Tray
) -> None:
    client = daemons.client()
    consumer = sink.consumer("ours")
    client.subscribe(consumer.subscription())
    client.subscribe(subscription(tray))
    ours = daemons.start_worker()
    daemons.wait_for_workers(ours)
    load = Load(pause_seconds=0.005)
    with load.of(daemons, publishers=2):
        load.wait_for_more(50)
        doomed = start_foreign(daemons, "python")
        start_foreign(daemons, "node")
        daemons.wait_for_workers(ours, "python", "node")
        load.wait_for_more(200)
        doomed.kill()
        daemons.wait_for_workers(ours, "node")
        load.wait_for_more(50)
        since = len(load.accepted)
        load.wait_for_more(50)

    consumer.wait_for_ids(load.accepted)
    tray.wait_for_ids(load.accepted)
    assert workers_of(daemons, load.accepted[since:]) == {"node"}
    #   Only what the killed one had in its hands may have come twice.
    assert len(tray.ids) - len(set(tray.ids)) <= 16


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_foreign_worker_finds_a_broker_that_was_restarted_and_leaves_in_order(
    daemons: Daemons, tray: Tray, language: str
) -> None:
    client = daemons.client()
    client.subscribe(subscription(tray))
    worker = start_foreign(daemons, language)
    daemons.wait_for_workers(language)
    ids = [client.publish()["id"] for _ in range(20)]
    daemons.broker.kill()
    daemons.start_broker()
    ids += [client.publish()["id"] for _ in range(20)]
    tray.wait_for_ids(ids)
    assert workers_of(daemons, ids) == {language}
    worker.stop()
    daemons.wait_for_workers()
    waits = client.publish()["id"]
    assert client.delivery(waits, "foreign")["status"] == "waiting"


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_broadcast_reaches_a_foreign_worker_whoever_is_killed(
    daemons: Daemons, tray: Tray, language: str
) -> None:
    """Each event that matches, in the order of the log: what it missed it finds and asks for."""
    places = str(daemons.directory / "places.json")
    action = {**ACTION, "url": tray.url}
    daemons.client().subscribe(
        {"id": "all", "mode": "broadcast", "match": {}, "action": action, "start": "earliest"}
    )
    load = Load(pause_seconds=0.002)
    with load.of(daemons, publishers=1):
        worker = start_foreign(daemons, language, places=places)
        until(lambda: len(tray.ids) > 30, "it hears the broadcast")
        worker.kill()
        load.wait_for_more(30)
        worker = start_foreign(daemons, language, places=places)
        heard = len(tray.ids)
        until(lambda: len(tray.ids) > heard + 30, "it goes on")
        daemons.broker.kill()
        daemons.start_broker()
        load.wait_for_more(30)
    tray.wait_for_ids(load.accepted)
    assert without_repeats(tray.ids) == load.accepted
    assert len(tray.ids) < 2 * len(load.accepted)
    worker.stop()
