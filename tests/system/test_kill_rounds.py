"""kill -9 and stops, again and again, under load; at the end every event is accounted for.

pytest tests/system -k kill_rounds --rounds 200 --seed 17
pytest tests/system -k torture --seconds 3600 --seed 17
"""

import itertools
import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from harness.accounts import Audience, Load, Troubles
from harness.process import Process
from harness.sink import Sink
from harness.tocsin import Daemons
from harness.waiting import until

MANY_ROUNDS = 1000
HEARTBEAT_MS = 400  # so that three, after which a session ends, take little more than a second
LONGEST_STOP_SECONDS = 6 * HEARTBEAT_MS / 1000


def victims(daemons: Daemons, chance: random.Random) -> Iterator[str]:
    """In an order by chance, and nobody for the second time before all others."""
    while True:
        names = ["broker", "gateway", *daemons.workers]
        chance.shuffle(names)
        yield from names


def process_of(daemons: Daemons, name: str) -> Process:
    return {"broker": daemons.broker, "gateway": daemons.gateway, **daemons.workers}[name]


def restart_sink(sink: Sink) -> None:
    sink.goes_down()
    sink.comes_up()


def one_round(
    daemons: Daemons,
    sink: Sink,
    name: str,
    chance: random.Random,
    stops: float,
    troubles: Troubles,
) -> None:
    """Kills somebody, or stops it for a while; the sink may break at the same time."""
    process = process_of(daemons, name)
    start = time.monotonic()
    if chance.random() < stops:
        process.freeze_for(chance.uniform(0.1, LONGEST_STOP_SECONDS))
    else:
        process.kill()
        if chance.random() < 0.5:
            restart_sink(sink)
            troubles.note("sink", start, time.monotonic())
        start_again(daemons, name)
    troubles.note(name, start, time.monotonic())


def start_again(daemons: Daemons, name: str) -> None:
    if name == "broker":
        daemons.start_broker()
    elif name == "gateway":
        daemons.start_gateway()
    else:
        daemons.start_worker(name)


def for_seconds(seconds: float) -> Iterator[int]:
    """Rounds, until so much time has passed."""
    deadline = time.monotonic() + seconds
    return itertools.takewhile(lambda _: time.monotonic() < deadline, itertools.count())


def torment(
    daemons: Daemons,
    sink: Sink,
    rounds: Iterable[int],
    seed: int,
    stops: float = 0.0,
    publishers: int = 4,
    pause_seconds: float = 0.0,
) -> None:
    print(f"repeat with --seed {seed}")
    chance = random.Random(seed)
    audience = Audience(daemons, sink)
    for _ in range(2):
        daemons.start_worker()
    troubles = Troubles()
    load = Load(pause_seconds)
    with load.of(daemons, publishers):
        for _, name in zip(rounds, victims(daemons, chance), strict=False):
            load.wait_for_more(chance.randint(1, 300))
            one_round(daemons, sink, name, chance, stops, troubles)
        until(daemons.serves, "all is up again")
    audience.check(load.accepted, troubles)


@pytest.fixture
def quick_daemons(tmp_path: Path) -> Iterator[Daemons]:
    """With a short heartbeat, so that a stop need not be long to be too long; all of it is told."""
    with Daemons(tmp_path, broker__heartbeat_ms=HEARTBEAT_MS, broker__tells=1) as daemons:
        yield daemons


def test_kill_rounds_lose_nothing_that_was_acknowledged(
    daemons: Daemons, sink: Sink, rounds: int, seed: int
) -> None:
    torment(daemons, sink, range(rounds), seed)


def test_stops_that_are_longer_than_the_liveness_lose_nothing(
    quick_daemons: Daemons, sink: Sink, rounds: int, seed: int
) -> None:
    torment(quick_daemons, sink, range(rounds // 2), seed, stops=1.0, publishers=1)


@pytest.mark.soak
def test_a_thousand_kill_rounds_lose_nothing_that_was_acknowledged(
    daemons: Daemons, sink: Sink, seed: int
) -> None:
    torment(daemons, sink, range(MANY_ROUNDS), seed)


@pytest.mark.soak
def test_torture_of_all_kinds_loses_nothing_that_was_acknowledged(
    quick_daemons: Daemons, sink: Sink, seconds: float, seed: int
) -> None:
    torment(quick_daemons, sink, for_seconds(seconds), seed, stops=0.4, pause_seconds=0.1)
