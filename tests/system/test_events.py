"""Events: what is accepted, under which name, and that a repeat is no second one."""

import json
import re
import threading
from typing import Any

import pytest

from harness.sink import Sink
from harness.tocsin import Up

UUID_V7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NOTIFICATION: dict[str, Any] = {
    "payload": {
        "timestamp": 1795490721794,
        "action": "delete",
        "uri": "/buckets/blog/collections/articles/records",
        "user_id": "basicauth:alice",
        "resource_name": "record",
        "bucket_id": "blog",
        "collection_id": "articles",
    },
    "impacted_objects": [
        {
            "new": {"id": name, "last_modified": 1795490721000 + number, "deleted": True},
            "old": {"id": name, "last_modified": 1795490720000 + number},
        }
        for number, name in enumerate(["a", "b", "c"])
    ],
}


def test_a_repeated_post_is_one_event(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("once")
    client = tocsin.client()
    client.subscribe(consumer.subscription(match={"type": "**"}))

    first = client.publish(id="order-17", data={"n": 1})
    again = client.publish(id="order-17", data={"n": 1})
    last = client.publish(id="order-18", data={"n": 1})
    assert (first["status"], again["status"], last["status"]) == ("stored", "duplicate", "stored")
    assert (again["partition"], again["seq"]) == (first["partition"], first["seq"])

    consumer.wait_for_ids(["order-17", "order-18"])
    client.wait_for_delivery("order-18", "once", "delivered")
    assert consumer.counts() == {"order-17": 1, "order-18": 1}


def test_a_repeated_notification_is_no_second_event(tocsin: Up) -> None:
    client = tocsin.client()
    first = client.post_until_accepted(NOTIFICATION)
    again = client.post_until_accepted(NOTIFICATION)
    assert [line["status"] for line in first] == ["stored"] * 3
    assert [line["status"] for line in again] == ["duplicate"] * 3
    assert [line["id"] for line in again] == [line["id"] for line in first]
    #   Their names sort as the changes did.
    assert sorted(line["id"] for line in first) == [line["id"] for line in first]


def test_a_repeat_within_one_post_is_one_event(tocsin: Up) -> None:
    twice = {**NOTIFICATION, "impacted_objects": NOTIFICATION["impacted_objects"][:1] * 2}
    lines = tocsin.client().post_until_accepted(twice)
    assert sorted(line["status"] for line in lines) == ["duplicate", "stored"]
    assert lines[0]["seq"] == lines[1]["seq"]


def test_the_same_id_with_other_contents_is_refused(tocsin: Up) -> None:
    client = tocsin.client()
    client.publish(id="order-17", data={"n": 1})
    answer = client.post(
        "/v1/events",
        {"data": {"id": "order-17", "type": "test.thing.changed", "subject": "/a", "data": 2}},
    )
    assert answer.status_code == 409
    assert answer.json()["errno"] == 122
    assert client.event("order-17")["data"] == {"n": 1}


def test_many_clients_posting_one_id_at_once_make_one_event(tocsin: Up) -> None:
    lines: list[dict[str, Any]] = []

    def publish() -> None:
        lines.append(tocsin.client().publish(id="race", data={"n": 1}))

    threads = [threading.Thread(target=publish) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["status"] for line in lines) == ["duplicate"] * 15 + ["stored"]
    assert len({line["seq"] for line in lines}) == 1


def test_every_attribute_comes_back_as_it_was_given(tocsin: Up) -> None:
    client = tocsin.client()
    event = {
        "id": "order-17",
        "type": "shop.order.placed",
        "subject": "/orders/17",
        "key": "customer-4",
        "time": "2026-11-24T03:00:00.123Z",
        "data": {"total": 12.5, "items": ["bell", "rope"], "note": None},
    }
    client.publish(**event)
    stored = client.event("order-17")
    assert {name: stored[name] for name in event} == event
    assert stored["phase"] == "post"
    assert stored["seq"] == 1
    assert stored["deliveries"] == []


def test_an_event_without_an_id_gets_one_that_sorts_by_time(tocsin: Up) -> None:
    client = tocsin.client()
    body = {"data": {"type": "shop.order.placed", "subject": "/orders/17", "data": {}}}
    ids = [client.post_until_accepted(body)[0]["id"] for _ in range(3)]
    assert all(UUID_V7.fullmatch(event_id) for event_id in ids), ids
    assert ids == sorted(ids)


def test_an_id_of_a_source_is_one_by_both(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("all")
    client = tocsin.client()
    client.subscribe(consumer.subscription(match={"type": "**"}))
    north, again, south = (
        client.publish(id="1.0", source=source) for source in ("/north", "/north", "/south")
    )
    assert north["id"] == again["id"] != south["id"]
    assert again["status"] == "duplicate"
    assert re.fullmatch(r"e_[a-z2-7]{32}", north["id"])

    events = {each.id: each.cloud_event() for each in consumer.wait_for(2)}
    assert events[north["id"]].get_id() == "1.0"
    assert events[north["id"]].get_source() == "/north"
    assert events[south["id"]].get_source() == "/south"
    assert client.event(north["id"])["given_id"] == "1.0"


#   Data is kept verbatim: no number is rounded, no space or escape is lost, no member moves.
VERBATIM = [
    '{"z": 1, "a":2,  "n": 1.00000000000000000000001e5}',
    '{"big": 123456789012345678901234567890, "zero": -0.0}',
    '{"text": "caf\\u00e9 \\ud83d\\udd14 \\/ café 🔔"}',
    "[1, [2, [3]]]",
    '"only a string"',
    "null",
]


@pytest.mark.parametrize("data", VERBATIM)
def test_data_arrives_byte_for_byte(tocsin: Up, sink: Sink, data: str) -> None:
    raw, cloud = sink.consumer("raw"), sink.consumer("cloud")
    client = tocsin.client()
    client.subscribe(raw.subscription(match={"type": "**"}, deliver={"format": "raw"}))
    client.subscribe(cloud.subscription(match={"type": "**"}))
    event = '{"type": "a.b", "subject": "/a", "id": "verbatim", "data": %s}'
    body = '{"data": %s}' % (event % data)
    headers = {"Content-Type": "application/json"}
    answer = client.request("POST", "/v1/events", data=body.encode(), headers=headers)
    assert answer.status_code == 202, answer.text

    assert raw.wait_for(1)[0].body == data.encode()
    delivery = cloud.wait_for(1)[0]
    assert data.encode() in delivery.body
    assert delivery.json()["data"] == json.loads(data)


def test_an_event_just_under_the_limit_is_taken_and_delivered(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("large")
    client = tocsin.client()
    client.subscribe(consumer.subscription(match={"type": "**"}))
    text = "x" * (1024 * 1024 - 100)
    client.publish(id="large", data={"text": text})
    (delivery,) = consumer.wait_for(1)
    assert delivery.json()["data"] == {"text": text}


def test_a_token_may_also_come_as_basic_password(tocsin: Up) -> None:
    body = {"data": {"type": "a.b", "subject": "/a", "data": {}}}
    answer = tocsin.stranger().post("/v1/events", body, auth=("anybody", tocsin.token))
    assert answer.status_code == 202, answer.text


def test_the_dockerflow_endpoints_need_no_token(tocsin: Up) -> None:
    stranger = tocsin.stranger()
    for root in ("", "/v1"):
        assert stranger.get(root + "/__lbheartbeat__").status_code == 200
        assert stranger.get(root + "/__heartbeat__").status_code == 200
        version = stranger.get(root + "/__version__")
        assert version.status_code == 200
        assert version.json()["version"]


def test_hello_says_who_we_are(tocsin: Up) -> None:
    hello = tocsin.client().get("/v1/").json()
    assert hello["project_name"].lower() == "tocsin"
    assert hello["project_version"]
    assert hello["url"].startswith("http")
