"""Outages: of the consumer, of the broker, of everything. Nothing that was accepted is lost."""

import time
from typing import Any

from harness.sink import HANG_UP, Answer, Consumer, Sink
from harness.tocsin import Daemons, Up
from harness.waiting import until

#   So that a play does not take minutes; the core's unit tests are about the schedule's shape.
QUICK: dict[str, Any] = {"min_backoff_ms": 20, "max_backoff_ms": 200, "max_attempts": 50}


def publish_many(tocsin: Up | Daemons, count: int, name: str = "e") -> list[str]:
    client = tocsin.client()
    return [client.publish(id=f"{name}-{number}")["id"] for number in range(count)]


def subscribe(tocsin: Up | Daemons, consumer: Consumer, **more: Any) -> None:
    tocsin.client().subscribe(consumer.subscription(**{"retry": QUICK, **more}))


def test_a_consumer_that_was_down_gets_everything_when_it_is_back(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(tocsin, consumer)
    sink.goes_down()
    ids = publish_many(tocsin, 100)
    tocsin.client().wait_for_attempt(ids[0], "shop")
    sink.comes_up()
    consumer.wait_for_ids(ids)
    attempts = tocsin.client().wait_for_delivery(ids[0], "shop", "delivered")["attempts"]
    assert attempts[0]["outcome"] == "retry"
    assert attempts[0]["error"]
    assert [attempt["number"] for attempt in attempts] == list(range(1, len(attempts) + 1))
    assert set(consumer.counts().values()) == {1}


def test_an_error_is_retried_with_the_same_webhook_id(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("moody")
    subscribe(tocsin, consumer)
    consumer.answers_first(Answer(500), Answer(404), HANG_UP, Answer(302), Answer(408))
    tocsin.client().publish(id="one")
    deliveries = consumer.wait_for(6)
    assert {delivery.id for delivery in deliveries} == {"one"}
    assert len({delivery.body for delivery in deliveries}) == 1
    attempts = tocsin.client().wait_for_delivery("one", "moody", "delivered")["attempts"]
    #   libcurl by itself sends again what it sent on a kept connection that was closed meanwhile,
    #   so the one that was hung up on may be an attempt or a part of one.
    statuses = [each["http_status"] for each in attempts if each.get("http_status")]
    assert statuses == [500, 404, 302, 408, 204]


def test_retry_after_is_waited_for(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("busy")
    subscribe(tocsin, consumer)
    consumer.answers_first(Answer(429, {"Retry-After": "1"}), Answer(503, {"Retry-After": "1"}))
    tocsin.client().publish(id="one")
    first, second, third = consumer.wait_for(3)
    #   A second each, however quick the schedule; the clocks of two processes differ a little.
    assert second.at - first.at > 0.95
    assert third.at - second.at > 0.95


def test_attempts_that_are_used_up_leave_a_dead_letter(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("broken")
    consumer.always_answers(Answer(500))
    subscribe(tocsin, consumer, retry={**QUICK, "max_attempts": 3})
    tocsin.client().publish(id="one")
    delivery = tocsin.client().wait_for_delivery("one", "broken", "dead")
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["retry", "retry", "retry"]
    assert consumer.counts() == {"one": 3}


def test_a_consumer_that_is_gone_for_good_is_left_alone(tocsin: Up, sink: Sink) -> None:
    gone, other = sink.consumer("gone"), sink.consumer("other")
    gone.always_answers(Answer(410))
    subscribe(tocsin, gone)
    subscribe(tocsin, other)
    client = tocsin.client()
    client.publish(id="one")
    gone.wait_for(1)
    until(lambda: is_disabled(tocsin, "gone"), "410 disables the subscription")
    ids = publish_many(tocsin, 20)
    other.wait_for_ids(ids)
    assert gone.counts() == {"one": 1}


def is_disabled(tocsin: Up, name: str) -> bool:
    shown = tocsin.client().get(f"/v1/subscriptions/{name}").json()["data"]
    return bool(shown.get("disabled"))


def test_a_slow_consumer_delays_nobody_else(tocsin: Up, sink: Sink) -> None:
    slow, quick = sink.consumer("slow"), sink.consumer("quick")
    slow.holds()
    subscribe(tocsin, slow)
    subscribe(tocsin, quick)
    ids = publish_many(tocsin, 200)
    quick.wait_for_ids(ids)
    slow.releases()
    slow.wait_for_ids(ids)


def test_a_consumer_that_does_not_answer_in_time_is_asked_again(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("sleepy")
    consumer.holds()
    subscribe(tocsin, consumer, retry={**QUICK, "timeout_ms": 300})
    tocsin.client().publish(id="one")
    consumer.wait_for(2)
    consumer.releases()
    attempts = tocsin.client().wait_for_delivery("one", "sleepy", "delivered")["attempts"]
    assert attempts[0]["outcome"] == "retry"
    assert "300 ms" in attempts[0]["error"]


def test_a_backlog_survives_kill_9_and_a_restart(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(tocsin, consumer)
    sink.goes_down()
    ids = publish_many(tocsin, 300)
    tocsin.kill()
    tocsin.start()
    more = publish_many(tocsin, 10, "more")
    sink.comes_up()
    consumer.wait_for_ids([*ids, *more])
    client = tocsin.client()
    for event_id in (*ids, *more):
        client.wait_for_delivery(event_id, "shop", "delivered")


def test_an_orderly_stop_repeats_nothing(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(tocsin, consumer)
    ids = publish_many(tocsin, 100)
    consumer.wait_for(1)
    tocsin.stop()
    tocsin.start()
    consumer.wait_for_ids(ids)
    client = tocsin.client()
    for event_id in ids:
        client.wait_for_delivery(event_id, "shop", "delivered")
    assert set(consumer.counts().values()) == {1}


def test_a_gateway_without_a_broker_says_so_within_2_seconds_and_recovers(
    daemons: Daemons,
) -> None:
    client = daemons.client()
    client.publish(id="before")
    daemons.broker.kill()
    for method, path in (("POST", "/v1/events"), ("GET", "/v1/subscriptions")):
        start = time.monotonic()
        body = {"data": {"id": "meanwhile", "type": "a.b", "subject": "/a", "data": {}}}
        answer = client.request(method, path, json=body if method == "POST" else None)
        took = time.monotonic() - start
        assert answer.status_code == 503, answer.text
        assert answer.json()["errno"] == 201
        assert int(answer.headers["Retry-After"]) >= 1
        assert took < 2.5, f"{path}: {took:.1f} s"
    assert client.get("/v1/__heartbeat__").status_code == 503
    assert client.get("/v1/__lbheartbeat__").status_code == 200

    daemons.start_broker()
    until(daemons.serves, "the gateway finds its broker by itself")
    assert client.publish(id="before")["status"] == "duplicate"


def test_a_gateway_that_starts_before_its_broker_finds_it(daemons: Daemons) -> None:
    daemons.gateway.kill()
    daemons.broker.kill()
    daemons.start_gateway()
    until(lambda: answers(daemons), "the gateway listens")
    assert daemons.stranger().get("/v1/__heartbeat__").status_code == 503
    daemons.start_broker()
    until(daemons.serves, "the gateway finds its broker by itself")
    daemons.client().publish()


def answers(daemons: Daemons) -> bool:
    try:
        return daemons.stranger().get("/v1/__lbheartbeat__").status_code == 200
    except OSError:  # requests' errors are of this kind
        return False


def test_events_accepted_without_any_worker_wait_for_one(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer)
    ids = publish_many(daemons, 50)
    assert daemons.client().delivery(ids[0], "shop")["status"] == "waiting"
    daemons.start_worker()
    consumer.wait_for_ids(ids)
    assert set(consumer.counts().values()) == {1}


def test_a_broker_that_is_stopped_in_order_loses_and_repeats_nothing(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer)
    daemons.start_worker()
    ids = publish_many(daemons, 40)
    consumer.wait_for(5)
    daemons.broker.terminate()  # while some are in flight: it waits for them
    consumer.releases()
    assert daemons.broker.wait() == 0, daemons.broker.tail()
    daemons.start_broker()
    until(daemons.serves, "the broker is back")
    consumer.wait_for_ids(ids)
    for event_id in ids:
        daemons.client().wait_for_delivery(event_id, "shop", "delivered")
    assert set(consumer.counts().values()) == {1}
