"""Subscriptions: made, read, replaced and deleted by Kinto's conventions, and followed at once."""

from typing import Any

import pytest
from standardwebhooks import Webhook

from harness.client import Client
from harness.sink import Sink
from harness.tocsin import Up

URL = "http://127.0.0.1:9/hook"
DOCUMENT: dict[str, Any] = {"match": {"type": "shop.**"}, "deliver": {"url": URL}}


def read(client: Client, name: str) -> tuple[dict[str, Any], str]:
    """The document and its ETag."""
    answer = client.get(f"/v1/subscriptions/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"], answer.headers["ETag"]


def test_a_secret_that_is_not_given_is_made_and_shown_once(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("made")
    client = tocsin.client()
    made = client.subscribe({"id": "made", "match": {}, "deliver": {"url": consumer.url}})
    consumer.secret = made["deliver"]["secret"]
    assert consumer.secret.startswith("whsec_")
    assert "secret" not in read(client, "made")[0]["deliver"]
    assert consumer.secret not in client.get("/v1/subscriptions").text

    client.publish(id="signed")
    (delivery,) = consumer.wait_for(1)
    Webhook(consumer.secret).verify(delivery.body, delivery.headers)


def test_defaults_are_filled_in_and_shown(tocsin: Up) -> None:
    client = tocsin.client()
    made = client.subscribe(DOCUMENT)
    shown, etag = read(client, made["id"])
    assert shown["action"] == {"name": "webhook"}
    assert shown["deliver"]["format"] == "cloudevents"
    assert shown["retry"]["max_attempts"] >= 1
    assert shown["limits"]["in_flight"] >= 1
    assert etag == f'"{shown["last_modified"]}"'


def test_put_makes_then_replaces_and_keeps_the_secret(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("kept")
    client = tocsin.client()
    path = "/v1/subscriptions/kept"
    document = {"match": {"type": "shop.**"}, "deliver": {"url": URL, "secret": consumer.secret}}
    first = client.put(path, {"data": document})
    assert first.status_code == 201, first.text
    assert first.json()["data"]["id"] == "kept"

    again = client.put(path, {"data": {**DOCUMENT, "deliver": {"url": consumer.url}}})
    assert again.status_code == 200, again.text
    before, after = first.json()["data"], again.json()["data"]
    assert after["last_modified"] > before["last_modified"]
    client.publish(type="shop.order", id="after-the-change")
    consumer.wait_for_ids(["after-the-change"])  # to the new address, signed with the old secret


def test_a_replacement_is_followed_from_the_next_event_on(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("changing")
    client = tocsin.client()
    client.subscribe(consumer.subscription(match={"type": "shop.*"}))
    client.publish(type="shop.order", id="one")
    consumer.wait_for_ids(["one"])
    changed = consumer.subscription(match={"type": "bank.*"})
    assert client.put("/v1/subscriptions/changing", {"data": changed}).status_code == 200
    client.publish(type="shop.order", id="two")
    client.publish(type="bank.order", id="three")
    consumer.wait_for_ids(["three"])
    assert consumer.counts() == {"one": 1, "three": 1}


def test_a_change_meanwhile_is_noticed(tocsin: Up) -> None:
    client = tocsin.client()
    client.subscribe({"id": "s", **DOCUMENT})
    path = "/v1/subscriptions/s"
    _, old = read(client, "s")
    assert client.put(path, {"data": DOCUMENT}, headers={"If-Match": old}).status_code == 200

    for method in ("PUT", "DELETE"):
        body = {"data": DOCUMENT} if method == "PUT" else None
        late = client.request(method, path, json=body, headers={"If-Match": old})
        assert late.status_code == 412, (method, late.text)
        assert late.json()["errno"] == 114
    fresh = client.put(path, {"data": DOCUMENT}, headers={"If-None-Match": "*"})
    assert fresh.status_code == 412

    _, new = read(client, "s")
    assert client.get(path, headers={"If-None-Match": new}).status_code == 304
    assert client.delete(path, headers={"If-Match": new}).status_code == 200
    assert client.get(path).status_code == 404


def test_the_same_id_is_not_made_twice(tocsin: Up) -> None:
    client = tocsin.client()
    client.subscribe({"id": "s", **DOCUMENT})
    answer = client.post("/v1/subscriptions", {"data": {"id": "s", **DOCUMENT}})
    assert answer.status_code == 409
    assert answer.json()["errno"] == 122


def test_a_deleted_subscription_gets_nothing_more(tocsin: Up, sink: Sink) -> None:
    leaver, stayer = sink.consumer("leaver"), sink.consumer("stayer")
    client = tocsin.client()
    for consumer in (leaver, stayer):
        client.subscribe(consumer.subscription(match={"type": "**"}))
    client.publish(id="one")
    leaver.wait_for_ids(["one"])
    gone = client.delete("/v1/subscriptions/leaver")
    assert gone.json()["data"]["deleted"] is True
    client.publish(id="two")
    stayer.wait_for_ids(["one", "two"])
    client.wait_for_delivery("two", "stayer", "delivered")
    assert leaver.counts() == {"one": 1}


def test_a_list_comes_in_pages(tocsin: Up) -> None:
    client = tocsin.client()
    names = [f"s{number:02}" for number in range(7)]
    for name in names:
        client.subscribe({"id": name, **DOCUMENT})
    answer = client.get("/v1/subscriptions?_limit=3")
    assert answer.headers["Total-Objects"] == "7"
    seen = [each["id"] for each in answer.json()["data"]]
    assert len(seen) == 3
    while "Next-Page" in answer.headers:
        answer = client.get(answer.headers["Next-Page"].removeprefix(client.url))
        seen += [each["id"] for each in answer.json()["data"]]
    assert seen == names


def test_earliest_starts_with_what_is_in_the_log(tocsin: Up, sink: Sink) -> None:
    now, earliest = sink.consumer("now"), sink.consumer("earliest")
    client = tocsin.client()
    old = [client.publish(id=f"old-{number}")["id"] for number in range(50)]
    client.subscribe(now.subscription(start="now"))
    client.subscribe(earliest.subscription(start="earliest"))
    client.publish(id="new")
    earliest.wait_for_ids([*old, "new"])
    now.wait_for_ids(["new"])
    client.wait_for_delivery("new", "now", "delivered")
    assert now.counts() == {"new": 1}
    assert set(earliest.counts().values()) == {1}


def test_headers_of_its_own_are_sent_along(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("team")
    client = tocsin.client()
    deliver = {"headers": {"X-Team": "updates"}}
    client.subscribe(consumer.subscription(deliver=deliver))
    client.publish(id="one")
    assert consumer.wait_for(1)[0].headers["x-team"] == "updates"


def going_to(**deliver: Any) -> dict[str, Any]:
    return {"match": {}, "deliver": deliver}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"deliver": {"url": URL}}, "match"),
    ({"match": {}}, "deliver"),
    (going_to(), "deliver.url"),
    (going_to(url="consumer"), "deliver.url"),
    (going_to(url="ftp://consumer/"), "deliver.url"),
    (going_to(url="file:///etc/passwd"), "deliver.url"),
    (going_to(url=URL, format="xml"), "deliver.format"),
    (going_to(url=URL, secret="short"), "deliver.secret"),
    (going_to(url=URL, headers={"X": "a\r\nY: b"}), "deliver.headers"),
    (going_to(url=URL, headers={"Webhook-Id": "mine"}), "deliver.headers"),
    ({**DOCUMENT, "id": "a b"}, "id"),
    ({**DOCUMENT, "colour": "red"}, "colour"),
    ({**DOCUMENT, "match": {"typ": "a"}}, "typ"),
    ({**DOCUMENT, "match": {"type": "a.**b"}}, "match.type"),
    ({**DOCUMENT, "match": {"data": {"new": {"a": [{"prefx": "b"}]}}}}, "match.data.new.a[0]"),
    ({**DOCUMENT, "action": {"name": 5}}, "action.name"),
    ({**DOCUMENT, "retry": {"max_attempts": 0}}, "retry.max_attempts"),
    ({**DOCUMENT, "retry": {"timeout_ms": "long"}}, "retry.timeout_ms"),
    ({**DOCUMENT, "limits": {"in_flight": -1}}, "limits.in_flight"),
    ({**DOCUMENT, "start": "yesterday"}, "start"),
    ({**DOCUMENT, "order": "alphabetical"}, "order"),
]


@pytest.mark.parametrize(("document", "name"), BAD, ids=[name for _, name in BAD])
def test_a_document_that_makes_no_sense_is_refused_with_the_field(
    tocsin: Up, document: dict[str, Any], name: str
) -> None:
    client = tocsin.client()
    answer = client.post("/v1/subscriptions", {"data": document})
    assert answer.status_code == 400, answer.text
    error = answer.json()
    assert error["errno"] == 107, error
    assert name in f"{error['message']} {error.get('details')}", error
    assert client.get("/v1/subscriptions").json()["data"] == []
