"""Workers come and go under load, and nobody notices but the broker."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.sink import Consumer, Sink
from harness.tocsin import Daemons
from harness.waiting import until


def subscribe(daemons: Daemons, consumer: Consumer, **more: Any) -> None:
    daemons.client().subscribe(consumer.subscription(**more))


@contextmanager
def load(daemons: Daemons) -> Iterator[list[str]]:
    """Somebody publishes all the while; the ids that were accepted."""
    accepted: list[str] = []
    over = threading.Event()

    def publish() -> None:
        client = daemons.client()
        while not over.is_set():
            accepted.append(client.publish()["id"])

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield accepted
    finally:
        over.set()
        thread.join()


def wait_for_more(accepted: list[str], count: int = 100) -> None:
    enough = len(accepted) + count
    until(lambda: len(accepted) >= enough, f"{count} more events are accepted")


def workers_of(daemons: Daemons, event_ids: list[str], subscription: str) -> set[str]:
    """Who delivered these."""
    client = daemons.client()
    return {
        client.wait_for_delivery(event_id, subscription, "delivered")["attempts"][-1]["worker"]
        for event_id in event_ids
    }


def test_of_two_workers_one_is_killed_and_one_joins_under_load(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer)
    first, second = daemons.start_worker(), daemons.start_worker()
    daemons.wait_for_workers(first, second)
    with load(daemons) as accepted:
        wait_for_more(accepted)
        daemons.workers[first].kill()
        wait_for_more(accepted)
        daemons.wait_for_workers(second)
        third = daemons.start_worker()
        daemons.wait_for_workers(second, third)
        since = len(accepted)
        wait_for_more(accepted, 200)

    consumer.wait_for_ids(accepted)
    assert workers_of(daemons, accepted[since:], "shop") == {second, third}
    #   Only what the killed one had in its hands may have come twice.
    repeated = [event_id for event_id, count in consumer.counts().items() if count > 1]
    assert len(repeated) <= 256, repeated


def share_of(daemons: Daemons, name: str, event_ids: list[str]) -> float:
    """The part of these that a worker delivered."""
    client = daemons.client()
    theirs = [
        client.wait_for_delivery(each, "shop", "delivered")["attempts"][-1]["worker"]
        for each in event_ids
    ]
    return theirs.count(name) / len(theirs)


def test_a_worker_that_joins_under_load_takes_its_share_at_once(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer)
    old = [daemons.start_worker(), daemons.start_worker()]
    daemons.wait_for_workers(*old)
    with load(daemons) as accepted:
        wait_for_more(accepted)
        new = daemons.start_worker()
        daemons.wait_for_workers(*old, new)
        since = len(accepted)
        wait_for_more(accepted, 300)
    #   A third each; of the first fifty, which are there in less than a second, hardly less.
    first = share_of(daemons, new, accepted[since : since + 50])
    all_in_all = share_of(daemons, new, accepted[since : since + 300])
    assert first > 1 / 6, first
    assert 1 / 4 < all_in_all < 5 / 12, all_in_all


def test_work_spreads_by_free_capacity(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 60, "adaptive": False})
    small = daemons.start_worker(worker__capacity=8)
    large = daemons.start_worker(worker__capacity=256)
    daemons.wait_for_workers(small, large)
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(60)]
    until(
        lambda: row(daemons, small)["leases"] + row(daemons, large)["leases"] == 60,
        "all are with one of them",
    )
    #   Each is as full as the other: of 60, one of 8 and 256 has about two.
    assert 1 <= row(daemons, small)["leases"] <= 8
    consumer.releases()
    consumer.wait_for_ids(ids)
    assert set(consumer.counts().values()) == {1}


def test_a_killed_workers_deliveries_go_to_another(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 8})
    first = daemons.start_worker()
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(8)]
    consumer.wait_for(8)
    daemons.workers[first].kill()
    second = daemons.start_worker()
    consumer.wait_for(16)
    consumer.releases()
    assert workers_of(daemons, ids, "shop") == {second}
    #   It was not the consumer's fault, so it was no attempt.
    assert {len(client.delivery(event_id, "shop")["attempts"]) for event_id in ids} == {1}


def test_a_worker_that_is_asked_to_leave_finishes_what_it_has(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 8})
    name = daemons.start_worker()
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(30)]
    consumer.wait_for(8)
    daemons.workers[name].terminate()
    daemons.workers[name].wait_for_log("stopping")
    consumer.releases()
    assert daemons.workers[name].wait() == 0, daemons.workers[name].tail()

    second = daemons.start_worker()
    consumer.wait_for_ids(ids)
    assert workers_of(daemons, ids, "shop") == {name, second}
    assert set(consumer.counts().values()) == {1}


def test_a_drained_worker_finishes_what_it_has_and_is_idle_also_when_it_comes_again(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 8})
    first = daemons.start_worker()
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(8)]
    consumer.wait_for(8)
    assert "still has 8 deliveries" in daemons.say("drain", first)
    second = daemons.start_worker()
    daemons.wait_for_workers(first, second)
    consumer.releases()
    assert "nothing left" in daemons.say("drain", "--wait=60", first)
    more = [client.publish()["id"] for _ in range(20)]
    assert workers_of(daemons, ids, "shop") == {first}
    assert workers_of(daemons, more, "shop") == {second}

    daemons.workers[first].stop()
    daemons.wait_for_workers(second)
    assert "drained, away" in daemons.say("workers", first)
    daemons.start_worker(first)
    daemons.wait_for_workers(first, second)
    more = [client.publish()["id"] for _ in range(20)]
    assert workers_of(daemons, more, "shop") == {second}
    daemons.workers[second].stop()
    daemons.wait_for_workers(first)
    waiting = client.publish()["id"]
    why = client.get(f"/v1/events/{waiting}/explain?subscription=shop").json()["data"]
    assert why["reason"] == "DRAINING"
    assert "again" in daemons.say("drain", "--undo", first)
    assert workers_of(daemons, [waiting], "shop") == {first}
    assert set(consumer.counts().values()) == {1}


def row(daemons: Daemons, name: str) -> dict[str, Any]:
    """A worker as the API shows it."""
    data: dict[str, Any] = daemons.client().get(f"/v1/workers/{name}").json()["data"]
    return data


def wait_for_capacity(daemons: Daemons, name: str, capacity: int) -> None:
    until(
        lambda: row(daemons, name)["capacity"] == capacity,
        f"{name} works on {capacity} at a time",
    )


def test_a_workers_capacity_changes_while_it_runs(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 64})
    name = daemons.start_worker(worker__capacity=4)
    daemons.wait_for_workers(name)
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(40)]
    consumer.wait_for(3)  # of four slots one subscription has three
    daemons.say("capacity", name, "40")
    consumer.wait_for(12)
    wait_for_capacity(daemons, name, 40)
    consumer.releases()
    consumer.wait_for_ids(ids)

    daemons.say("capacity", name, "2")
    wait_for_capacity(daemons, name, 2)
    assert row(daemons, name)["capacity_wanted"] == 2
    consumer.holds()
    ids += [client.publish()["id"] for _ in range(40)]
    until(lambda: row(daemons, name)["leases"] >= 3, "more has come to it than it works on")
    assert len(consumer.deliveries) <= 42
    #   It holds for the name; and the broker that restarts has forgotten it.
    daemons.workers[name].kill()
    daemons.start_worker(name, worker__capacity=4)
    daemons.wait_for_workers(name)
    wait_for_capacity(daemons, name, 2)
    daemons.broker.kill()
    daemons.start_broker()
    until(daemons.serves, "the broker is back")
    daemons.wait_for_workers(name)
    wait_for_capacity(daemons, name, 4)
    consumer.releases()
    consumer.wait_for_ids(ids)


def test_a_worker_that_was_stopped_for_a_while_loses_its_leases_and_rejoins(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 4})
    sleeper = daemons.start_worker("sleeper")
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(4)]
    consumer.wait_for(4)
    daemons.workers[sleeper].freeze()
    other = daemons.start_worker("other")
    daemons.wait_for_workers(other)  # the sleeper was silent for too long
    consumer.releases()
    assert workers_of(daemons, ids, "shop") == {other}

    daemons.workers[sleeper].thaw()
    daemons.wait_for_workers(other, sleeper)
    daemons.workers[other].stop()
    daemons.wait_for_workers(sleeper)
    last = client.publish()["id"]
    assert workers_of(daemons, [last], "shop") == {sleeper}
    consumer.wait_for_ids([*ids, last])
    assert consumer.counts()[last] == 1


def test_what_was_answered_while_its_worker_was_stopped_is_not_sent_again(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, limits={"in_flight": 4})
    sleeper = daemons.start_worker("sleeper")
    client = daemons.client()
    ids = [client.publish()["id"] for _ in range(4)]
    consumer.wait_for(4)
    daemons.workers[sleeper].freeze()
    daemons.wait_for_workers()  # it was silent for too long: its leases wait for another
    consumer.releases()
    consumer.wait_for_answers(4)

    daemons.workers[sleeper].thaw()
    daemons.wait_for_workers(sleeper)
    assert workers_of(daemons, ids, "shop") == {sleeper}
    last = client.publish()["id"]
    consumer.wait_for_ids([*ids, last])
    assert set(consumer.counts().values()) == {1}


def test_workers_find_a_broker_that_was_restarted(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer)
    names = [daemons.start_worker(), daemons.start_worker()]
    daemons.wait_for_workers(*names)
    with load(daemons) as accepted:
        wait_for_more(accepted)
        daemons.broker.kill()
        daemons.start_broker()
        wait_for_more(accepted)
    until(daemons.serves, "the broker is back")
    daemons.wait_for_workers(*names)
    consumer.wait_for_ids(accepted)
