"""Broadcast: every worker that listens performs each event, in the order of the log, gapless."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.accounts import Load
from harness.broadcast import Listeners, without_repeats
from harness.network import Namespace, Wire
from harness.ports import free_port
from harness.tocsin import Daemons
from harness.waiting import until


@pytest.fixture
def listeners(daemons: Daemons) -> Listeners:
    return Listeners(daemons)


def publish(daemons: Daemons, count: int) -> list[str]:
    client = daemons.client()
    return [client.publish()["id"] for _ in range(count)]


def test_each_worker_gets_each_event_once(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    names = ("one", "two", "three")
    for name in names:
        listeners.start(name)
    listeners.wait_until_listening(*names)
    events = publish(daemons, 30)
    listeners.wait_for(events, *names)
    assert all(len(listeners.heard(name)) == len(events) for name in names)


def test_who_was_away_goes_on_from_where_it_was(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    for name in ("one", "two"):
        listeners.start(name)
    listeners.wait_until_listening("one", "two")
    events = publish(daemons, 10)
    listeners.wait_for(events, "one", "two")
    daemons.workers["two"].stop()
    events += publish(daemons, 10)
    listeners.wait_for(events, "one")
    listeners.start("two")
    listeners.wait_for(events, "two")
    assert len(listeners.heard("two")) == len(events)


def test_a_late_worker_begins_where_its_subscription_says(
    daemons: Daemons, listeners: Listeners
) -> None:
    listeners.subscribe(start="earliest", match={"type": "test.**"})
    events = publish(daemons, 5)
    listeners.start("late")
    listeners.wait_for(events, "late")


def test_what_fails_in_one_worker_waits_there_and_nowhere_else(
    daemons: Daemons, listeners: Listeners
) -> None:
    """In order, by the subscription's policy; and what is given up is said."""
    broken = listeners.place / "broken"
    broken.touch()
    listeners.subscribe(retry={"max_attempts": 2, "schedule_ms": [200]})
    listeners.start("good")
    listeners.start(
        "bad", script=f'test "$TOCSIN_EVENT_SUBJECT" = /bad && test -e {broken} && exit 75'
    )
    listeners.wait_until_listening("good", "bad")
    client = daemons.client()
    given_up = client.publish(subject="/bad")["id"]
    events = publish(daemons, 5)
    listeners.wait_for([given_up, *events], "good")
    listeners.wait_for(events, "bad")
    daemons.workers["bad"].wait_for_log(
        f"event {given_up} of broadcast subscription news is given up"
    )
    status = client.delivery(given_up, "news")
    assert (status["status"], status["attempts"]) == ("broadcast", [])
    broken.unlink()
    events += [client.publish(subject="/bad")["id"]]
    listeners.wait_for(events, "bad")


