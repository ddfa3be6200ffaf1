"""A worker in this process, with real sockets, between small brokers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from small_broker import SmallBroker
from tocsin_worker import Delivery, Fail, Retry, Worker


@pytest.fixture
def brokers() -> Iterator[list[SmallBroker]]:
    both = [SmallBroker(), SmallBroker()]
    yield both
    for each in both:
        each.close()


@pytest.fixture
def broker(brokers: list[SmallBroker]) -> SmallBroker:
    return brokers[0]


@pytest.fixture
def worker(broker: SmallBroker) -> Iterator[Worker]:
    worker = Worker(broker.endpoint, name="tested", capacity=2, leave_seconds=0.1)
    yield worker
    worker.stop()


def join(worker: Worker, *brokers: SmallBroker) -> None:
    worker.start()
    for broker in brokers:
        broker.expect("CREDIT")


def test_a_function_and_a_coroutine_settle_with_what_they_return(
    worker: Worker, broker: SmallBroker
) -> None:
    @worker.action("plain")
    def plain(delivery: Delivery) -> dict[str, Any]:
        return {"n": delivery.event.json()["n"], "width": delivery.deliver["width"]}

    @worker.action("async")
    async def waits(delivery: Delivery) -> list[str]:
        await asyncio.sleep(0)
        return [delivery.event.id]

    join(worker, broker)
    first, second = broker.deliver("plain"), broker.deliver("async")
    said = broker.settlement(first)
    assert (said["outcome"], said["result"]) == ("ok", '{"n": 1, "width": 7}')
    assert broker.settlement(second)["result"] == f'["e{second}"]'


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Retry("later", after_seconds=2), {"outcome": "retry", "retry_after_ms": 2000}),
        (Fail("never"), {"outcome": "fail", "error": "never"}),
        (Fail("gone", disables=True), {"outcome": "fail", "disables": True}),
        (ValueError("bad \0"), {"outcome": "retry", "error": "ValueError: bad \ufffd"}),
        (SystemExit(1), {"outcome": "retry", "error": "SystemExit: 1"}),
    ],
)
def test_what_is_raised_says_what_is_to_be_done(
    worker: Worker, broker: SmallBroker, problem: BaseException, said: dict[str, Any]
) -> None:
    @worker.action("raises")
    def raises(_: Delivery) -> None:
        raise problem

    join(worker, broker)
    settlement = broker.settlement(broker.deliver("raises"))
    assert {name: settlement[name] for name in said} == said


def test_a_result_that_is_no_json_is_a_reason_to_try_again(
    worker: Worker, broker: SmallBroker
) -> None:
    worker.action("odd")(lambda _: {1, 2})
    join(worker, broker)
    settlement = broker.settlement(broker.deliver("odd"))
    assert settlement["outcome"] == "retry"
    assert "not JSON serializable" in settlement["error"]


@pytest.mark.parametrize("action", ["sync", "async"])
def test_an_attempt_ends_with_its_timeout_and_the_action_can_know(
    worker: Worker, broker: SmallBroker, action: str
) -> None:
    known = threading.Event()

    @worker.action("sync")
    def sync(delivery: Delivery) -> None:
        if delivery.over.wait(20):
            known.set()

    @worker.action("async")
    async def waits(_: Delivery) -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            known.set()
            raise

    join(worker, broker)
    settlement = broker.settlement(broker.deliver(action, timeout_ms=100))
    assert settlement["outcome"] == "retry"
    assert settlement["error"] == "it took longer than 100 ms"
    assert known.wait(20)


@pytest.mark.parametrize("action", ["sync", "async"])
def test_an_action_says_how_far_it_is_and_is_told_when_it_is_cancelled(
    worker: Worker, broker: SmallBroker, action: str
) -> None:
    known = threading.Event()

    @worker.action("sync")
    def sync(delivery: Delivery) -> None:
        delivery.progress(42, "half \0 of it")
        if delivery.over.wait(20):
            known.set()

    @worker.action("async")
    async def waits(delivery: Delivery) -> None:
        delivery.progress(42.4, "half \0 of it")
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            known.set()
            raise

    join(worker, broker)
    lease = broker.deliver(action)
    broker.expect("PROGRESS")
    assert broker.progress == [
        {"session": 7, "lease": lease, "percent": 42, "text": "half \ufffd of it"}
    ]
    broker.say("CANCEL", leases=[lease])
    broker.expect("RELEASE")
    assert known.wait(20)
    assert lease not in broker.settlements


def test_what_is_at_work_when_its_session_is_lost_says_nothing_whatever_it_returns(
    worker: Worker, broker: SmallBroker
) -> None:
    begun, goes_on = threading.Barrier(3, timeout=20), threading.Event()

    @worker.action("gives up")
    async def gives_up(_: Delivery) -> None:
        begun.wait()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(20)

    @worker.action("goes on")
    def goes_on_in_vain(_: Delivery) -> bool:
        begun.wait()
        return goes_on.wait(20)

    join(worker, broker)
    broker.deliver("gives up")
    broker.deliver("goes on")
    begun.wait()
    broker.say("RESET")
    broker.expect("HELLO")
    broker.expect("CREDIT")
    goes_on.set()
    while broker.credit < 2:  # until both have ended
        broker.expect("CREDIT")
    broker.expect("HEARTBEAT")
    assert broker.settlements == {}


def test_no_more_than_the_capacity_is_at_work_and_all_is_done(
    worker: Worker, broker: SmallBroker
) -> None:
    lock, at_work, most = threading.Lock(), 0, 0

    @worker.action("counts")
    def counts(delivery: Delivery) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        delivery.over.wait(0.01)
        with lock:
            at_work -= 1

    join(worker, broker)
    for lease in [broker.deliver("counts") for _ in range(20)]:
        broker.settlement(lease)
    assert most == 2


def test_several_brokers_share_the_capacity(brokers: list[SmallBroker]) -> None:
    worker = Worker(*(each.endpoint for each in brokers), capacity=8, leave_seconds=0.1)
    worker.action("a")(lambda _: None)
    join(worker, *brokers)
    try:
        for broker in brokers:
            assert broker.settlement(broker.deliver("a"))["outcome"] == "ok"
        brokers[1].expect("CREDIT")
        assert brokers[1].credit <= 4
    finally:
        worker.stop()


def test_stop_waits_for_what_has_begun(broker: SmallBroker) -> None:
    worker = Worker(broker.endpoint, capacity=1, leave_seconds=20)
    goes_on = threading.Event()
    worker.action("waits")(lambda _: goes_on.wait(20))
    join(worker, broker)
    lease = broker.deliver("waits")
    broker.expect("HEARTBEAT")
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    broker.expect("BYE")
    goes_on.set()
    assert broker.settlement(lease)["result"] == "true"
    stopping.join(20)
    assert not stopping.is_alive()


def test_what_makes_no_worker_is_refused() -> None:
    with pytest.raises(ValueError, match="wants a broker"):
        Worker()
    with pytest.raises(ValueError, match="capacity"):
        Worker("tcp://127.0.0.1:1", capacity=0)
    worker = Worker("tcp://127.0.0.1:1")
    worker.action("a")(lambda _: None)
    with pytest.raises(ValueError, match="two actions"):
        worker.action("a")(lambda _: None)
