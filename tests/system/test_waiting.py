"""Prefer: wait=N: whoever publishes has the results of the subscriptions that reply."""

import threading
from typing import Any

import requests

from harness.client import Client, Json
from harness.sink import Answer, Sink
from harness.tocsin import Daemons, Up
from harness.waiting import until

FAST = {"min_backoff_ms": 1, "max_backoff_ms": 1}


def publish(client: Client, wait: int = 10, **event: Any) -> requests.Response:
    plain = {"type": "test.thing.changed", "subject": "/things/1", "data": {}, **event}
    return client.post("/v1/events", {"data": plain}, headers={"Prefer": f"wait={wait}"})


def only(answer: requests.Response) -> Json:
    (line,) = answer.json()["data"]
    told: Json = line
    return told


def statuses(line: Json) -> dict[str, str]:
    return {each["subscription"]: each["status"] for each in line["deliveries"]}


def test_the_results_of_those_that_reply_are_the_answer(tocsin: Up, sink: Sink) -> None:
    client, consumer, other = tocsin.client(), sink.consumer("replies"), sink.consumer("other")
    client.subscribe(consumer.subscription(reply=True))
    client.subscribe(other.subscription())
    consumer.always_answers(Answer(status=200, body={"built": 17}))
    answer = publish(client)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=10")
    line = only(answer)
    assert line["status"] == "stored"
    assert statuses(line) == {"replies": "delivered"}
    assert line["deliveries"][0]["attempts"][0]["result"] == {"built": 17}
    assert client.delivery(line["id"], "replies")["attempts"] == line["deliveries"][0]["attempts"]


def test_nobody_replies_and_nobody_waits(tocsin: Up, sink: Sink) -> None:
    client, other = tocsin.client(), sink.consumer("other")
    client.subscribe(other.subscription())
    other.holds()
    answer = publish(client)
    assert (answer.status_code, only(answer)["deliveries"]) == (200, [])
    other.releases()


def test_what_has_not_ended_in_time_is_202_with_the_rest(tocsin: Up, sink: Sink) -> None:
    client, quick, slow = tocsin.client(), sink.consumer("quick"), sink.consumer("slow")
    client.subscribe(quick.subscription(reply=True))
    client.subscribe(slow.subscription(reply=True))
    slow.holds()
    answer = publish(client, wait=1)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=1")
    assert statuses(only(answer)) == {"quick": "delivered", "slow": "in_flight"}
    slow.releases()
    answer = publish(client, wait=10)
    assert answer.status_code == 200
    assert statuses(only(answer)) == {"quick": "delivered", "slow": "delivered"}


def test_a_retry_is_waited_for_and_a_dead_letter_has_ended(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True, retry={"max_attempts": 2, **FAST}))
    consumer.answers_first(Answer(status=500), Answer(status=204))
    line = only(publish(client))
    assert [each["outcome"] for each in line["deliveries"][0]["attempts"]] == ["retry", "ok"]
    consumer.always_answers(Answer(status=500))
    answer = publish(client)
    assert answer.status_code == 200
    assert statuses(only(answer)) == {"replies": "dead"}


def test_a_repeat_of_what_is_done_is_answered_at_once(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True))
    first = only(publish(client, id="once"))
    consumer.holds()
    again = publish(client, id="once")
    consumer.releases()
    assert again.status_code == 200
    line = only(again)
    assert (line["status"], line["deliveries"]) == ("duplicate", first["deliveries"])
    assert consumer.counts()["once"] == 1


def test_where_no_attempts_are_kept_the_end_is_still_waited_for(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True, attempts="none", start="earliest"))
    answer = publish(client)
    assert (answer.status_code, statuses(only(answer))) == (200, {"replies": "delivered"})


