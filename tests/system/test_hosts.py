"""Five hosts and a consumer, and all that can become of hosts and of the wires between them.

pytest tests/system -k coming_and_going --seconds 1800 --seed 17
"""

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.accounts import Load, Troubles
from harness.hosts import WORKERS, Hosts, hosts
from harness.waiting import until

SHARED = 3000  # events over which the work of equal workers is compared


@pytest.fixture
def five(tmp_path: Path) -> Iterator[Hosts]:
    with hosts(tmp_path) as five:
        yield five


def trouble(start: float, end: float | None = None) -> Troubles:
    """What was done lasted until now, if nothing else is said."""
    troubles = Troubles()
    troubles.note("hosts", start, time.monotonic() if end is None else end)
    return troubles


def test_hosts_far_away_with_packets_lost_deliver_everything(five: Hosts) -> None:
    start = time.monotonic()
    for wire in five.wires:
        wire.is_bad(loss=0.03, delay_seconds=0.02)
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(200)
    five.check(load, trouble(start, math.inf))


def test_the_same_over_ipv6(tmp_path: Path) -> None:
    load = Load()
    with hosts(tmp_path, is_ipv6=True) as six:
        with load.of(six.daemons, 2):
            load.wait_for_more(200)
        six.check(load, Troubles())


def test_a_partition_heals(five: Hosts) -> None:
    """Two workers on the one side, broker and one worker on the other; then the gateway alone."""
    start = time.monotonic()
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(50)
        for name in WORKERS[:2]:
            five.links[name].is_cut()
        five.daemons.wait_for_workers(WORKERS[2])
        load.wait_for_more(50)
        five.links["gateway"].is_cut()
        until(lambda: not five.daemons.serves(), "the gateway says that it has no broker")
        for wire in five.wires:
            wire.is_clear()
        five.daemons.wait_for_workers(*WORKERS)
        load.wait_for_more(50)
    five.check(load, trouble(start))


def test_what_a_worker_has_done_while_it_was_cut_off_is_not_done_again(five: Hosts) -> None:
    """There is no other: the broker has its deliveries back, and waits for it."""
    for name in WORKERS[1:]:
        five.daemons.workers.pop(name).stop()
    five.daemons.wait_for_workers(WORKERS[0])
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(200)
        five.links[WORKERS[0]].is_cut()
        five.daemons.wait_for_workers()
        five.links[WORKERS[0]].is_clear()
        five.daemons.wait_for_workers(WORKERS[0])
        load.wait_for_more(50)
    five.check(load, Troubles())


@pytest.mark.parametrize("way", [0, 1])
def test_a_wire_that_carries_one_way_only(five: Hosts, way: int) -> None:
    start = time.monotonic()
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(50)
        five.links[WORKERS[0]].is_cut_one_way(way)
        five.daemons.wait_for_workers(*WORKERS[1:])
        load.wait_for_more(50)
        five.links[WORKERS[0]].is_clear()
        five.daemons.wait_for_workers(*WORKERS)
    five.check(load, trouble(start))


def test_a_host_that_vanishes_is_missed_by_nobody(five: Hosts) -> None:
    start = time.monotonic()
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(50)
        five.vanishes(WORKERS[0])
        five.daemons.wait_for_workers(*WORKERS[1:])
        load.wait_for_more(50)
    five.check(load, trouble(start))


def test_a_broker_that_comes_back_with_another_address_is_found_by_its_name(five: Hosts) -> None:
    start = time.monotonic()
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(50)
        five.broker_moves()
        until(five.daemons.serves, "the gateway has found it")
        five.daemons.wait_for_workers(*WORKERS)
        load.wait_for_more(50)
    five.check(load, trouble(start))