def test_a_pause_is_no_loss(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    listeners.start("one")
    listeners.wait_until_listening("one")
    events = publish(daemons, 3)
    listeners.wait_for(events, "one")
    client = daemons.client()
    assert client.post("/v1/subscriptions/news/pause").status_code == 200
    events += publish(daemons, 3)
    assert client.post("/v1/subscriptions/news/resume").status_code == 200
    events += publish(daemons, 3)
    listeners.wait_for(events, "one")


def test_a_mode_is_for_good(daemons: Daemons, listeners: Listeners) -> None:
    listeners.subscribe()
    client = daemons.client()
    document = client.get("/v1/subscriptions/news").json()["data"]
    answer = client.put("/v1/subscriptions/news", {"data": {**document, "mode": "queue"}})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["name"] == "mode"
    answer = client.post("/v1/subscriptions/news/replays", {"data": {"from": {"seq": 1}}})
    assert answer.status_code == 400
    assert "broadcast" in answer.json()["message"]


def test_a_receiver_that_stands_still_misses_nothing_and_delays_nobody(
    tmp_path: Path,
) -> None:
    """It is stopped (SIGSTOP) until the broker's queue for it has run over."""
    with Daemons(tmp_path, broker__feed_queue=5) as daemons:
        listeners = Listeners(daemons)
        listeners.subscribe()
        for name in ("swift", "stopped"):
            listeners.start(name)
        listeners.wait_until_listening("swift", "stopped")
        events = publish(daemons, 3)
        listeners.wait_for(events, "swift", "stopped")
        daemons.workers["stopped"].freeze()
        client = daemons.client()
        for _ in range(60):
            events.append(client.publish(data="x" * 300_000)["id"])
        listeners.wait_for(events, "swift")
        daemons.workers["stopped"].thaw()
        listeners.wait_for(events, "stopped")
        assert daemons.metric("tocsin_feed_pages_total") > 0


def test_who_was_away_too_long_is_told_so(tmp_path: Path) -> None:
    """Retention has cut the log meanwhile: what is left is performed, and the loss is told."""
    with Daemons(tmp_path, retention__interval_s=1, retention__bytes=2_000_000) as daemons:
        listeners = Listeners(daemons)
        listeners.subscribe(match={"type": "test.**"})
        for name in ("there", "away"):
            listeners.start(name)
        listeners.wait_until_listening("there", "away")
        events = publish(daemons, 3)
        listeners.wait_for(events, "there", "away")
        daemons.workers["away"].kill()
        client = daemons.client()

        def is_cut() -> bool:
            events.append(client.publish(data="x" * 50_000)["id"])
            return client.get(f"/v1/events/{events[3]}").status_code == 404

        until(is_cut, "the log is cut", 60)
        listeners.start("away")
        daemons.workers["away"].wait_for_log("was away too long for broadcast subscription news")
        events += publish(daemons, 3)
        listeners.wait_for(events, "there")
        until(lambda: events[-1] in listeners.heard("away"), "the last one is heard")
        heard = without_repeats(listeners.heard("away"))
        assert heard == events[:3] + events[-(len(heard) - 3) :]
        (away,) = [each for each in daemons.status()["workers"] if each["name"] == "away"]
        assert away["missed"] > 0


BROKER = "127.9.1.1"
ROUNDS = 2
FAR = ("one", "two", "three")


class FarAway:
    """A broker, and three receivers, each at the end of a wire that loses 5 % of all packets."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.home = self._namespace(stack)
        self.places = {name: self._namespace(stack) for name in FAR}
        self.wires = [
            Wire((self.home, BROKER), (place, f"127.9.1.{number}"))
            for number, place in enumerate(self.places.values(), 101)
        ]
        for wire in self.wires:
            stack.callback(wire.end)
        stack.enter_context(self.home.inside())
        back, feed = (f"tcp://{BROKER}:{free_port()}" for _ in range(2))
        settings = {"broker__back": back, "broker__feed": feed, "worker__brokers": back}
        self.daemons = stack.enter_context(Daemons(directory, broker__heartbeat_ms=500, **settings))
        self.listeners = Listeners(self.daemons)
        self.listeners.subscribe(match={"type": "test.**"})
        for name in FAR:
            self.start(name)
        self.listeners.wait_until_listening(*FAR)
        self.first = publish(self.daemons, 1)
        self.listeners.wait_for(self.first, *FAR)
        for wire in self.wires:
            wire.is_bad(loss=0.05, delay_seconds=0.005)

    def _namespace(self, stack: ExitStack) -> Namespace:
        made = Namespace()
        stack.callback(made.end)
        return made

    def start(self, name: str) -> None:
        with self.places[name].inside():
            self.listeners.start(name)

    def one_round(self, load: Load, name: str) -> None:
        """A receiver is killed and comes back, and then the broker, while events come."""
        load.wait_for_more(30)
        self.daemons.workers[name].kill()
        load.wait_for_more(30)
        self.start(name)
        load.wait_for_more(30)
        self.daemons.broker.kill()
        self.daemons.start_broker()

    def check(self, load: Load) -> None:
        events = self.first + load.accepted
        self.listeners.wait_for(log_order(self.daemons, events), *FAR, seconds=120)
        lost, carried = (sum(counts) for counts in zip(*self._packets(), strict=True))
        print(f"{len(events)} events, the same list in {FAR}; {lost} of {carried} packets lost")
        assert lost > 0

    def _packets(self) -> list[tuple[int, int]]:
        return [(wire.lost(), wire.carried()) for wire in self.wires]


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarAway]:
    with ExitStack() as stack:
        yield FarAway(tmp_path, stack)


def test_lists_are_identical_and_gapless_whatever_happens(far: FarAway) -> None:
    """5 % of packets are lost; a receiver and the broker are killed; events come all the while."""
    load = Load(pause_seconds=0.05)
    with load.of(far.daemons, 1):
        for _ in range(ROUNDS):
            far.one_round(load, "two")
        load.wait_for_more(30)
    far.check(load)


@pytest.mark.soak
def test_lists_are_identical_after_many_deaths(far: FarAway, seconds: float, seed: int) -> None:
    print(f"repeat with --seed {seed}")
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    rounds = 0
    load = Load(pause_seconds=0.05)
    with load.of(far.daemons, 1):
        while time.monotonic() < deadline:
            far.one_round(load, chance.choice(FAR))
            rounds += 1
        load.wait_for_more(30)
    print(f"{rounds} times a receiver and the broker were killed")
    far.check(load)


def log_order(daemons: Daemons, events: list[str]) -> list[str]:
    """As the log has them."""
    wanted = set(events)
    found: list[str] = []
    path: str | None = "/v1/events?_since=0&_limit=1000&type=test.**"
    while path:
        answer = daemons.client().get(path)
        found += [event["id"] for event in answer.json()["data"]]
        following = answer.headers.get("Next-Page")
        path = following.removeprefix(daemons.url) if following else None
    assert wanted <= set(found)
    return found
