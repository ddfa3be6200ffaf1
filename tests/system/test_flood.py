"""Ten times what it can take: refused in words, memory bounded, nothing lost, quick again after."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from harness.accounts import SETTLING_SECONDS
from harness.client import Client
from harness.process import Growth
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
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def post(self, client: Client) -> int:
        """The status of the answer, which is one that was promised."""
        start = time.monotonic()
        answer = post(client, next(self.numbers))
        self.answers[answer.status_code] += 1
        if answer.status_code == 202:
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - start)
            self.accepted.extend(line["id"] for line in answer.json()["data"])
        else:
            assert answer.status_code in (429, 503), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        return answer.status_code

    def pour(self, client: Client) -> None:
        while not self.is_over.is_set():
            self.post(client)

    def accepted_per_second(self, client: Client) -> float:
        """By one client, for a while."""
        start = time.monotonic()
        count = 0
        while (passed := time.monotonic() - start) < CALM_SECONDS:
            count += EVENTS * (self.post(client) == 202)
        return count / passed

    def offered(self) -> int:
        return sum(self.answers.values()) * EVENTS

    def __str__(self) -> str:
        return (
            f"{self.offered()} events offered, {len(self.accepted)} accepted, none lost; answers: "
            f"{dict(self.answers)}; slowest 202: {self.slowest_seconds:.2f} s"
        )


def quick(after: float, before: float) -> float | None:
    """With room for others on the machine."""
    return after if after > before / 3 else None


def pour_until(
    is_enough: Callable[[], bool], daemons: Daemons, flood: Flood, seconds: float
) -> None:
    with ThreadPoolExecutor(FLOODERS) as crowd:
        jobs = [crowd.submit(flood.pour, daemons.client()) for _ in range(FLOODERS)]
        try:
            until(is_enough, f"{MULTIPLE} times what is accepted is offered", 10 * seconds)
        finally:
            flood.is_over.set()
        for job in jobs:
            job.result()


def play(tmp_path: Path, sink: Sink, seconds: float) -> None:
    with Daemons(tmp_path, limits__pending_events=PENDING_EVENTS) as daemons:
        consumer = sink.consumer("shop")
        client = daemons.client()
        client.subscribe(consumer.subscription())
        worker = daemons.workers[daemons.start_worker()]
        flood = Flood()
        before = flood.accepted_per_second(client)
        consumer.wait_for_ids(flood.accepted)
        growth = Growth(GROWTH_BYTES, daemons.broker, daemons.gateway, worker)
        deadline = time.monotonic() + seconds

        def is_enough() -> bool:
            growth.check()
            is_high = flood.offered() > MULTIPLE * max(len(flood.accepted), EVENTS)
            return is_high and time.monotonic() > deadline

        pour_until(is_enough, daemons, flood, seconds)
        consumer.wait_for_ids(flood.accepted, SETTLING_SECONDS)
        after = until(
            lambda: quick(flood.accepted_per_second(client), before),
            f"as good as {before:.0f} events/s are accepted again",
        )
        consumer.wait_for_ids(flood.accepted, SETTLING_SECONDS)
        assert set(consumer.counts().values()) == {1}
        print(f"{before:.0f} events/s before, {after:.0f} after; {flood}; {growth}")


def test_a_flood_is_refused_in_words_and_forgotten_when_it_is_over(
    true_memory: None, tmp_path: Path, sink: Sink
) -> None:
    play(tmp_path, sink, 4)


@pytest.mark.soak
def test_a_minute_of_flood_costs_no_memory(true_memory: None, tmp_path: Path, sink: Sink) -> None:
    play(tmp_path, sink, 60)
