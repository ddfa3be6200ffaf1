"""Workers with a key and the worst manners: they are told, then not heard, and harm nobody."""

import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.accounts import Load
from harness.client import Client
from harness.hostile import (
    BYE,
    CREDIT,
    DELIVER,
    ERROR,
    HELLO,
    RELEASE,
    RESET,
    SETTLE,
    WELCOME,
    Scripted,
)
from harness.sink import Consumer, Sink
from harness.tocsin import Daemons
from harness.waiting import until

BAD_MOST = 100  # limits/bad_messages
TURN_SECONDS = 5.0  # with a crowd of rogues, and without
#   A hundred thousand members that nobody knows.
GIANT_MAP = b"\xdf\x00\x01\x86\xa0" + b"".join(b"\xa5%05d\x80" % n for n in range(100_000))
Rage = Callable[[Scripted, int], None]


def another_session(rogue: Scripted, number: int) -> None:
    rogue.say(CREDIT, session=rogue.session + number, deliveries_granted=1, bytes_granted=1)


def more_credit_than_anybody_holds(rogue: Scripted, number: int) -> None:
    most = (1 << 63) - number
    rogue.say(CREDIT, session=rogue.session, deliveries_granted=most, bytes_granted=most)


def leases_of_others(rogue: Scripted, number: int) -> None:
    """Of all that has been given so far, and of some that were not."""
    settlements = [{"lease": lease, "outcome": "fail"} for lease in range(2, 2000)]
    rogue.say(SETTLE, session=rogue.session, settlements=settlements)


def giving_back_what_others_have(rogue: Scripted, number: int) -> None:
    rogue.say(RELEASE, session=rogue.session, leases=list(range(2, 2000)))


def giant_maps(rogue: Scripted, number: int) -> None:
    rogue.say_frames(bytes([1, HELLO]), GIANT_MAP)


def maps_that_promise_more_than_they_hold(rogue: Scripted, number: int) -> None:
    rogue.say_frames(bytes([1, SETTLE]), b"\xdf\xff\xff\xff\xff\xa1x")


def commands_that_do_not_exist(rogue: Scripted, number: int) -> None:
    rogue.say(0x60 + number % 64, session=rogue.session)


def words_of_a_gateway(rogue: Scripted, number: int) -> None:
    rogue.say(0x02, request=number, method="subscription.delete", json='{"id": "healthy"}')


def noise(rogue: Scripted, number: int) -> None:
    frames = (random.randbytes(random.randrange(40)) for _ in range(random.randrange(1, 5)))
    rogue.say_frames(*frames)


RAGES: list[Rage] = [
    another_session,
    more_credit_than_anybody_holds,
    leases_of_others,
    giving_back_what_others_have,
    giant_maps,
    maps_that_promise_more_than_they_hold,
    commands_that_do_not_exist,
    words_of_a_gateway,
    noise,
]


@pytest.fixture
def daemons(tmp_path: Path) -> Iterator[Daemons]:
    with Daemons(tmp_path, broker__heartbeat_ms=300) as daemons:
        yield daemons


@contextmanager
def scripted(daemons: Daemons, name: str, *actions: str) -> Iterator[Scripted]:
    worker = Scripted(daemons, name, *actions)
    yield worker
    worker.close()


def rage_until_bye(rogue: Scripted, rage: Rage) -> str:
    """Some hundreds a second. What it is told at the end."""
    for number in itertools.count(1):
        rage(rogue, number)
        rogue.hears(0.003)
        if number % 50 == 0:
            rogue.beat()  # its session lives, as far as it can
        if rogue.count(BYE):
            return str(rogue.wait_for(BYE)["text"])
        assert number < 20 * BAD_MOST, f"{number} times, and nobody minds"
    raise AssertionError("not reached")


def healthy_consumer(daemons: Daemons, sink: Sink) -> Consumer:
    consumer = sink.consumer("healthy")
    daemons.client().subscribe(consumer.subscription(order="key", match={"type": "test.**"}))
    daemons.wait_for_workers(daemons.start_worker())
    return consumer


def check_order(consumer: Consumer, load: Load) -> None:
    """Each once, and of each of the seven keys in the order in which it was accepted."""
    consumer.wait_for_ids(load.accepted)
    numbers = [int(delivery.id.partition("-")[2]) for delivery in consumer.deliveries]
    for key in range(7):
        of_key = [number for number in numbers if number % 7 == key]
        assert of_key == sorted(set(of_key))


