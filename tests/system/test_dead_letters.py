"""Dead letters: listed with what happened, tried again one, some or all, or given up."""

from typing import Any

import pytest

from harness.client import Client
from harness.sink import Answer, Consumer, Sink
from harness.tocsin import Up
from harness.waiting import until

Json = dict[str, Any]
SCHEDULE: Json = {"retry": {"max_attempts": 2, "schedule_ms": [1]}, "breaker": {"failures": 0}}


def letters(client: Client, subscription: str, **filters: object) -> list[Json]:
    """All pages of them."""
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    path = f"/v1/subscriptions/{subscription}/dead-letters?_limit=7&{query}"
    found: list[Json] = []
    while True:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        if "Next-Page" not in answer.headers:
            return found
        path = answer.headers["Next-Page"].removeprefix(client.url)


def ids(found: list[Json]) -> list[str]:
    return [letter["event"]["id"] for letter in found]


def redrive(client: Client, subscription: str, body: Json | None = None) -> Json:
    answer = client.post(
        f"/v1/subscriptions/{subscription}/dead-letters/redrive", body and {"data": body}
    )
    assert answer.status_code in (200, 202), answer.text
    made: Json = answer.json()["data"]
    return made


@pytest.fixture
def shop(tocsin: Up, sink: Sink) -> Consumer:
    """A consumer that had twenty events, answered 500 to every attempt, and is well again."""
    consumer = sink.consumer("shop")
    consumer.always_answers(Answer(500))
    client = tocsin.client()
    client.subscribe(consumer.subscription(match={"type": "shop.**"}, **SCHEDULE))
    for number in range(20):
        kind = "shop.order" if number % 2 else "shop.refund"
        client.publish(id=f"e{number}", type=kind, subject=f"/things/{number}")
    until(lambda: len(letters(client, "shop")) == 20, "all of them are dead")
    consumer.always_answers(Answer(204))
    return consumer


