"""Ten times what it can take: refused in words, memory bounded, nothing lost, quick again after."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from harness.accounts import SETTLING_SECONDS
from harness.client import Client
from harness.sink import Sink
from harness.tocsin import Daemons
from harness.waiting import until

FLOODERS = 16
EVENTS = 200  # of one request
PENDING_EVENTS = EVENTS  # that may wait for the disk: one request
MULTIPLE = 10  # of what is accepted, is offered
GROWTH_BYTES = 96 << 20  # of one process, with sanitizers
CALM_SECONDS = 1.0
RECORDS = ",".join(f'{{"new":{{"id":"r{n}","last_modified":{n + 1}}}}}' for n in range(EVENTS))
BODY = (
    '{"payload":{"action":"update","uri":"/buckets/b/collections/c-%d/records",'
    '"resource_name":"record","bucket_id":"b","collection_id":"c-%d"},"impacted_objects":[%s]}'
)
AS_JSON = {"Content-Type": "application/json"}


def post(client: Client, number: int) -> requests.Response:
    """Events that are like no others; made quickly, for this is the flood's own limit."""
    return client.request(
        "POST", "/v1/events", data=BODY % (number, number, RECORDS), headers=AS_JSON
    )


@dataclass
class Flood:
    """Clients that do not wait when they are told to."""

    accepted: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)

    def pour(self, client: Client, numbers: Iterator[int]) -> None:
        while not self.is_over.is_set():
            start = time.monotonic()
            answer = post(client, next(numbers))
            self.answers[answer.status_code] += 1
            if answer.status_code == 202:
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - start)
                self.accepted.extend(line["id"] for line in answer.json()["data"])
            else:
                assert answer.status_code in (429, 503), answer.text
                assert int(answer.headers["Retry-After"]) >= 1

    def offered(self) -> int:
        return sum(self.answers.values()) * EVENTS


def accepted_per_second(client: Client, numbers: Iterator[int], accepted: list[str]) -> float:
    """With one honest client, for a while."""
    start = time.monotonic()
    count = 0
    while (passed := time.monotonic() - start) < CALM_SECONDS:
        answer = post(client, next(numbers))
        if answer.status_code == 202:
            accepted.extend(line["id"] for line in answer.json()["data"])
            count += EVENTS
    return count / passed


def quick(after: float, before: float) -> float | None:
    """With room for others on the machine."""
    return after if after > before / 3 else None


def flood(tmp_path: Path, sink: Sink, seconds: float) -> None:
    with Daemons(tmp_path, limits__pending_events=PENDING_EVENTS) as daemons:
        consumer = sink.consumer("shop")
        client = daemons.client()
        client.subscribe(consumer.subscription())
        worker = daemons.workers[daemons.start_worker()]
        processes = (daemons.broker, daemons.gateway, worker)
        numbers = itertools.count()  # taken under Python's lock
        accepted: list[str] = []
        before = accepted_per_second(client, numbers, accepted)
        consumer.wait_for_ids(accepted)
        least = {process.name: process.resident_bytes() for process in processes}

        flood = Flood()
        deadline = time.monotonic() + seconds

        def is_enough() -> bool:
            for process in processes:
                assert process.is_running(), process.tail()
                grown = process.resident_bytes() - least[process.name]
                assert grown < GROWTH_BYTES, f"{process.name} has grown by {grown >> 20} MB"
            is_high = flood.offered() > MULTIPLE * max(len(flood.accepted), EVENTS)
            return is_high and time.monotonic() > deadline

        with ThreadPoolExecutor(FLOODERS) as crowd:
            jobs = [crowd.submit(flood.pour, daemons.client(), numbers) for _ in range(FLOODERS)]
            try:
                until(is_enough, f"{MULTIPLE} times what is accepted is offered", 10 * seconds)
            finally:
                flood.is_over.set()
            for job in jobs:
                job.result()

        consumer.wait_for_ids([*accepted, *flood.accepted], SETTLING_SECONDS)

        after = until(
            lambda: quick(accepted_per_second(client, numbers, accepted), before),
            f"as good as {before:.0f} events/s are accepted again",
        )
        consumer.wait_for_ids(accepted, SETTLING_SECONDS)
        assert set(consumer.counts().values()) == {1}
        megabytes = {p.name: (p.resident_bytes() - least[p.name]) >> 20 for p in processes}
        print(
            f"{before:.0f} events/s before, {after:.0f} after; offered in {seconds:g} s: "
            f"{flood.offered()}, {len(flood.accepted)} accepted, none lost; answers: "
            f"{dict(flood.answers)}; slowest 202: {flood.slowest_seconds:.2f} s; "
            f"grown by MB: {megabytes}"
        )


def test_a_flood_is_refused_in_words_and_forgotten_when_it_is_over(
    true_memory: None, tmp_path: Path, sink: Sink
) -> None:
    flood(tmp_path, sink, 4)


@pytest.mark.soak
def test_a_minute_of_flood_costs_no_memory(true_memory: None, tmp_path: Path, sink: Sink) -> None:
    flood(tmp_path, sink, 60)
