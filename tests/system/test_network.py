"""Broker, workers and consumer in networks of their own, on wires that lose, delay and break.

pytest tests/system -k weather --seconds 3600 --seed 17
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.accounts import Audience, Load, Troubles
from harness.network import Namespace, Wire
from harness.ports import free_port
from harness.sink import Sink
from harness.tocsin import Daemons
from harness.waiting import until

BROKER, CONSUMER = "127.9.1.1", "127.9.2.1"
WORKERS = ("worker-1", "worker-2")
HEARTBEAT_MS = 500
TIMEOUT_MS = 2000  # of an attempt: so that a cut is not sat out in one


class World:
    """The broker and its gateway, two workers, a consumer. Every worker has a wire to both sides.

    Who plays is where the broker is.
    """

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        home, far = self._namespace(stack), self._namespace(stack)
        places = {name: self._namespace(stack) for name in WORKERS}
        self.links: dict[str, Wire] = {}  # of a worker to the broker
        self.roads: dict[str, Wire] = {}  # and to the consumer
        for number, (name, place) in enumerate(places.items(), 101):
            self.links[name] = Wire((home, BROKER), (place, f"127.9.1.{number}"))
            self.roads[name] = Wire((far, CONSUMER), (place, f"127.9.2.{number}"))
        self.wires = [*self.links.values(), *self.roads.values()]
        for wire in self.wires:
            stack.callback(wire.end)

        with far.inside():
            self.sink = Sink(CONSUMER)
        stack.callback(self.sink.end)
        stack.enter_context(home.inside())
        back = f"tcp://{BROKER}:{free_port()}"
        settings = {"broker__back": back, "worker__brokers": back}
        daemons = Daemons(directory, broker__heartbeat_ms=HEARTBEAT_MS, **settings)
        self.daemons = stack.enter_context(daemons)
        self.audience = Audience(daemons, self.sink, TIMEOUT_MS)
        for name, place in places.items():
            with place.inside():
                daemons.start_worker(name)
        daemons.wait_for_workers(*WORKERS)

    def _namespace(self, stack: ExitStack) -> Namespace:
        namespace = Namespace()
        stack.callback(namespace.end)
        return namespace

    def check(self, load: Load, start: float) -> None:
        """Packets were lost, and with them sessions and answers. That lasts: some wires stay bad,
        and behind one that has healed the kernel still sends what a worker gave up long ago."""
        troubles = Troubles()
        troubles.note("wires", start)
        self.audience.check(load.accepted, troubles)
        print(
            f"packets: {sum(wire.carried() for wire in self.wires)} sent, "
            f"{sum(wire.lost() for wire in self.wires)} lost"
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_wires_that_lose_and_delay_cost_time_alone(world: World) -> None:
    start = time.monotonic()
    for wire in world.wires:
        wire.is_bad(loss=0.05, delay_seconds=0.01)
    load = Load()
    with load.of(world.daemons, 2):
        load.wait_for_more(300)
    world.check(load, start)


def test_a_worker_that_is_cut_off_from_the_broker_is_replaced_and_comes_back(world: World) -> None:
    start = time.monotonic()
    load = Load()
    with load.of(world.daemons, 2):
        load.wait_for_more(100)
        world.links["worker-1"].is_cut()
        world.daemons.wait_for_workers("worker-2")
        load.wait_for_more(100)
        world.links["worker-2"].is_cut_one_way(1)  # it hears all, and is not heard
        world.daemons.wait_for_workers()
        for wire in world.links.values():
            wire.is_clear()
        world.daemons.wait_for_workers(*WORKERS)
        load.wait_for_more(100)
    world.check(load, start)


def some_error(world: World, event_ids: list[str]) -> str | None:
    client = world.daemons.client()
    for event_id in event_ids:
        for attempt in client.delivery(event_id, "steady")["attempts"]:
            if attempt["outcome"] == "retry":
                return str(attempt["error"])
    return None


def test_a_consumer_that_is_cut_off_gets_everything_when_it_is_back(world: World) -> None:
    start = time.monotonic()
    load = Load()
    with load.of(world.daemons, 2):
        load.wait_for_more(100)
        for wire in world.roads.values():
            wire.is_cut()
        load.wait_for_more(10)
        recent = load.accepted[-50:]
        error = until(lambda: some_error(world, recent), "an attempt has failed")
        assert f"within {TIMEOUT_MS} ms" in error
        for wire in world.roads.values():
            wire.is_clear()
    world.check(load, start)


def change_weather(world: World, chance: random.Random) -> None:
    """Of one wire; every other time for the better."""
    wire = chance.choice(world.wires)
    kind = chance.choice(["clear", "bad", "clear", "cut", "clear", "one way"])
    if kind == "bad":
        wire.is_bad(chance.uniform(0.01, 0.3), chance.uniform(0.0, 0.1))
    elif kind == "cut":
        wire.is_cut()
    elif kind == "one way":
        wire.is_cut_one_way(chance.randrange(2))
    else:
        wire.is_clear()


@pytest.mark.soak
def test_weather_of_all_kinds_loses_nothing(world: World, seconds: float, seed: int) -> None:
    print(f"repeat with --seed {seed}")
    chance = random.Random(seed)
    start = time.monotonic()
    pause = threading.Event()
    load = Load(pause_seconds=0.05)  # what waits is delivered in the end, at leisure
    with load.of(world.daemons, 2):
        while time.monotonic() < start + seconds:
            change_weather(world, chance)
            pause.wait(chance.uniform(0.1, 3.0))  # weather is nothing to wait for
        for wire in world.wires:
            wire.is_clear()
    world.check(load, start)
