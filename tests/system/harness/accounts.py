"""Clients that publish all the while, and afterwards the accounts: of all that they were told was
accepted, each has ended in every subscription, once, or again only where something had died."""

import bisect
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness.client import Client, Json
from harness.sink import Answer, Consumer, Delivery, Sink
from harness.tocsin import Tocsin
from harness.waiting import until

RECORDS = 8  # of one notification
SETTLING_SECONDS = 180.0
#   A delivery may reach the sink's buffer a moment before the kill and be read a moment after it.
READING_SECONDS = 2.0
READERS = 4
QUICK: dict[str, Any] = {"min_backoff_ms": 20, "max_backoff_ms": 500, "max_attempts": 100}
QUICK_BREAKER: dict[str, Any] = {"probe_ms": 200, "probe_most_ms": 2000}
SORRY = Answer(503)


def plain_event(publisher: int, number: int) -> Json:
    subject = f"/buckets/b/things/{publisher}/{number % 7}"
    event = {"id": f"p{publisher}-{number}", "type": "test.thing", "subject": subject, "data": {}}
    return {"data": event}


def notification(publisher: int, number: int) -> Json:
    """Several records at once: all of them are stored, under the same ids, or none is told of."""
    payload = {
        "action": "update",
        "uri": f"/buckets/b/collections/c{publisher}/records",
        "resource_name": "record",
        "bucket_id": "b",
        "collection_id": f"c{publisher}",
    }
    records = [
        {"id": f"r{record}", "last_modified": number * RECORDS + record}
        for record in range(RECORDS)
    ]
    return {"payload": payload, "impacted_objects": [{"new": record} for record in records]}


