"""What a subscription may rely on, and its neighbours: breaker, rate, age, poison, notices."""

from pathlib import Path
from typing import Any

from harness.sink import Answer, Consumer, Delivery, Sink
from harness.tocsin import Daemons, Up
from harness.waiting import until


def subscribe(tocsin: Up | Daemons, consumer: Consumer, **more: Any) -> None:
    tocsin.client().subscribe(consumer.subscription(**more))


def test_a_consumer_that_fails_is_probed_until_it_is_back(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.always_answers(Answer(500))
    breaker = {"failures": 3, "probe_ms": 200, "probe_most_ms": 400}
    retry = {"min_backoff_ms": 1, "max_backoff_ms": 1, "max_attempts": 100}
    subscribe(tocsin, consumer, breaker=breaker, retry=retry, limits={"in_flight": 1})
    client = tocsin.client()
    ids = [client.publish()["id"] for _ in range(20)]

    until(lambda: tocsin.metric("tocsin_breakers_open") == 1, "the breaker is open")
    consumer.wait_for(6)
    attempts = [len(client.delivery(event_id, "shop")["attempts"]) for event_id in ids]
    assert attempts.count(0) >= 10, f"what waits for a probe is not tried: {attempts}"
    consumer.always_answers(Answer())
    consumer.wait_for_ids(ids)
    for event_id in ids:
        client.wait_for_delivery(event_id, "shop", "delivered")
    assert tocsin.metric("tocsin_breakers_open") == 0


def test_a_rate_is_never_passed(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(tocsin, consumer, limits={"rate_per_second": 20, "burst": 2})
    for number in range(12):
        tocsin.client().publish(subject=f"/things/{number}")
    times = [delivery.at for delivery in consumer.wait_for(12)]
    #   Two at once, and one each 50 ms: what arrives late may be closer to the next.
    assert times[-1] - times[0] >= (12 - 2) / 20 - 0.05, times


def test_what_is_too_old_is_a_dead_letter(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.always_answers(Answer(503))
    subscribe(tocsin, consumer, retry={"ttl_ms": 300, "min_backoff_ms": 50, "max_backoff_ms": 100})
    event_id = tocsin.client().publish()["id"]
    dead = tocsin.client().wait_for_delivery(event_id, "shop", "dead")
    assert 1 <= len(dead["attempts"]) <= 11


def test_order_by_key_is_kept_through_failures(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    failures = {"left": 40}

    def answer(_: Delivery) -> Answer:
        failures["left"] -= 1
        return Answer(500) if failures["left"] % 3 == 0 else Answer()

    consumer.answers_by(answer)
    retry = {"min_backoff_ms": 1, "max_backoff_ms": 20, "max_attempts": 100}
    subscribe(tocsin, consumer, order="key", retry=retry)
    ids: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for number in range(60):
        key = "abc"[number % 3]
        ids[key].append(tocsin.client().publish(key=key)["id"])
    consumer.wait_for_ids([each for key in ids.values() for each in key])
    firsts = list(dict.fromkeys(delivery.id for delivery in consumer.deliveries))
    for key, wanted in ids.items():
        assert [each for each in firsts if each in wanted] == wanted, key


def test_an_event_over_which_three_workers_died_is_poison(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer, retry={"timeout_ms": 60000})
    consumer.holds()
    event_id = daemons.client().publish()["id"]
    for number in range(3):
        name = daemons.start_worker(f"victim-{number}")
        consumer.wait_for(number + 1)
        daemons.workers[name].kill()
    dead = daemons.client().wait_for_delivery(event_id, "shop", "dead")
    assert [attempt["outcome"] for attempt in dead["attempts"]] == ["fail"]
    assert "the worker died over it" in dead["attempts"][0]["error"]
    consumer.releases()
    daemons.start_worker()
    other = daemons.client().publish()["id"]
    daemons.client().wait_for_delivery(other, "shop", "delivered")


def test_what_happens_is_told_to_who_asks_for_it(tmp_path: Path, sink: Sink) -> None:
    told, shop, everything = sink.consumer("told"), sink.consumer("shop"), sink.consumer("all")
    shop.always_answers(Answer(400))
    told.always_answers(Answer(200))
    with Up(tmp_path, broker__tells=1) as tocsin:
        subscribe(tocsin, told, match={"type": "tocsin.**"})
        subscribe(tocsin, everything)
        subscribe(tocsin, shop, retry={"final": [400]})
        event_id = tocsin.client().publish(type="order.paid")["id"]
        tocsin.client().wait_for_delivery(event_id, "shop", "dead")

        def dead_letters() -> list[dict[str, Any]]:
            events = [delivery.json() for delivery in told.deliveries]
            return [each["data"] for each in events if each["type"] == "tocsin.delivery.dead"]

        (letter,) = until(dead_letters, "the dead letter is told of")
        assert letter["event"] == event_id
        assert letter["subscription"] == "shop"
        assert letter["reason"] == "FINAL"
        types = {delivery.json()["type"] for delivery in told.deliveries}
        assert "tocsin.subscription.created" in types
        #   "Everything" is what happens in the world.
        everything.wait_for_ids([event_id])
        assert set(everything.counts()) == {event_id}


def test_a_notice_that_cannot_be_delivered_makes_no_notice(tmp_path: Path, sink: Sink) -> None:
    told = sink.consumer("told")
    told.always_answers(Answer(400))
    with Up(tmp_path, broker__tells=1) as tocsin:
        subscribe(tocsin, told, match={"type": "tocsin.**"}, retry={"final": [400]})
        tocsin.client().subscribe(sink.consumer("other").subscription())
        until(lambda: tocsin.metric("tocsin_dead_letters") >= 1, "a notice is a dead letter")
        before = tocsin.status()["events"]
        tocsin.client().publish()
        until(lambda: tocsin.status()["events"] > before, "the event is stored")
        assert tocsin.status()["events"] == before + 1


def test_a_subscription_may_end_by_itself(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = tocsin.client()
    subscribe(tocsin, consumer, expires="2100-01-01T00:00:00Z")
    assert client.get("/v1/subscriptions/shop").json()["data"]["expires"] == "2100-01-01T00:00:00Z"
    subscribe(tocsin, sink.consumer("old"), expires="2001-01-01T00:00:00Z")
    until(
        lambda: client.get("/v1/subscriptions/old").status_code == 404,
        "what has expired is gone",
    )
