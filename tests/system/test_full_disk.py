"""The disk is full: new events are refused, deliveries go on, and room is all that it takes."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.accounts import Audience, Load, Troubles
from harness.client import Client
from harness.sink import Sink
from harness.small_disk import SmallDisk
from harness.tocsin import Daemons, Up
from harness.waiting import until

DISK_BYTES = 64 << 20
LITTLE_BYTES = 3 << 20
NEXT_TO_NOTHING_BYTES = 256 << 10
EVENT_BYTES = 10_000
MOST_EVENTS = 3 * DISK_BYTES // EVENT_BYTES


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "data", DISK_BYTES) as disk:
        yield disk


@pytest.fixture
def cramped(disk: SmallDisk, tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path, store__min_free_bytes=0) as up:
        yield up


def fill_with_events(client: Client) -> tuple[list[str], str]:
    """Posts until it is refused: what was accepted, and the first that was not."""
    accepted: list[str] = []
    for number in range(MOST_EVENTS):
        event = {"id": f"e{number}", "type": "a.b", "subject": "/a", "data": "x" * EVENT_BYTES}
        answer = client.post("/v1/events", {"data": event})
        if answer.status_code != 202:
            assert answer.status_code in (429, 503), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
            return accepted, f"e{number}"
        accepted.append(f"e{number}")
    raise AssertionError(f"{MOST_EVENTS} events found room")


def stay_full(disk: SmallDisk, free_bytes: int) -> None:
    """What a checkpoint gives back is taken as well, until none is under way."""
    last_taken = time.monotonic()

    def is_quiet() -> bool:
        nonlocal last_taken
        if disk.free_bytes() > free_bytes:
            disk.leave(free_bytes)
            last_taken = time.monotonic()
        return time.monotonic() > last_taken + 1

    until(is_quiet, "the disk stays full")


def test_a_full_disk_refuses_events_delivers_and_recovers(
    disk: SmallDisk, cramped: Up, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    client = cramped.client()
    client.subscribe(consumer.subscription())
    disk.leave(LITTLE_BYTES)
    accepted, refused = fill_with_events(client)
    assert client.get(f"/v1/events/{refused}").status_code == 404

    consumer.releases()
    consumer.wait_for_ids(accepted)
    for event_id in accepted:  # its end may have to wait for room
        assert client.delivery(event_id, "shop")["status"] in ("in_flight", "delivered")

    disk.make_room()
    client.publish(id=refused)  # the same process takes it
    for event_id in (*accepted, refused):
        client.wait_for_delivery(event_id, "shop", "delivered")
    assert set(consumer.counts().values()) == {1}


def test_whoever_dies_on_a_full_disk_starts_again_there_and_delivers(
    disk: SmallDisk, cramped: Up, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    cramped.client().subscribe(consumer.subscription())
    disk.leave(LITTLE_BYTES)
    accepted, refused = fill_with_events(cramped.client())
    cramped.kill()
    consumer.releases()
    disk.leave(0)
    cramped.start()
    consumer.wait_for_ids(accepted)

    disk.make_room()
    client = cramped.client()
    client.publish(id=refused)
    for event_id in (*accepted, refused):
        client.wait_for_delivery(event_id, "shop", "delivered")


def test_new_events_leave_some_of_the_disk_free(
    disk: SmallDisk, tmp_path: Path, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    with Up(tmp_path, store__min_free_bytes=LITTLE_BYTES) as up:
        client = up.client()
        client.subscribe(consumer.subscription())
        disk.leave(3 * LITTLE_BYTES)
        accepted, refused = fill_with_events(client)
        assert disk.free_bytes() > LITTLE_BYTES * 3 // 4  # the log of commits takes some

        consumer.releases()  # how each delivery ended finds room
        for event_id in accepted:
            client.wait_for_delivery(event_id, "shop", "delivered")
        disk.make_room()
        client.publish(id=refused)
        client.wait_for_delivery(refused, "shop", "delivered")


def results_of(client: Client, event: str) -> int:
    events = client.get(f"/v1/events/{event}/trace").json()["data"]["events"]
    return sum(each.get("causation") == event for each in events)


def test_no_result_is_lost_for_want_of_room_and_nobody_waits_for_it(
    disk: SmallDisk, tmp_path: Path, sink: Sink
) -> None:
    """An action whose result finds no room is done again; other deliveries end meanwhile."""
    maker, shop = sink.consumer("maker"), sink.consumer("shop")
    maker.holds()
    shop.holds()
    with Up(tmp_path, store__min_free_bytes=LITTLE_BYTES) as up:
        client = up.client()
        quick = {"min_backoff_ms": 50, "max_backoff_ms": 500}
        client.subscribe(
            maker.subscription(match={"type": "made"}, emit={"type": "result"}, retry=quick)
        )
        client.subscribe(shop.subscription(match={"type": "a.b"}))
        made = [client.publish(type="made")["id"] for _ in range(5)]
        maker.wait_for(len(made))
        disk.leave(3 * LITTLE_BYTES)
        accepted, _ = fill_with_events(client)
        stay_full(disk, LITTLE_BYTES // 2)

        maker.releases()
        shop.releases()
        for event_id in accepted:
            client.wait_for_delivery(event_id, "shop", "delivered")
        assert sum(results_of(client, event_id) for event_id in made) == 0
        disk.make_room()
        for event_id in made:
            client.wait_for_delivery(event_id, "maker", "delivered")
            assert results_of(client, event_id) == 1


def test_what_became_of_deliveries_needs_next_to_no_room(
    disk: SmallDisk, tmp_path: Path, sink: Sink
) -> None:
    """Many ends, in many commits, where the log of these could not grow by a tenth of them."""
    shop = sink.consumer("shop")
    shop.holds()
    with Up(tmp_path, store__min_free_bytes=LITTLE_BYTES) as up:
        client = up.client()
        client.subscribe(shop.subscription(match={"type": "a.b"}, limits={"in_flight": 1}))
        disk.leave(5 * LITTLE_BYTES)
        data = "x" * EVENT_BYTES
        events = [client.publish(type="a.b", data=data)["id"] for _ in range(120)]
        stay_full(disk, NEXT_TO_NOTHING_BYTES)
        shop.releases()
        for event_id in events:
            client.wait_for_delivery(event_id, "shop", "delivered")
        assert set(shop.counts().values()) == {1}


def one_round(daemons: Daemons, disk: SmallDisk, chance: random.Random) -> None:
    """Full, and full again after a kill, until somebody was refused; and room again."""
    disk.leave(chance.choice([0, 4096, 65536]))
    stranger = daemons.client()
    until(lambda: is_refused(stranger), "the disk is full")
    if chance.random() < 0.5:
        daemons.broker.kill()
        daemons.start_broker()
    disk.make_room()


def is_refused(client: Client) -> bool:
    event = {"type": "other.thing", "subject": "/a", "data": "x" * EVENT_BYTES}
    return client.post("/v1/events", {"data": event}).status_code in (429, 503)


@pytest.mark.soak
def test_a_disk_that_is_full_again_and_again_loses_nothing(
    disk: SmallDisk, tmp_path: Path, sink: Sink, seconds: float, seed: int
) -> None:
    """Under load, with kills, until the time is over or the log itself has taken the room."""
    print(f"repeat with --seed {seed}")
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    load, troubles = Load(), Troubles()
    with Daemons(tmp_path, store__min_free_bytes=0) as daemons:
        audience = Audience(daemons, sink)
        daemons.start_worker()
        with load.of(daemons, 2):
            while time.monotonic() < deadline and disk.free_bytes() > DISK_BYTES // 4:
                load.wait_for_more(20)
                start = time.monotonic()
                one_round(daemons, disk, chance)
                troubles.note("disk", start, time.monotonic())
        audience.check(load.accepted, troubles)
