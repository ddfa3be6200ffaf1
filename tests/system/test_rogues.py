"""Consumers of the worst manners: what they did is told in words, and nobody else notices."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.client import Json
from harness.process import Growth
from harness.rogues import TIMEOUT_MS, Rogue, Rogues
from harness.sink import Sink
from harness.tocsin import Daemons, Up
from harness.waiting import until

CLIENTS = 4
ONE_TRY: dict[str, Any] = {"max_attempts": 1, "timeout_ms": TIMEOUT_MS}
#   As bad as it gets: nothing spares them, or us.
MERCILESS: dict[str, Any] = {
    "retry": {"max_attempts": 1, "timeout_ms": 500},
    "breaker": {"failures": 0},
    "limits": {"in_flight": 16, "adaptive": False},
}
#   Of one process, above what it had with every consumer tried; with sanitizers, too. A broker may
#   hold 64 MiB of waiting events (limits/waiting_bytes), and its store has a cache.
GROWTH_BYTES = 160 << 20


def attempt_at(tocsin: Up | Daemons, event_id: str, rogue: Rogue) -> Json:
    attempt = tocsin.client().wait_for_attempt(event_id, rogue.name)
    return {"http_status": 0, "error": "", **attempt}


def check_attempt(rogue: Rogue, attempt: Json) -> None:
    assert re.search(rogue.manner.error, attempt["error"]), (rogue.name, attempt)
    assert attempt["http_status"] == rogue.manner.status, (rogue.name, attempt)
    assert attempt["outcome"] == ("ok" if rogue.manner.is_good else "retry"), (rogue.name, attempt)


def test_whatever_a_consumer_does_is_told_in_words(tocsin: Up, rogues: Rogues) -> None:
    client = tocsin.client()
    #   Who does not read notices only of a large one that it was not read: sockets hold the rest.
    events = {True: "small", False: "large"}
    for rogue in rogues.all:
        match = {"type": f"test.{events[rogue.manner.reads]}"}
        client.subscribe(rogue.subscription(retry=ONE_TRY, match=match))
    client.publish(id="small", type="test.small")
    client.publish(id="large", type="test.large", data={"x": "y" * 600_000})
    for rogue in rogues.all:
        event_id = events[rogue.manner.reads]
        check_attempt(rogue, attempt_at(tocsin, event_id, rogue))
        status = "delivered" if rogue.manner.is_good else "dead"
        client.wait_for_delivery(event_id, rogue.name, status)


def test_a_retry_after_of_ages_is_an_hour(tocsin: Up, rogues: Rogues) -> None:
    rogue = rogues.named("huge-retry-after")
    client = tocsin.client()
    client.subscribe(rogue.subscription())
    client.publish(id="one")
    tried = attempt_at(tocsin, "one", rogue)["time"]
    due = client.delivery("one", rogue.name)["next_attempt"]
    wait = datetime.fromisoformat(due) - datetime.fromisoformat(tried)
    assert timedelta(minutes=59) < wait < timedelta(minutes=61)


def test_whoever_says_nothing_delays_nobody(tocsin: Up, rogues: Rogues, sink: Sink) -> None:
    client = tocsin.client()
    silent = rogues.named("stalls")
    names = [f"silent-{number}" for number in range(20)]
    for name in names:
        client.subscribe({**silent.subscription(retry={"timeout_ms": 60_000}), "id": name})
    healthy = sink.consumer("healthy")
    client.subscribe(healthy.subscription())
    ids = [client.publish()["id"] for _ in range(200)]
    healthy.wait_for_ids(ids)
    assert set(healthy.counts().values()) == {1}
    for name in names:  # not one of them has had its time yet
        assert client.delivery(ids[0], name)["attempts"] == []


def publish_many(tocsin: Daemons, count: int) -> list[str]:
    clients = [tocsin.client() for _ in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as crowd:
        jobs = [crowd.submit(clients[n % CLIENTS].publish, data="x" * 1000) for n in range(count)]
        return [job.result()["id"] for job in jobs]


def beside_rogues(daemons: Daemons, rogues: Rogues, sink: Sink, rounds: int) -> None:
    client = daemons.client()
    healthy = sink.consumer("healthy")
    client.subscribe(healthy.subscription())
    for rogue in rogues.all:
        client.subscribe(rogue.subscription(**MERCILESS))
    worker = daemons.workers[daemons.start_worker()]
    ids = publish_many(daemons, 10)
    healthy.wait_for_ids(ids)
    growth = Growth(GROWTH_BYTES, worker, daemons.broker, daemons.gateway)
    for _ in range(rounds):
        ids += publish_many(daemons, 40)
        healthy.wait_for_ids(ids)
        growth.check()
    assert healthy.counts() == dict.fromkeys(ids, 1)
    print(f"{len(ids)} events beside {len(rogues.all)} rogues; {growth}")
    until(lambda: is_at_rest(daemons), "every delivery has ended", 600)
    bad = [rogue for rogue in rogues.all if not rogue.manner.is_good]
    assert daemons.status()["dead"] >= len(ids) * len(bad)  # and who is good may have been late


def is_at_rest(daemons: Daemons) -> bool:
    status = daemons.status()
    leases = sum(worker["leases"] for worker in status["workers"])
    return not leases + sum(status[name] for name in ("waiting", "retries", "behind"))


def test_a_healthy_consumer_beside_rogues_gets_everything_once(
    true_memory: None, daemons: Daemons, rogues: Rogues, sink: Sink
) -> None:
    beside_rogues(daemons, rogues, sink, 3)


@pytest.mark.soak
def test_rogues_for_long_cost_no_memory(
    true_memory: None, daemons: Daemons, rogues: Rogues, sink: Sink
) -> None:
    beside_rogues(daemons, rogues, sink, 200)