def test_a_subscription_that_is_deleted_is_waited_for_no_more(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True))
    consumer.holds()
    answers: list[requests.Response] = []
    thread = threading.Thread(target=lambda: answers.append(publish(tocsin.client(), wait=30)))
    thread.start()
    consumer.wait_for(1)
    assert client.delete("/v1/subscriptions/replies").status_code == 200
    thread.join(20)
    consumer.releases()
    assert (answers[0].status_code, only(answers[0])["deliveries"]) == (200, [])


def test_as_many_wait_as_may_and_the_others_are_told(tmp_path: Any, sink: Sink) -> None:
    with Up(tmp_path, gateway__waiting=1) as tocsin:
        client, consumer = tocsin.client(), sink.consumer("replies")
        client.subscribe(consumer.subscription(reply=True))
        consumer.holds()
        answers: list[requests.Response] = []
        thread = threading.Thread(target=lambda: answers.append(publish(tocsin.client(), wait=30)))
        thread.start()
        consumer.wait_for(1)
        answer = publish(client, wait=30)
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=0")
        assert "deliveries" not in only(answer)
        asked = client.post(
            "/v1/events",
            {"data": {"type": "a.b", "subject": "/s", "phase": "pre", "data": {}}},
        )
        assert asked.status_code == 429
        consumer.releases()
        thread.join(20)
        assert answers[0].status_code == 200


def test_a_wait_is_cut_to_what_may_be(tmp_path: Any, sink: Sink) -> None:
    with Up(tmp_path, gateway__wait_most_s=1) as tocsin:
        client, consumer = tocsin.client(), sink.consumer("replies")
        client.subscribe(consumer.subscription(reply=True))
        consumer.holds()
        answer = publish(client, wait=3600)
        assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=1")
        consumer.releases()


def test_many_events_of_one_post_are_waited_for_together(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True))
    record = {"id": "42", "last_modified": 1795489200124}
    body = {
        "payload": {
            "action": "create",
            "resource_name": "record",
            "uri": "/buckets/b/collections/c/records",
            "bucket_id": "b",
            "collection_id": "c",
            "user_id": "u",
            "timestamp": 1795489200124,
        },
        "impacted_objects": [{"new": {**record, "id": str(each)}} for each in range(5)],
    }
    answer = client.post("/v1/events", body, headers={"Prefer": "wait=20"})
    assert answer.status_code == 200, answer.text
    assert [statuses(line) for line in answer.json()["data"]] == [{"replies": "delivered"}] * 5


def test_a_broker_that_is_killed_meanwhile_has_stored_it(daemons: Daemons, sink: Sink) -> None:
    client, consumer = daemons.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True))
    daemons.start_worker()
    consumer.holds()
    answers: list[requests.Response] = []
    thread = threading.Thread(
        target=lambda: answers.append(publish(daemons.client(), wait=30, id="kept"))
    )
    thread.start()
    consumer.wait_for(1)
    daemons.broker.kill()
    thread.join(20)
    assert (answers[0].status_code, answers[0].headers["Preference-Applied"]) == (202, "wait=0")
    assert only(answers[0])["status"] == "stored"
    consumer.releases()
    daemons.start_broker()
    until(daemons.serves, "the gateway has found it")
    client.wait_for_delivery("kept", "replies", "delivered")


def test_a_broker_that_stops_answers_with_what_there_is(daemons: Daemons, sink: Sink) -> None:
    client, consumer = daemons.client(), sink.consumer("replies")
    client.subscribe(consumer.subscription(reply=True))
    daemons.start_worker()
    consumer.holds()
    answers: list[requests.Response] = []
    thread = threading.Thread(target=lambda: answers.append(publish(daemons.client(), wait=30)))
    thread.start()
    consumer.wait_for(1)
    stopping = threading.Thread(target=daemons.broker.stop)
    stopping.start()
    thread.join(20)
    assert answers[0].status_code == 202
    assert statuses(only(answers[0])) == {"replies": "in_flight"}
    consumer.releases()
    stopping.join(30)
