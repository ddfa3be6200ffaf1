"""Many events in one request, and a burst as one delivery."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cloudevents.core.base import BaseCloudEvent as CloudEvent
from cloudevents.core.bindings import http

from harness.sink import Answer, Consumer, Delivery, Sink
from harness.tocsin import Up, run
from harness.waiting import until

QUICK: dict[str, Any] = {"min_backoff_ms": 20, "max_backoff_ms": 200, "max_attempts": 50}
BATCH_TYPE = "application/cloudevents-batch+json; charset=utf-8"


def subscribe(tocsin: Up, consumer: Consumer, **more: Any) -> None:
    tocsin.client().subscribe(consumer.subscription(**{"retry": QUICK, **more}))


def publish_many(tocsin: Up, count: int, name: str = "e", **more: Any) -> list[str]:
    client = tocsin.client()
    return [client.publish(id=f"{name}-{number}", **more)["id"] for number in range(count)]


def cloud_event(event: dict[str, Any]) -> CloudEvent:
    """As the CloudEvents SDK reads one of a batch, which refuses what is none."""
    headers = {"content-type": "application/cloudevents+json"}
    return http.from_http_event(http.HTTPMessage(headers=headers, body=json.dumps(event).encode()))


def ids_in(delivery: Delivery) -> list[str]:
    return [event["id"] for event in delivery.json()]


def ids_of(deliveries: Iterable[Delivery]) -> Counter[str]:
    """How often each event arrived, in whatever batch."""
    return Counter(event for delivery in deliveries for event in ids_in(delivery))


def wait_for_events(consumer: Consumer, ids: Iterable[str]) -> list[Delivery]:
    """All requests, once each of these events has arrived."""
    wanted = set(ids)

    def look() -> list[Delivery] | None:
        came = consumer.deliveries
        return came if wanted <= set(ids_of(came)) else None

    return until(look, f"{consumer.name} has all of {len(wanted)} events")


def test_many_events_arrive_in_one_signed_request(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 50, "max_wait_ms": 60000})
    ids = publish_many(tocsin, 100, data={"n": 1})
    deliveries = wait_for_events(consumer, ids)
    assert [len(ids_in(delivery)) for delivery in deliveries] == [50, 50]
    assert [event for delivery in deliveries for event in ids_in(delivery)] == ids
    for delivery in deliveries:
        assert delivery.headers["content-type"] == BATCH_TYPE
        assert delivery.id.startswith("b_")
        assert [cloud_event(each).get_id() for each in delivery.json()] == ids_in(delivery)
    for event in ids:
        tocsin.client().wait_for_delivery(event, "bulk", "delivered")


def test_what_fills_no_batch_goes_after_a_while_as_a_batch_too(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_wait_ms": 200})
    tocsin.client().publish(id="one")
    delivery = consumer.wait_for(1)[0]
    assert ids_in(delivery) == ["one"]
    assert delivery.headers["content-type"] == BATCH_TYPE


def test_why_an_event_waits_for_others_is_explained(tocsin: Up, sink: Sink) -> None:
    subscribe(tocsin, sink.consumer("bulk"), batch={"max_wait_ms": 600000})
    tocsin.client().publish(id="one")
    answer = run("explain", "one", "bulk", f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert "(BATCH)" in answer.stdout
    assert "it goes when 100 wait (batch.max_events), or else at 20" in answer.stdout


def test_a_consumer_answers_for_each_event(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 4, "max_wait_ms": 300})

    def answer(delivery: Delivery) -> Answer:
        words = {"e-1": "retry", "e-2": "fail"} if len(consumer.deliveries) == 1 else {}
        return Answer(
            200,
            body={
                "data": [
                    {"id": event, "status": words.get(event, "ok"), "error": f"about {event}"}
                    for event in ids_in(delivery)
                ]
            },
        )

    consumer.answers_by(answer)
    ids = publish_many(tocsin, 4)
    client = tocsin.client()
    assert len(client.wait_for_delivery("e-0", "bulk", "delivered")["attempts"]) == 1
    dead = client.wait_for_delivery("e-2", "bulk", "dead")
    assert dead["attempts"][0]["error"] == 'answered 200, and "fail" of this event: about e-2'
    again = client.wait_for_delivery("e-1", "bulk", "delivered")
    assert [each["outcome"] for each in again["attempts"]] == ["retry", "ok"]
    assert ids_of(consumer.deliveries) == Counter(ids) + Counter(["e-1"])


def test_a_status_that_is_no_2xx_counts_for_all_and_the_same_batch_has_the_same_id(
    tocsin: Up, sink: Sink
) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 10, "max_wait_ms": 1000})
    consumer.answers_first(Answer(503), Answer(500))
    ids = publish_many(tocsin, 10)
    first, second, third = consumer.wait_for(3)
    assert ids_in(first) == ids_in(second) == ids_in(third) == ids
    assert first.id == second.id == third.id
    for event in ids:
        attempts = tocsin.client().wait_for_delivery(event, "bulk", "delivered")["attempts"]
        assert [each["http_status"] for each in attempts] == [503, 500, 204]


def test_the_answer_410_disables_and_keeps_all_of_the_batch(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 5, "max_wait_ms": 1000})
    consumer.answers_first(Answer(410))
    ids = publish_many(tocsin, 5)
    client = tocsin.client()
    until(
        lambda: client.get("/v1/subscriptions/bulk").json()["data"]["disabled"],
        "the subscription is disabled",
    )
    client.post("/v1/subscriptions/bulk/resume")
    wait_for_events(consumer, ids)
    for event in ids:
        client.wait_for_delivery(event, "bulk", "delivered")


def test_a_kill_while_a_batch_is_under_way_loses_nothing(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 100, "max_wait_ms": 500})
    consumer.holds()
    ids = publish_many(tocsin, 250)
    consumer.wait_for(1)
    tocsin.kill()
    consumer.releases()
    tocsin.start()
    wait_for_events(consumer, ids)
    for event in ids:
        tocsin.client().wait_for_delivery(event, "bulk", "delivered")
    assert max(ids_of(consumer.deliveries).values()) <= 2


def test_a_consumer_that_was_down_gets_all_in_few_requests(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    quick = {"failures": 3, "probe_ms": 50, "probe_most_ms": 100}
    subscribe(tocsin, consumer, batch={"max_events": 100, "max_wait_ms": 100}, breaker=quick)
    sink.goes_down()
    ids = publish_many(tocsin, 500)
    tocsin.client().wait_for_attempt(ids[0], "bulk")
    sink.comes_up()
    deliveries = wait_for_events(consumer, ids)
    for event in ids:
        tocsin.client().wait_for_delivery(event, "bulk", "delivered")
    assert len(deliveries) < len(ids) / 5
    assert set(ids_of(consumer.deliveries).values()) == {1}


def test_a_giant_batch_is_one_request(tmp_path: Path, sink: Sink) -> None:
    settings: dict[str, object] = {
        "worker/capacity": 1000,
        "limits/waiting_per_track": 4000,
        "limits/delivery_batch_bytes": 4 << 20,
        "limits/page_bytes": 8 << 20,
    }
    consumer = sink.consumer("bulk")
    with Up(tmp_path, **settings) as tocsin:
        subscribe(tocsin, consumer, batch={"max_events": 1000, "max_wait_ms": 60000})
        ids = publish_many(tocsin, 1000, data={"text": "x" * 2000})
        (delivery,) = wait_for_events(consumer, ids)
        assert ids_in(delivery) == ids
        assert len(delivery.body) > 2_000_000
        tocsin.client().wait_for_delivery(ids[-1], "bulk", "delivered")


def test_a_batch_stays_within_its_bytes(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 1000, "max_wait_ms": 300})
    ids = publish_many(tocsin, 60, data={"text": "x" * 40000})
    deliveries = wait_for_events(consumer, ids)
    assert max(len(delivery.body) for delivery in deliveries) < 1 << 20
    assert set(ids_of(deliveries).values()) == {1}


def test_with_order_by_key_no_batch_has_two_events_of_a_key(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("bulk")
    subscribe(tocsin, consumer, batch={"max_events": 20, "max_wait_ms": 50}, order="key")
    consumer.answers_first(Answer(500))
    client = tocsin.client()
    ids = [f"k{n % 7}-{n // 7}" for n in range(70)]
    for event in ids:
        client.publish(id=event, subject=f"/{event[1]}")
    deliveries = wait_for_events(consumer, ids)
    taken = deliveries[1:]  # the first was refused, and came again
    for delivery in taken:
        keys = [event.split("-")[0] for event in ids_in(delivery)]
        assert len(keys) == len(set(keys))
    for key in range(7):
        order = [e for d in taken for e in ids_in(d) if e.startswith(f"k{key}-")]
        assert order == [f"k{key}-{n}" for n in range(10)]


#   Coalescing


def test_of_a_burst_the_latest_arrives_and_the_others_say_so(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("latest")
    subscribe(tocsin, consumer, coalesce={"by": "subject", "window_ms": 2500})
    a = publish_many(tocsin, 20, "a", subject="/a")
    b = publish_many(tocsin, 3, "b", subject="/b")
    client = tocsin.client()
    assert client.delivery(a[-1], "latest")["status"] == "held"
    consumer.wait_for_ids([a[-1], b[-1]])
    client.wait_for_delivery(a[-1], "latest", "delivered")
    client.wait_for_delivery(b[-1], "latest", "delivered")
    skipped = client.wait_for_delivery(a[3], "latest", "skipped")
    assert skipped["reason"] == "COALESCED"
    assert skipped["instead"] == a[4]
    assert skipped["attempts"] == []
    assert consumer.counts() == Counter([a[-1], b[-1]])
    login = [f"--url={tocsin.url}", f"--token={tocsin.token}"]
    assert f"skipped: of its burst went {a[4]}" in run("show", a[3], *login).stdout
    assert "skipped (COALESCED)" in run("explain", a[3], "latest", *login).stdout


def test_a_group_is_a_place_in_the_data_and_max_ends_the_window(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("latest")
    coalesce = {"by": "/new/id", "window_ms": 600000, "max": 3}
    subscribe(tocsin, consumer, coalesce=coalesce)
    client = tocsin.client()
    for number in range(3):
        client.publish(id=f"x-{number}", subject=f"/{number}", data={"new": {"id": 7}})
    client.publish(id="alone", data={"new": {}})
    client.publish(id="y-0", data={"new": {"id": 8}})
    consumer.wait_for_ids(["x-2", "alone"])
    assert consumer.counts() == Counter(["x-2", "alone"])
    answer = run("explain", "y-0", "latest", f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert "held (GATHERED)" in answer.stdout


def test_a_kill_within_the_window_loses_nothing(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("latest")
    subscribe(tocsin, consumer, coalesce={"by": "subject", "window_ms": 3000})
    first = publish_many(tocsin, 10, "a")
    tocsin.client().wait_for_delivery(first[0], "latest", "skipped")
    tocsin.kill()
    tocsin.start()
    last = publish_many(tocsin, 10, "b")
    consumer.wait_for_ids([last[-1]])
    client = tocsin.client()
    client.wait_for_delivery(last[-1], "latest", "delivered")
    ends = {event: client.delivery(event, "latest") for event in [*first, *last]}
    delivered = [event for event, end in ends.items() if end["status"] == "delivered"]
    assert {end["status"] for end in ends.values()} == {"delivered", "skipped"}
    assert len(delivered) <= 3  # a window may end at the kill, and one at the page
    for event, end in ends.items():
        if end["status"] == "skipped":
            order = [*first, *last]
            assert order.index(end["instead"]) > order.index(event)


def test_a_paused_subscription_coalesces_what_came_meanwhile(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("latest")
    subscribe(tocsin, consumer, coalesce={"by": "subject", "window_ms": 60000}, paused=True)
    ids = publish_many(tocsin, 300)
    client = tocsin.client()
    client.put(
        "/v1/subscriptions/latest",
        {"data": consumer.subscription(coalesce={"by": "subject", "window_ms": 1000})},
    )
    consumer.wait_for_ids([ids[-1]])
    client.wait_for_delivery(ids[-1], "latest", "delivered")
    assert sum(consumer.counts().values()) < 10


def test_a_burst_that_is_kept_arrives_as_one_batch(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("all")
    coalesce = {"by": "subject", "window_ms": 3000, "keep": "all", "max": 200}
    subscribe(tocsin, consumer, coalesce=coalesce)
    a = publish_many(tocsin, 30, "a", subject="/a")
    b = publish_many(tocsin, 20, "b", subject="/b")
    deliveries = wait_for_events(consumer, [*a, *b])
    assert sorted(ids_in(delivery) for delivery in deliveries) == sorted([a, b])
    for event in [*a, *b]:
        tocsin.client().wait_for_delivery(event, "all", "delivered")