@pytest.mark.parametrize("rage", RAGES, ids=lambda rage: rage.__name__)
def test_who_rages_is_told_then_not_heard_and_harms_nobody(
    daemons: Daemons, sink: Sink, rage: Rage
) -> None:
    client = daemons.client()
    consumer = healthy_consumer(daemons, sink)
    #   What the rogue holds: it was given before it raged, and must go to somebody else.
    client.subscribe({"id": "mine", "match": {"type": "mine"}, "action": {"name": "mine"}})
    client.publish(id="held", type="mine")
    ids = [f"e-{number}" for number in range(200)]
    with scripted(daemons, "rogue", "mine", "webhook") as rogue:
        rogue.join(credit=1)
        assert rogue.wait_for(DELIVER)["deliveries"][0]["event"]["id"] == "held"
        for event_id in ids[:100]:
            client.publish(id=event_id, type="test.order", key="one")
            rogue.beat()
        reason = rage_until_bye(rogue, rage)
        assert "limits/bad_messages (100)" in reason
        assert rogue.count(RESET if rage is another_session else ERROR) > 10
        for event_id in ids[100:]:
            client.publish(id=event_id, type="test.order", key="one")
        consumer.wait_for_ids(ids)
        assert [delivery.id for delivery in consumer.deliveries] == ids

        #   It is not heard any more; over another connection it is welcome, like everybody.
        known = len(rogue.heard)
        for number in range(300):
            rage(rogue, number)
        rogue.hello()
        with scripted(daemons, "fair", "mine") as fair:
            fair.join(credit=1)
            given = fair.wait_for(DELIVER)["deliveries"][0]
            assert (given["event"]["id"], given["attempt"]) == ("held", 1)
            until(lambda: daemons.metric("tocsin_messages_ignored_total") > 300, "it is ignored")
        rogue.hears(0.5)
        assert rogue.heard[known:] == []
    daemons.broker.wait_for_log("worker rogue is not heard for 30 s")
    assert daemons.broker.log.read_text().count("is not heard for") == 1
    assert daemons.metric("tocsin_workers_shunned_total") == 1
    assert daemons.metric("tocsin_bad_messages_total") >= BAD_MOST
    assert client.delivery("held", "mine")["attempts"] == []


def test_who_is_clumsy_now_and_then_stays(daemons: Daemons) -> None:
    with scripted(daemons, "clumsy", "mine") as clumsy:
        clumsy.join(credit=1)
        for number in range(BAD_MOST - 1):
            commands_that_do_not_exist(clumsy, number)
        clumsy.hello()
        clumsy.wait_for_more(WELCOME)
        assert clumsy.count(BYE) == 0
        assert daemons.worker_names() == ["clumsy"]


def test_strangers_who_say_nothing_but_noise_are_not_heard_either(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = healthy_consumer(daemons, sink)
    load = Load(pause_seconds=0.005)
    with load.of(daemons, publishers=1):
        for number in range(5):
            with scripted(daemons, f"stranger-{number}") as stranger:
                assert "limits/bad_messages" in rage_until_bye(stranger, noise)
        load.wait_for_more(50)
    check_order(consumer, load)
    assert daemons.metric("tocsin_workers_shunned_total") == 5
    assert daemons.broker.log.read_text().count("is not heard for") == 1


class Crowd:
    """One rogue of each manner; who is not heard any more comes again over a new connection."""

    def __init__(self, daemons: Daemons) -> None:
        self.daemons = daemons
        self.members = [self._member(at) for at in range(len(RAGES))]
        self.said = self.shunned = 0

    def _member(self, at: int) -> Scripted:
        return Scripted(self.daemons, f"rogue-{at}", "webhook")

    def rages_once(self) -> None:
        self.said += 1
        at = self.said % len(RAGES)
        member = self.members[at]
        RAGES[at](member, self.said)
        member.hears()
        if member.count(BYE):
            self.shunned += 1
            member.close()
            self.members[at] = self._member(at)

    def close(self) -> None:
        for member in self.members:
            member.close()


def test_a_crowd_of_rogues_delays_nobody(daemons: Daemons, sink: Sink) -> None:
    """All manners at once, over ever new connections, for some seconds."""
    consumer = healthy_consumer(daemons, sink)
    load = Load(pause_seconds=0.005)
    crowd = Crowd(daemons)
    with load.of(daemons, publishers=1):
        for _ in range(2000):
            crowd.rages_once()
        load.wait_for_more(50)
    crowd.close()
    check_order(consumer, load)
    assert daemons.broker.is_running()


def one_by_one(client: Client, consumer: Consumer, prefix: str, until_then: float) -> list[float]:
    """The milliseconds from each event's being posted to its arrival."""
    took: list[float] = []
    known = len(consumer.deliveries)
    while time.monotonic() < until_then:
        event_id = f"{prefix}-{len(took)}"
        start = time.monotonic()
        client.publish(id=event_id, type="test.thing", key=event_id)
        last = consumer.wait_for(known + len(took) + 1)[-1]
        assert last.id == event_id
        took.append((last.at - start) * 1000)
    return took


@pytest.mark.soak
def test_a_crowd_of_rogues_for_long(daemons: Daemons, sink: Sink, seconds: float) -> None:
    """In turns with and without the crowd, so that the machine is the same for both."""
    consumer = healthy_consumer(daemons, sink)
    client = daemons.client()
    crowd = Crowd(daemons)
    with_crowd: list[float] = []
    without: list[float] = []
    for turn in range(int(seconds / (2 * TURN_SECONDS))):
        without += one_by_one(client, consumer, f"w{turn}", time.monotonic() + TURN_SECONDS)
        is_over = threading.Event()
        raging = threading.Thread(target=rage_until, args=(crowd, is_over))
        raging.start()
        with_crowd += one_by_one(client, consumer, f"c{turn}", time.monotonic() + TURN_SECONDS)
        is_over.set()
        raging.join()
    crowd.close()
    assert len(consumer.deliveries) == len(with_crowd) + len(without)
    print(
        f"{crowd.said} bad messages, {crowd.shunned} connections ended; from POST to arrival, p50: "
        f"{statistics.median(with_crowd):.2f} ms beside them, {statistics.median(without):.2f} "
        f"without; {len(consumer.deliveries)} events, each once"
    )
    assert daemons.broker.is_running()


def rage_until(crowd: Crowd, is_over: threading.Event) -> None:
    while not is_over.wait(0.001):
        crowd.rages_once()
