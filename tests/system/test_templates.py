"""Texts of a subscription that the event fills: URL, headers, body; and pages that show them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from harness.sink import Consumer, Delivery, Sink
from harness.tocsin import Up

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TITLE = 'Caf\u00e9 "x"\r\nX-Evil: 1/../?a=b'


def deliver(tocsin: Up, consumer: Consumer, data: Any, **more: Any) -> Delivery:
    """One event to a consumer whose `deliver` has more than a URL; how it arrived."""
    tocsin.client().subscribe(consumer.subscription(deliver=more))
    tocsin.client().publish(type="chat.said", subject="/rooms/1", data=data)
    return consumer.wait_for(1)[0]


def test_url_and_headers_are_filled_and_no_value_breaks_out(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("room")
    delivery = deliver(
        tocsin,
        consumer,
        {"title": TITLE, "n": 7},
        url=consumer.url + "/{type}/{/n}{+subject}?q={/title}&none={/none}",
        headers={"X-Title": "<{/title}>", "X-Plain": "as it is", "X-None": "{/none}"},
    )
    quoted = "Caf%C3%A9%20%22x%22%0D%0AX-Evil%3A%201%2F..%2F%3Fa%3Db"
    assert delivery.path == f"/room/chat.said/7/rooms/1?q={quoted}&none="
    assert delivery.headers["x-title"].encode("latin-1").decode() == (
        '<Caf\u00e9 "x"  X-Evil: 1/../?a=b>'
    )
    assert delivery.headers["x-plain"] == "as it is"
    assert delivery.headers["x-none"] == ""
    assert "x-evil" not in delivery.headers
    assert delivery.cloud_event().get_type() == "chat.said"


def test_a_body_is_a_document_whose_strings_are_filled(tocsin: Up, sink: Sink) -> None:
    body = {"text": "{/title}!", "n": "{/n}", "tags": ["{/none}", "{{}}"], "all": "{data}"}
    data = {"title": TITLE, "n": 7}
    delivery = deliver(tocsin, sink.consumer("room"), data, body=body)
    assert delivery.headers["content-type"] == "application/json"
    assert delivery.json() == {"text": TITLE + "!", "n": 7, "tags": [None, "{}"], "all": data}


@pytest.mark.parametrize(
    ("content_type", "body", "arrives"),
    [
        (None, "{type}: {/title}", 'chat.said: a "b" & c'),
        ("application/json", '{{"text": "{/title}"}}', '{"text": "a \\"b\\" & c"}'),
        ("application/x-www-form-urlencoded", "t={/title}", "t=a%20%22b%22%20%26%20c"),
    ],
)
def test_a_body_that_is_a_text_is_escaped_by_its_type(
    tocsin: Up, sink: Sink, content_type: str | None, body: str, arrives: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    delivery = deliver(
        tocsin, sink.consumer("room"), {"title": 'a "b" & c'}, body=body, headers=headers
    )
    assert delivery.body.decode() == arrives
    assert delivery.headers["content-type"] == content_type or "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "deliver.url: the URL has no {/room}: the event lacks it, and there is no default"),
        ({"room": ".."}, "deliver.url: the URL would have a path with . or .. in it: "),
        ({"room": "x" * 9000}, "deliver.url: filled, the template is larger than 8192 bytes"),
    ],
)
def test_what_cannot_be_filled_is_a_dead_letter(
    tocsin: Up, sink: Sink, data: Any, error: str
) -> None:
    consumer = sink.consumer("room")
    client = tocsin.client()
    client.subscribe(consumer.subscription(deliver={"url": consumer.url + "/{/room}"}))
    event = client.publish(data=data)["id"]
    delivery = client.wait_for_delivery(event, "room", "dead")
    assert delivery["attempts"][0]["error"].startswith(error)
    assert not consumer.deliveries


@pytest.mark.parametrize(
    ("deliver", "name"),
    [
        ({"url": "http://{/host}/x"}, "deliver.url"),
        ({"url": "http://127.0.0.1:{/port}/x"}, "deliver.url"),
        ({"url": "http://127.0.0.1/{/x"}, "deliver.url"),
        ({"url": "http://h/", "headers": {"X-A": "{titel}"}}, "deliver.headers.X-A"),
        ({"url": "http://h/", "headers": {"Content-Type": "a/b"}}, "deliver.headers.Content-Type"),
        (
            {"url": "http://h/", "headers": {"Content-Type": "{id}"}, "body": ""},
            "deliver.headers.Content-Type",
        ),
        ({"url": "http://h/", "body": {"a": [{"b": "}"}]}}, "deliver.body.a[0].b"),
    ],
)
def test_what_is_no_template_is_refused_with_its_place(
    tocsin: Up, deliver: dict[str, Any], name: str
) -> None:
    answer = tocsin.client().post("/v1/subscriptions", {"data": {"match": {}, "deliver": deliver}})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["name"] == name
    assert answer.json()["message"].startswith(name)


def blocks(page: str) -> list[Any]:
    """The JSON documents of a page of docs/examples, in order."""
    text = (EXAMPLES / page).read_text()
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def subscribe_as_told(tocsin: Up, sink: Sink, subscription: Any, name: str) -> Consumer:
    """As a page has it, but for its host and secret."""
    consumer = sink.consumer(name)
    text = json.dumps(subscription).replace("https://chat.example/", f"{sink.url}/")
    told = json.loads(text)["data"]
    told["deliver"]["secret"] = consumer.secret
    tocsin.client().subscribe(told)
    return consumer


def test_the_page_about_chat_does_what_it_says(tocsin: Up, sink: Sink) -> None:
    subscription, event, message, by_status, short = blocks("chat.md")
    room = subscribe_as_told(tocsin, sink, subscription, "hooks")
    status = subscribe_as_told(tocsin, sink, by_status, "status")
    client = tocsin.client()
    client.post_until_accepted(event)
    delivery = room.wait_for(1)[0]
    assert delivery.path == "/hooks/XXXX"
    assert delivery.json() == message
    assert status.wait_for(1)[0].json() == short
    event["data"]["data"]["old"]["status"] = "signed"
    same = client.post_until_accepted(event)[0]["id"]
    client.wait_for_delivery(same, "addons-status", "skipped")
    assert len(status.deliveries) == 1