class Load:
    """Publishers, each with one thing under way: again and again until its 202, then the next."""

    def __init__(self, pause_seconds: float = 0.0, first_publisher: int = 0) -> None:
        self.accepted: list[str] = []
        self.pause_seconds = pause_seconds  # of each, after each
        self.first_publisher = first_publisher  # another one for each load of a play
        self._stop = threading.Event()
        self._problems: list[BaseException] = []

    @contextmanager
    def of(self, tocsin: Tocsin, publishers: int = 4) -> Iterator["Load"]:
        """It goes on until the end of the `with`."""
        threads = [
            threading.Thread(target=self._publish, args=(tocsin.client(), publisher))
            for publisher in range(self.first_publisher, self.first_publisher + publishers)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        assert not self._problems, self._problems

    def _publish(self, client: Client, publisher: int) -> None:
        make = notification if publisher % 2 else plain_event
        number = 0
        try:
            while not self._stop.is_set():
                number += 1
                body = make(publisher, number)
                lines = client.post_until_accepted(body, seconds=SETTLING_SECONDS)
                self.accepted.extend(line["id"] for line in lines)
                self._stop.wait(self.pause_seconds)
        except BaseException as problem:  # shown by the test, which would else wait in vain
            self._problems.append(problem)

    def wait_for_more(self, count: int) -> None:
        enough = len(self.accepted) + count

        def more() -> bool:
            assert not self._problems, self._problems
            return len(self.accepted) >= enough

        until(more, f"{count} more events are accepted", SETTLING_SECONDS)


@dataclass
class Troubles:
    """What was done to whom, and when: only that may make a delivery come twice."""

    times: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def note(self, name: str, start: float, end: float = math.inf) -> None:
        """Without an end: it lasts until the last delivery has ended."""
        self.times.setdefault(name, []).append((start, end))

    def by_end(self) -> list[tuple[float, float]]:
        """(end, start) of what can make a delivery come twice, in order."""
        return sorted(
            (end, start)
            for name, times in self.times.items()
            for start, end in times
            if name != "gateway"
        )

    def counts(self) -> dict[str, int]:
        return {name: len(times) for name, times in sorted(self.times.items())}


def is_one_in(count: int, event_id: str) -> bool:
    """Of so many events, always the same ones."""
    return sum(event_id.encode()) % count == 0


class Audience:
    """Three consumers of all that a load makes, each of which is promised something else."""

    def __init__(self, tocsin: Tocsin, sink: Sink, timeout_ms: int = 15_000) -> None:
        self.tocsin = tocsin
        self.steady = sink.consumer("steady")
        self.ordered = sink.consumer("ordered")  # in the order of each key, though it often fails
        self.picky = sink.consumer("picky")  # what it refuses has to end as a dead letter
        self.ordered.answers_by(self._answer_ordered)
        self.picky.answers_by(lambda each: Answer(422) if is_one_in(20, each.id) else Answer())
        self.consumers = [self.steady, self.ordered, self.picky]
        self._sorry_for: set[str] = set()
        client = tocsin.client()
        match = {"subject": "/buckets/b/**"}
        more: dict[str, Any] = {"match": match, "breaker": QUICK_BREAKER}
        retry = {**QUICK, "timeout_ms": timeout_ms}
        client.subscribe(self.steady.subscription(retry=retry, **more))
        client.subscribe(self.ordered.subscription(retry=retry, order="key", **more))
        final = {**retry, "final": [422]}
        client.subscribe(self.picky.subscription(retry=final, **more))

    def _answer_ordered(self, delivery: Delivery) -> Answer:
        """One in ten is not taken the first time."""
        if not is_one_in(10, delivery.id) or delivery.id in self._sorry_for:
            return Answer()
        self._sorry_for.add(delivery.id)
        return SORRY

    #   Afterwards

    def check(self, accepted: list[str], troubles: Troubles) -> None:
        assert len(accepted) == len(set(accepted)), "two events were accepted under one id"
        for consumer in self.consumers:
            consumer.wait_for_ids(accepted, SETTLING_SECONDS)
            consumer.check()
            strange = set(consumer.counts()) - set(accepted)
            assert not strange, f"nobody published {strange}"
        until(self._is_at_rest, "every delivery has ended", SETTLING_SECONDS)
        for consumer in self.consumers:
            check_places(consumer)
        check_order(self.ordered)
        check_repeats(self.steady, troubles)
        self._check_ends(accepted)
        print(self._summary(accepted, troubles))

    def _is_at_rest(self) -> bool:
        status = self.tocsin.status()
        leases = sum(worker["leases"] for worker in status["workers"])
        return not leases + sum(status[name] for name in ("waiting", "retries", "behind"))

    def _check_ends(self, accepted: list[str]) -> None:
        """What Tocsin itself says of each."""
        with ThreadPoolExecutor(READERS) as readers:
            jobs = [readers.submit(self._check_some, accepted[n::READERS]) for n in range(READERS)]
            dead = sum(job.result() for job in jobs)
        assert self.tocsin.status()["dead"] == dead

    def _check_some(self, event_ids: list[str]) -> int:
        client = self.tocsin.client()
        dead = 0
        for event_id in event_ids:
            is_dead = is_one_in(20, event_id)
            dead += is_dead
            deliveries = client.event(event_id)["deliveries"]
            ended = {each["subscription"]: each["status"] for each in deliveries}
            wanted = dict.fromkeys(ended, "delivered") | {
                self.steady.name: "delivered",
                self.ordered.name: "delivered",
                self.picky.name: "dead" if is_dead else "delivered",
            }
            assert ended == wanted, (event_id, ended)
        return dead

    def _summary(self, accepted: list[str], troubles: Troubles) -> str:
        repeats = {each.name: len(each.deliveries) - len(each.counts()) for each in self.consumers}
        return (
            f"{len(accepted)} events, none lost; troubles: {troubles.counts()}; "
            f"came again, or were not taken the first time: {repeats}"
        )


def place(delivery: Delivery) -> tuple[str, str]:
    event = delivery.json()
    return event["partitionkey"], event["sequence"]


def check_places(consumer: Consumer) -> None:
    """Each event has one place in the log, however often it was posted."""
    places: dict[str, tuple[str, str]] = {}
    for delivery in consumer.deliveries:
        first = places.setdefault(delivery.id, place(delivery))
        assert place(delivery) == first, f"{delivery.id} was stored twice: {first}, {delivery}"
    assert len(set(places.values())) == len(places), "two events have one place"


def check_order(consumer: Consumer) -> None:
    """Of each key, no event comes before all earlier ones have come."""
    last: dict[str, str] = {}
    seen: set[str] = set()
    for delivery in consumer.deliveries:
        if delivery.id in seen:
            continue
        seen.add(delivery.id)
        key, sequence = place(delivery)
        assert last.get(key, "") < sequence, f"{sequence} of {key} came after {last[key]}"
        last[key] = sequence


def check_repeats(consumer: Consumer, troubles: Troubles) -> None:
    """A delivery comes twice only if a broker or a worker, or the sink itself, died in between."""
    by_end = troubles.by_end()

    def is_explained(before: float, after: float) -> bool:
        first = bisect.bisect_left(by_end, (before - READING_SECONDS, 0.0))
        return any(start <= after for _, start in by_end[first:])

    last: dict[str, float] = {}
    for delivery in consumer.deliveries:
        before = last.get(delivery.id)
        last[delivery.id] = delivery.at
        assert before is None or is_explained(before, delivery.at), (
            f"{consumer.name}: {delivery.id} came at {before:.3f} and at {delivery.at:.3f}, "
            f"and nothing had happened: {troubles.times}"
        )
