"""An event is made into another before the action gets it, by a program that can do no harm."""

from typing import Any

import pytest

from harness.sink import Consumer, Sink
from harness.tocsin import Daemons, Up, run


def transformed(consumer: Consumer, program: str, **more: Any) -> dict[str, Any]:
    return consumer.subscription(transform={"jq": program}, **more)


def test_a_consumer_gets_what_the_transform_makes(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = tocsin.client()
    program = '{text: "\\(.data.title) (\\(.type))", n: (.data.list | length)}'
    client.subscribe(transformed(consumer, program))
    event = client.publish(type="a.b", data={"title": "x", "list": [1, 2]})["id"]
    delivery = consumer.wait_for(1)[0]
    assert delivery.id == event
    assert delivery.cloud_event().get_data() == {"text": "x (a.b)", "n": 2}
    assert client.event(event)["data"] == {"title": "x", "list": [1, 2]}


def test_what_is_raw_and_what_is_templated_see_it_too(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    raw, filled = sink.consumer("raw"), sink.consumer("filled")
    client.subscribe(transformed(raw, ".data.a", deliver={"format": "raw"}))
    client.subscribe(transformed(filled, "{t: .data.a}", deliver={"body": "<{/t}>"}))
    client.publish(data={"a": "x"})
    assert raw.wait_for(1)[0].body == b'"x"'
    assert raw.deliveries[0].headers["content-type"] == "application/json"
    assert filled.wait_for(1)[0].body == b"<x>"


def test_no_value_is_a_delivery_that_is_skipped(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = tocsin.client()
    client.subscribe(transformed(consumer, "select (.data.n > 3) | .data"))
    small, large = client.publish(data={"n": 1})["id"], client.publish(data={"n": 5})["id"]
    delivery = client.wait_for_delivery(small, "shop", "skipped")
    assert delivery["attempts"][0]["outcome"] == "skip"
    assert delivery["attempts"][0]["error"] == "transform.jq gave nothing"
    client.wait_for_delivery(large, "shop", "delivered")
    assert [each.id for each in consumer.deliveries] == [large]
    explained = run("explain", small, "shop", f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert "transform.jq gave nothing" in explained.stdout


@pytest.mark.parametrize(
    ("program", "error"),
    [
        (".data, 2", "it gives more than one value: put [ ] around it"),
        (".data.a.b", 'Cannot index number with string "b"'),
        ("def f: f; f", "it was stopped: it took too long"),
        ("[range (100)] | until (false; . + .)", "it was stopped: it wanted more than 256 MiB"),
        ("reduce range (400000) as $i (null; [.]) | 1", "it crashed"),
        ("input", "break"),
    ],
)
def test_a_program_that_fails_is_a_dead_letter_and_the_next_is_well(
    daemons: Daemons, sink: Sink, program: str, error: str
) -> None:
    time_ms = "300" if "f: f" in program else "20000"
    daemons.wait_for_workers(daemons.start_worker(**{"worker/transform_ms": time_ms}))
    client = daemons.client()
    bad, good = sink.consumer("bad"), sink.consumer("good")
    client.subscribe(transformed(bad, program))
    client.subscribe(transformed(good, "[.data, env, $ENV, input_filename]"))
    event = client.publish(data={"a": 1})["id"]
    delivery = client.wait_for_delivery(event, "bad", "dead")
    assert delivery["attempts"][0]["error"].startswith(f"transform.jq: {error}")
    assert len(delivery["attempts"]) == 1
    assert good.wait_for(1)[0].json()["data"] == [{"a": 1}, {}, {}, None]
    assert not bad.deliveries


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ({"jq": "foo"}, "transform.jq: foo/0 is not defined at <top-level>, line 1: foo"),
        ({"jq": ".["}, "transform.jq: syntax error, unexpected $end at <top-level>, line 1: .["),
        ({"jq": 'include "x"; .'}, "transform.jq: module not found: x"),
        ({"jq": 7}, "transform.jq: it is a program of jq, of 1 to 16384 bytes"),
        ({"jq": "x" * 17000}, "transform.jq: it is a program of jq, of 1 to 16384 bytes"),
        ({"awk": "1"}, 'transform: "awk" is no member of it; there are jq'),
    ],
)
def test_what_is_no_program_is_refused_in_jqs_own_words(
    tocsin: Up, transform: dict[str, Any], message: str
) -> None:
    body = {"data": {"match": {}, "deliver": {"url": "http://h/"}, "transform": transform}}
    for answer in (
        tocsin.client().post("/v1/subscriptions", body),
        tocsin.client().put("/v1/subscriptions/s", body),
    ):
        assert answer.status_code == 400
        assert answer.json()["message"] == message
        assert answer.json()["details"][0]["name"] == message.partition(":")[0]