def test_a_broker_at_the_end_of_a_slow_wire_is_found(five: Hosts) -> None:
    """Until it answers takes several heartbeats: nobody may give up before, and begin again."""
    start = time.monotonic()
    for wire in five.links.values():
        wire.is_bad(loss=0.0, delay_seconds=0.2)
    five.daemons.gateway.kill()
    five.daemons.workers[WORKERS[0]].kill()
    five.daemons.start_gateway()
    five.daemons.start_worker(WORKERS[0])
    until(five.daemons.serves, "the gateway has found it")
    five.daemons.wait_for_workers(*WORKERS)
    load = Load()
    with load.of(five.daemons, 2):
        load.wait_for_more(20)
    five.check(load, trouble(start, math.inf))


def work_of_each(five: Hosts, event_ids: list[str]) -> Counter[str]:
    """How many of these each worker has delivered to the steady consumer."""
    client = five.daemons.client()
    return Counter(
        client.wait_for_delivery(event_id, "steady", "delivered")["attempts"][-1]["worker"]
        for event_id in event_ids
    )


def share_evenly(five: Hosts) -> None:
    load = Load(first_publisher=10)  # these events are new
    with load.of(five.daemons, 2):
        load.wait_for_more(SHARED)
    work = work_of_each(five, load.accepted)
    assert set(work) == set(WORKERS)
    least, most = min(work.values()), max(work.values())
    print(f"the work of equal workers: {dict(work)}")
    assert most - least <= 0.1 * most, work


class Comings:
    """Workers that are killed, stopped, cut off, asked to leave, and come back."""

    def __init__(self, five: Hosts, chance: random.Random) -> None:
        self.five, self.chance = five, chance
        self.troubles = Troubles()

    def happen(self) -> None:
        name = self.chance.choice(WORKERS)
        start = time.monotonic()
        deed = self.chance.choice([self.kill, self.leave, self.stop, self.cut, self.weather])
        deed(name)
        self.troubles.note(name, start, time.monotonic())

    def kill(self, name: str) -> None:
        self.five.daemons.workers[name].kill()
        self.pause()
        self.five.daemons.start_worker(name)

    def leave(self, name: str) -> None:
        daemons = self.five.daemons
        until(lambda: name in daemons.worker_names(), f"{name} has joined")
        daemons.workers[name].stop()
        self.five.daemons.start_worker(name)

    def stop(self, name: str) -> None:
        self.five.daemons.workers[name].freeze_for(self.chance.uniform(0.1, 3.0))

    def cut(self, name: str) -> None:
        wire = self.five.links[name]
        if self.chance.random() < 0.5:
            wire.is_cut()
        else:
            wire.is_cut_one_way(self.chance.randrange(2))
        self.pause()
        wire.is_clear()

    def weather(self, name: str) -> None:
        self.five.links[name].is_bad(self.chance.uniform(0.0, 0.2), self.chance.uniform(0.0, 0.05))

    def pause(self) -> None:
        threading.Event().wait(self.chance.uniform(0.1, 3.0))  # being away for a time is the play

    def end(self) -> None:
        for wire in self.five.wires:
            wire.is_clear()
        self.five.daemons.wait_for_workers(*WORKERS)


def come_and_go(five: Hosts, seconds: float, seed: int) -> None:
    print(f"repeat with --seed {seed}")
    start = time.monotonic()
    comings = Comings(five, random.Random(seed))
    load = Load(pause_seconds=0.02)
    with load.of(five.daemons, 2):
        while time.monotonic() < start + seconds:
            comings.happen()
            load.wait_for_more(20)
        comings.end()
    five.check(load, trouble(start))
    print(f"what was done: {comings.troubles.counts()}")


def test_workers_that_come_and_go_lose_nothing(five: Hosts, seed: int) -> None:
    come_and_go(five, 10, seed)


@pytest.mark.soak
def test_hours_of_coming_and_going_lose_nothing_and_share_the_work(
    five: Hosts, seconds: float, seed: int
) -> None:
    come_and_go(five, seconds, seed)
    share_evenly(five)
