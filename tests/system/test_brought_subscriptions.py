"""Subscriptions that workers bring along: made when one joins, gone when the last has left."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.foreign import Tray, start_foreign
from harness.keys import KeyedDaemons
from harness.sink import Consumer, Sink
from harness.tocsin import Daemons
from harness.waiting import until


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    settings = {"broker/heartbeat_ms": 200, "broker/brought_grace_ms": 8000}
    with Daemons(tmp_path, **settings) as daemons:
        yield daemons


def pack(directory: Path, *documents: dict[str, Any]) -> Path:
    """A directory of them, for worker/subscriptions."""
    directory.mkdir(exist_ok=True)
    for document in documents:
        (directory / f"{document['id']}.json").write_text(json.dumps({"data": document}))
    return directory


def brought(consumer: Consumer, revision: int = 1, **more: Any) -> dict[str, Any]:
    return {**consumer.subscription(**more), "revision": revision}


def look(daemons: Daemons, subscription: str) -> dict[str, Any] | None:
    answer = daemons.client().get(f"/v1/subscriptions/{subscription}")
    if answer.status_code == 404:
        return None
    data: dict[str, Any] = answer.json()["data"]
    return data


def wait_until_it_is_there(daemons: Daemons, subscription: str = "shop") -> dict[str, Any]:
    return until(lambda: look(daemons, subscription), f"{subscription} is there")


def wait_until_it_is_gone(daemons: Daemons, subscription: str = "shop") -> None:
    until(lambda: look(daemons, subscription) is None, f"{subscription} is gone")


def start(daemons: Daemons, directory: Path, name: str | None = None) -> str:
    return daemons.start_worker(name, worker__subscriptions=directory)


def test_a_worker_that_joins_makes_it_and_the_last_that_leaves_takes_it_along(
    daemons: Daemons, sink: Sink, tmp_path: Path
) -> None:
    consumer = sink.consumer("shop")
    luggage = pack(tmp_path / "luggage", brought(consumer))
    first = start(daemons, luggage)
    kept = wait_until_it_is_there(daemons)
    assert kept["brought"] == {"by": first, "revision": 1, "keep": False}
    event = daemons.client().publish()["id"]
    consumer.wait_for_ids([event])

    second = start(daemons, luggage)
    daemons.wait_for_workers(first, second)
    daemons.workers[first].terminate()
    assert daemons.workers[first].wait() == 0
    daemons.wait_for_workers(second)
    consumer.wait_for_ids([daemons.client().publish()["id"]])
    daemons.workers[second].kill()
    wait_until_it_is_gone(daemons)


def test_one_that_is_to_be_kept_stays(daemons: Daemons, sink: Sink, tmp_path: Path) -> None:
    goes, stays = sink.consumer("goes"), sink.consumer("stays")
    luggage = pack(tmp_path / "luggage", brought(goes), brought(stays, keep=True))
    name = start(daemons, luggage)
    wait_until_it_is_there(daemons, "goes")
    wait_until_it_is_there(daemons, "stays")
    daemons.workers[name].kill()
    wait_until_it_is_gone(daemons, "goes")
    assert look(daemons, "stays")
    event = daemons.client().publish()["id"]
    daemons.start_worker()
    stays.wait_for_ids([event])


def test_a_higher_revision_replaces_it_and_a_lower_one_does_not(
    daemons: Daemons, sink: Sink, tmp_path: Path
) -> None:
    consumer = sink.consumer("shop")
    first = start(daemons, pack(tmp_path / "two", brought(consumer, 2, limits={"in_flight": 2})))
    made = wait_until_it_is_there(daemons)
    second = start(daemons, pack(tmp_path / "one", brought(consumer, 1, limits={"in_flight": 1})))
    daemons.wait_for_workers(first, second)
    assert look(daemons, "shop") == made
    third = start(daemons, pack(tmp_path / "three", brought(consumer, 3, limits={"in_flight": 3})))
    daemons.wait_for_workers(first, second, third)
    later = wait_until_it_is_there(daemons)
    assert later["limits"]["in_flight"] == 3
    assert later["brought"] == {"by": third, "revision": 3, "keep": False}
    assert later["created"] == made["created"]


def test_a_restart_of_the_broker_takes_none_of_them(
    daemons: Daemons, sink: Sink, tmp_path: Path
) -> None:
    consumer, other = sink.consumer("shop"), sink.consumer("other")
    name = start(daemons, pack(tmp_path / "luggage", brought(consumer)))
    forgotten = start(daemons, pack(tmp_path / "others", brought(other)))
    made = wait_until_it_is_there(daemons)
    wait_until_it_is_there(daemons, "other")
    daemons.broker.kill()
    daemons.workers[forgotten].kill()
    daemons.start_broker()
    until(daemons.serves, "it serves again")
    assert look(daemons, "other")
    daemons.wait_for_workers(name)
    #   When the grace is over, only what nobody has brought again is gone.
    wait_until_it_is_gone(daemons, "other")
    assert look(daemons, "shop") == made


def test_somebodys_change_makes_it_theirs(daemons: Daemons, sink: Sink, tmp_path: Path) -> None:
    consumer, paused = sink.consumer("shop"), sink.consumer("paused")
    client = daemons.client()
    luggage = pack(tmp_path / "luggage", brought(consumer), brought(paused))
    name = start(daemons, luggage)
    wait_until_it_is_there(daemons)
    wait_until_it_is_there(daemons, "paused")
    shown = client.get("/v1/subscriptions/shop").json()["data"]
    changed = {**shown, "limits": {"in_flight": 7}}
    client.put("/v1/subscriptions/shop", {"data": changed}).raise_for_status()
    client.post("/v1/subscriptions/paused/pause").raise_for_status()
    for subscription in ("shop", "paused"):
        there = look(daemons, subscription)
        assert there
        assert "brought" not in there

    #   A later revision changes nothing, and they stay when the workers have gone.
    later = pack(tmp_path / "later", brought(consumer, 2), brought(paused, 2))
    marker = sink.consumer("marker")
    second = start(daemons, pack(later, brought(marker)))
    wait_until_it_is_there(daemons, "marker")
    there = look(daemons, "shop")
    assert there
    assert there["limits"]["in_flight"] == 7
    for worker in (name, second):
        daemons.workers[worker].kill()
    wait_until_it_is_gone(daemons, "marker")
    assert look(daemons, "shop")
    assert look(daemons, "paused")


def test_what_somebody_has_made_is_not_touched(
    daemons: Daemons, sink: Sink, tmp_path: Path
) -> None:
    consumer, marker = sink.consumer("shop"), sink.consumer("marker")
    daemons.client().subscribe(consumer.subscription(limits={"in_flight": 5}))
    made = look(daemons, "shop")
    luggage = pack(tmp_path / "luggage", brought(consumer, 9), brought(marker))
    name = start(daemons, luggage)
    wait_until_it_is_there(daemons, "marker")
    assert look(daemons, "shop") == made
    daemons.workers[name].kill()
    wait_until_it_is_gone(daemons, "marker")
    assert look(daemons, "shop") == made


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"id": "a",\n "revision": }', "line 2, column 14"),
        ('{"revision": 1, "match": {}}', "id: it is missing"),
        ('{"id": "a", "match": {}}', "revision: it is a whole number"),
        ('{"id": "a", "revision": 1, "keep": "yes"}', "keep: it is true or false"),
        (
            '{"id": "a", "revision": 1, "match": {"typ": "x"}, "deliver": {"url": "http://a/"}}',
            "match",
        ),
    ],
)
def test_a_worker_with_a_bad_file_does_not_start_and_says_where(
    daemons: Daemons, tmp_path: Path, text: str, sentence: str
) -> None:
    directory = pack(tmp_path / "luggage")
    (directory / "bad.json").write_text(text)
    name = start(daemons, directory)
    assert daemons.workers[name].wait() != 0
    assert f"{directory}/bad.json" in daemons.workers[name].tail()
    assert sentence in daemons.workers[name].tail()


def test_without_leave_none_is_taken(tmp_path: Path, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    with Daemons(tmp_path / "closed", **{"broker/takes_brought": 0}) as daemons:
        name = start(daemons, pack(tmp_path / "luggage", brought(consumer)))
        daemons.wait_for_workers(name)
        daemons.broker.wait_for_log("broker/takes_brought is 0 here")
        assert look(daemons, "shop") is None


def test_a_worker_with_a_key_may_bring_some(tmp_path: Path, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    settings: dict[str, Any] = {"broker/heartbeat_ms": 200}
    with KeyedDaemons(tmp_path, **settings) as daemons:
        name = start(daemons, pack(tmp_path / "luggage", brought(consumer)))
        assert wait_until_it_is_there(daemons)["brought"]["by"] == name
        consumer.wait_for_ids([daemons.client().publish()["id"]])
        #   One that is no longer allowed takes along what it had brought.
        daemons.keys.revoke(name)
        wait_until_it_is_gone(daemons)


#   ---- in other languages

FOREIGN = {"match": {}, "action": {"name": "post"}, "revision": 1}


@pytest.fixture
def tray() -> Iterator[Tray]:
    tray = Tray()
    yield tray
    tray.end()


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_foreign_worker_brings_some_too_and_what_is_wrong_it_is_told(
    daemons: Daemons, tray: Tray, language: str
) -> None:
    good = {**FOREIGN, "id": "good", "deliver": {"url": tray.url}}
    other = {**good, "id": "other", "action": {"name": "webhook"}}
    bad = {**good, "id": "bad", "match": {"type": "a..b"}}
    worker = start_foreign(daemons, language, brings=[bad, other, good])
    made = wait_until_it_is_there(daemons, "good")
    assert made["brought"] == {"by": language, "revision": 1, "keep": False}
    assert look(daemons, "bad") is None
    assert look(daemons, "other") is None
    worker.wait_for_log("HELLO: subscriptions[0]")
    worker.wait_for_log("of actions that it offers")
    event = daemons.client().publish()["id"]
    tray.wait_for_ids([event])
    worker.kill()
    wait_until_it_is_gone(daemons, "good")
