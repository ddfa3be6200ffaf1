"""Questions: events of phase pre, which somebody answers before anything happens."""

from typing import Any

import pytest
import requests

from harness.client import Client, Json
from harness.sink import Answer, Consumer, Sink
from harness.tocsin import Daemons, Up
from harness.waiting import until


def says(decision: str, **more: Any) -> Answer:
    return Answer(status=200, body={"decision": decision, **more})


def question(**more: Any) -> Json:
    plain = {"type": "test.record.create", "subject": "/records/1", "phase": "pre", "data": {}}
    return {"data": {**plain, **more}}


def post(client: Client, **more: Any) -> requests.Response:
    return client.post("/v1/events", question(**more))


def ask(client: Client, **more: Any) -> Json:
    answer = post(client, **more)
    assert answer.status_code == 200, (answer.status_code, answer.text)
    decided: Json = answer.json()["data"]
    return decided


def asks(consumer: Consumer, **more: Any) -> Json:
    return consumer.subscription(match={"phase": "pre"}, **more)


def test_nobody_is_asked_and_it_is_allowed(tocsin: Up) -> None:
    decided = ask(tocsin.client(), id="q-1")
    assert decided == {"decision": "allow", "id": "q-1", "answers": []}


def test_a_consumer_allows_and_denies(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("validator")
    client.subscribe(asks(consumer))
    consumer.answers_first(says("allow"), says("deny", reason="a title is needed"))
    decided = ask(client)
    assert decided["decision"] == "allow"
    assert [each["subscription"] for each in decided["answers"]] == ["validator"]
    decided = ask(client, data={"title": ""})
    assert (decided["decision"], decided["reason"]) == ("deny", "a title is needed")
    asked = consumer.deliveries[-1].json()
    assert asked["phase"] == "pre"
    assert asked["data"] == {"title": ""}