def test_they_are_listed_with_their_events_and_errors(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    found = letters(client, shop.name)
    assert ids(found) == [f"e{number}" for number in range(20)]
    letter = found[3]
    assert letter["event"]["type"] == "shop.order"
    assert letter["event"]["subject"] == "/things/3"
    assert (letter["status"], letter["reason"]) == ("dead", "USED_UP")
    assert letter["text"] == "its attempts are used up"
    assert (letter["attempts"], letter["crashes"]) == (2, 0)
    assert letter["died"] >= letter["event"]["accepted"]
    assert letter["last_attempt"]["http_status"] == 500
    assert letter["last_attempt"]["error"]
    assert client.get("/v1/subscriptions/shop/state").json()["data"]["dead"] == 20
    assert tocsin.metric("tocsin_dead_letters") == 20


def test_a_list_may_be_of_a_type_a_reason_a_time(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    odd = [f"e{number}" for number in range(1, 20, 2)]
    assert ids(letters(client, shop.name, type="shop.order")) == odd
    assert ids(letters(client, shop.name, subject="/things/7")) == ["e7"]
    assert letters(client, shop.name, reason="FINAL") == []
    died = letters(client, shop.name)[10]["died"]
    before = letters(client, shop.name, before=died)
    after = letters(client, shop.name, after=died)
    assert len(before) + len(after) == 20
    assert "e10" in ids(after)


def test_one_is_redriven_and_keeps_its_history(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    answer = client.post("/v1/subscriptions/shop/dead-letters/e7/redrive")
    assert answer.json() == {"data": {"redriven": 1, "status": "done"}}
    delivery = client.wait_for_delivery("e7", "shop", "delivered")
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["retry", "retry", "ok"]
    assert "e7" not in ids(letters(client, shop.name))
    assert client.post("/v1/subscriptions/shop/dead-letters/e7/redrive").status_code == 404


def test_those_of_a_filter_are_redriven(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    assert redrive(client, "shop", {"filter": {"type": "shop.refund"}})["redriven"] == 10
    for number in range(0, 20, 2):
        client.wait_for_delivery(f"e{number}", "shop", "delivered")
    assert ids(letters(client, shop.name)) == [f"e{number}" for number in range(1, 20, 2)]


def test_all_are_redriven_at_a_rate(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    before = len(shop.wait_for(40))
    assert redrive(client, "shop", {"rate_per_second": 20})["redriven"] == 20
    deliveries = shop.wait_for(before + 20)[before:]
    #   Nineteen pauses of 50 ms; the clocks of two processes differ a little.
    assert deliveries[-1].at - deliveries[0].at > 0.9
    assert letters(client, shop.name) == []


def test_what_dies_again_is_listed_again(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    shop.always_answers(Answer(500))
    assert redrive(client, "shop")["redriven"] == 20
    until(lambda: len(letters(client, "shop")) == 20, "all of them are dead again")
    assert {letter["attempts"] for letter in letters(client, "shop")} == {4}
    shop.always_answers(Answer(204))
    redrive(client, "shop")
    for number in range(20):
        client.wait_for_delivery(f"e{number}", "shop", "delivered")


def test_what_is_discarded_is_gone_for_good(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    path = "/v1/subscriptions/shop/dead-letters"
    assert client.delete(f"{path}/e7").json() == {"data": {"discarded": 1, "status": "done"}}
    assert client.delivery("e7", "shop")["status"] == "skipped"
    assert client.delete(f"{path}/e7").status_code == 404
    gone = client.delete(f"{path}?type=shop.order").json()["data"]
    assert gone == {"discarded": 9, "status": "done"}
    assert client.delete(f"{path}?typo=shop.order").status_code == 400
    assert len(letters(client, shop.name)) == 10
    assert client.delete(path).json()["data"]["discarded"] == 10
    assert letters(client, shop.name) == []
    assert redrive(client, "shop") == {"redriven": 0, "status": "done"}
    assert set(shop.counts().values()) == {2}


def test_redriven_letters_survive_kill_9(tocsin: Up, shop: Consumer) -> None:
    client = tocsin.client()
    assert redrive(client, "shop", {"rate_per_second": 0.5})["redriven"] == 20
    tocsin.kill()
    tocsin.start()
    client = tocsin.client()
    waiting = client.get("/v1/subscriptions/shop/deliveries?status=retry").json()["data"]
    assert len(waiting) >= 15
    assert letters(client, shop.name) == []


def test_there_are_many(tocsin: Up, sink: Sink) -> None:
    """More than the core tries again at a time; it goes on by itself."""
    consumer = sink.consumer("many")
    consumer.always_answers(Answer(500))
    client = tocsin.client()
    once = {"retry": {"max_attempts": 1}, "breaker": {"failures": 0}, "attempts": "failures"}
    client.subscribe(consumer.subscription(**once))
    number = 3000
    for first in range(0, number, 500):
        objects = [
            {"new": {"id": f"r{each}", "last_modified": 1795490721762 + each}}
            for each in range(first, first + 500)
        ]
        payload = {"action": "create", "resource_name": "record"}
        payload |= {"bucket_id": "b", "collection_id": "c"}
        client.post_until_accepted({"payload": payload, "impacted_objects": objects})

    def state() -> Json:
        found: Json = client.get("/v1/subscriptions/many/state").json()["data"]
        return found

    until(lambda: state()["dead"] == number, "all of them are dead", 120)
    consumer.always_answers(Answer(204))
    assert redrive(client, "many")["status"] == "running"
    busy = client.post("/v1/subscriptions/many/dead-letters/redrive")
    assert busy.status_code in (202, 409)
    until(lambda: state()["dead"] == 0 and state()["retries"] == 0, "all are redriven", 120)
    until(lambda: len(consumer.wait_for(2 * number)) == 2 * number, "each came twice", 120)
    until(lambda: "job" not in state(), "the work is over")
