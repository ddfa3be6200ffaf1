"""kill -9, again and again, under load; at the end every acknowledged event is accounted for.

pytest tests/system -k kill_rounds --rounds 200 --seed 17
"""

import bisect
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from harness.client import Json
from harness.process import Process
from harness.sink import Consumer, Sink
from harness.tocsin import Daemons
from harness.waiting import until

PUBLISHERS = 4
RECORDS = 8  # of one notification
SETTLING_SECONDS = 120.0
#   A delivery may reach the sink's buffer a moment before the kill and be read a moment after it.
READING_SECONDS = 2.0


@dataclass
class Accounts:
    """What clients were told, by whom nothing may be forgotten."""

    accepted: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    problems: list[BaseException] = field(default_factory=list)

    def publish(self, daemons: Daemons, publisher: int) -> None:
        """One client: each body again and again until its 202, then the next."""
        make = plain_event if publisher % 2 else notification
        try:
            client = daemons.client()
            number = 0
            while not self.stop.is_set():
                number += 1
                lines = client.post_until_accepted(make(publisher, number))
                self.accepted.extend(line["id"] for line in lines)
        except BaseException as problem:  # shown by the test, which would else wait in vain
            self.problems.append(problem)

    def wait_for_more(self, count: int) -> None:
        enough = len(self.accepted) + count

        def more() -> bool:
            assert not self.problems, self.problems
            return len(self.accepted) >= enough

        until(more, f"{count} more events are accepted", SETTLING_SECONDS)


def plain_event(publisher: int, number: int) -> Json:
    subject = f"/things/{number % 7}"
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


def victim(daemons: Daemons, chance: random.Random) -> tuple[str, Process]:
    name = chance.choice(["broker", "gateway", *daemons.workers])
    processes = {"broker": daemons.broker, "gateway": daemons.gateway, **daemons.workers}
    return name, processes[name]


def start_again(daemons: Daemons, name: str) -> None:
    if name == "broker":
        daemons.start_broker()
    elif name == "gateway":
        daemons.start_gateway()
    else:
        daemons.start_worker(name)


def kill_rounds(daemons: Daemons, sink: Sink, rounds: int, seed: int) -> None:
    print(f"repeat with --rounds {rounds} --seed {seed}")
    chance = random.Random(seed)
    steady, moody = sink.consumer("steady"), sink.consumer("moody")
    for consumer in (steady, moody):
        retry = {"min_backoff_ms": 20, "max_backoff_ms": 500, "max_attempts": 100}
        daemons.client().subscribe(consumer.subscription(match={"type": "**"}, retry=retry))
    for _ in range(2):
        daemons.start_worker()

    accounts = Accounts()
    threads = [
        threading.Thread(target=accounts.publish, args=(daemons, number))
        for number in range(PUBLISHERS)
    ]
    for thread in threads:
        thread.start()
    kills: dict[str, list[float]] = defaultdict(list)
    try:
        for _ in range(rounds):
            accounts.wait_for_more(chance.randint(1, 300))
            name, process = victim(daemons, chance)
            kills[name].append(time.monotonic())
            process.kill()
            if chance.random() < 0.5:
                kills["sink"].append(time.monotonic())
                sink.goes_down()
                sink.comes_up()
            start_again(daemons, name)
    finally:
        accounts.stop.set()
        for thread in threads:
            thread.join()
    assert not accounts.problems, accounts.problems

    check_accounts(daemons, accounts.accepted, [steady, moody], kills)


def check_accounts(
    daemons: Daemons, accepted: list[str], consumers: list[Consumer], kills: dict[str, list[float]]
) -> None:
    until(daemons.serves, "all is up again")
    for consumer in consumers:
        consumer.wait_for_ids(accepted, SETTLING_SECONDS)
        consumer.check()
        strange = set(consumer.counts()) - set(accepted)
        assert not strange, f"nobody published {strange}"
        check_repeats(consumer, kills)

    until(lambda: nothing_is_left(daemons), "every delivery has ended", SETTLING_SECONDS)
    assert daemons.status()["events"] == len(accepted) == len(set(accepted)), "stored twice"
    client = daemons.client()
    for event_id in accepted:
        deliveries = client.event(event_id)["deliveries"]
        ended = {each["subscription"]: each["status"] for each in deliveries}
        assert ended == {consumer.name: "delivered" for consumer in consumers}, event_id
    died = {name: len(times) for name, times in kills.items()}
    print(f"{len(accepted)} events, none lost; killed: {died}")


def nothing_is_left(daemons: Daemons) -> bool:
    status = daemons.status()
    leases = sum(worker["leases"] for worker in status["workers"])
    return not leases + sum(status[name] for name in ("waiting", "retries", "dead", "behind"))


def check_repeats(consumer: Consumer, kills: dict[str, list[float]]) -> None:
    """A delivery comes twice only if a broker or a worker, or the sink itself, died in between."""
    moments = sorted(at for name, times in kills.items() if name != "gateway" for at in times)
    last: dict[str, float] = {}
    for delivery in consumer.deliveries:
        before = last.get(delivery.id)
        last[delivery.id] = delivery.at
        if before is None:
            continue
        died = bisect.bisect_left(moments, before - READING_SECONDS)
        explained = died < len(moments) and moments[died] <= delivery.at
        assert explained, (
            f"{consumer.name}: {delivery.id} came at {before:.3f} and at {delivery.at:.3f}, "
            f"and nobody had died: {dict(kills)}"
        )


def test_kill_rounds_lose_nothing_that_was_acknowledged(
    daemons: Daemons, sink: Sink, rounds: int, seed: int
) -> None:
    kill_rounds(daemons, sink, rounds, seed)


@pytest.mark.soak
def test_two_hundred_kill_rounds_lose_nothing_that_was_acknowledged(
    daemons: Daemons, sink: Sink, seed: int
) -> None:
    kill_rounds(daemons, sink, 200, seed)
