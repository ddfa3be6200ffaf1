"""Questions: events of phase pre, which somebody answers before anything happens."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.client import Client, Json
from harness.sink import Answer, Consumer, Sink
from harness.tocsin import Daemons, Up


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


def test_changes_of_several_become_one(tocsin: Up, sink: Sink) -> None:
    client, first, second = tocsin.client(), sink.consumer("a"), sink.consumer("b")
    client.subscribe(asks(second))
    client.subscribe(asks(first))
    first.always_answers(says("allow", object={"title": "of a", "checked": True}))
    second.always_answers(says("allow", reason="tidied", object={"title": "of b", "draft": None}))
    decided = ask(client)
    assert decided["decision"] == "allow"
    assert decided["reason"] == "tidied"
    assert decided["object"] == {"title": "of b", "checked": True, "draft": None}
    assert [each["subscription"] for each in decided["answers"]] == ["a", "b"]


def test_the_first_that_denies_gives_the_reason_and_changes_nothing(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    for name, answer in (
        ("a", says("allow", object={"x": 1})),
        ("b", says("deny", reason="b says no")),
        ("c", says("deny", reason="c says no")),
    ):
        consumer = sink.consumer(name)
        client.subscribe(asks(consumer))
        consumer.always_answers(answer)
    decided = ask(client)
    assert (decided["decision"], decided["reason"]) == ("deny", "b says no")
    assert "object" not in decided


def test_nothing_of_a_question_is_stored(tocsin: Up, sink: Sink) -> None:
    client, asked, stored = tocsin.client(), sink.consumer("asked"), sink.consumer("stored")
    client.subscribe(asks(asked))
    client.subscribe(stored.subscription())
    asked.always_answers(says("deny"))
    assert ask(client, id="q-1")["decision"] == "deny"
    assert client.get("/v1/events/q-1").status_code == 404
    event = client.publish()["id"]
    stored.wait_for_ids([event])
    assert asked.counts() == {"q-1": 1}
    assert stored.counts() == {event: 1}
    assert tocsin.metric("tocsin_questions_total") == 1
    assert tocsin.metric("tocsin_answers_total") == 1
    assert tocsin.metric("tocsin_answers_awaited") == 0


@pytest.mark.parametrize("on_silence", ["allow", "deny"])
def test_silence_means_what_the_subscription_says(tocsin: Up, sink: Sink, on_silence: str) -> None:
    client, consumer = tocsin.client(), sink.consumer("mute")
    client.subscribe(asks(consumer, ask={"timeout_ms": 200, "on_silence": on_silence}))
    consumer.holds()
    decided = ask(client)
    consumer.releases()
    assert decided["decision"] == on_silence
    (answer,) = decided["answers"]
    assert (answer["silence"], answer["decision"]) == ("LATE", on_silence)
    assert answer["duration_ms"] >= 200


@pytest.mark.parametrize(
    ("answer", "silence", "words"),
    [
        (Answer(status=200, body={"ok": True}), "BAD_ANSWER", "no decision"),
        (Answer(status=200, body="allow"), "BAD_ANSWER", "no JSON object"),
        (Answer(status=200, body={"decision": "maybe"}), "BAD_ANSWER", '"maybe"'),
        (Answer(status=200, body={"decision": "deny", "reason": 1}), "BAD_ANSWER", "reason"),
        (says("allow", object="x" * 100_000), "BAD_ANSWER", "no JSON object"),
        (Answer(status=403, body={"decision": "deny"}), "FAILED", "answered 403"),
        (Answer(status=500), "FAILED", "answered 500"),
        (Answer(hangs_up=True), "FAILED", "without an answer"),
    ],
)
def test_what_is_no_answer_is_silence_with_its_reason(
    tocsin: Up, sink: Sink, answer: Answer, silence: str, words: str
) -> None:
    client, consumer = tocsin.client(), sink.consumer("garbled")
    client.subscribe(asks(consumer, ask={"on_silence": "deny"}))
    consumer.always_answers(answer)
    decided = ask(client)
    assert (decided["decision"], decided["answers"][0]["silence"]) == ("deny", silence)
    assert words in decided["answers"][0]["error"]
    assert decided["reason"] == decided["answers"][0]["error"]


def test_an_empty_answer_allows(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("content")
    client.subscribe(asks(consumer, ask={"on_silence": "deny"}))
    assert ask(client)["decision"] == "allow"


def test_a_long_answer_is_read_whole(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("wordy")
    client.subscribe(asks(consumer))
    text = "é" * 10_000
    consumer.always_answers(says("allow", object={"text": text}))
    assert ask(client)["object"] == {"text": text}


def test_the_data_arrives_as_it_was_sent(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("exact")
    client.subscribe(asks(consumer, deliver={"format": "raw"}))
    data = '{"n": 1.0, "big": 123456789012345678901234567890, "s": "\\u00e9\\n"}'
    body = '{"data": {"type": "a.b", "subject": "/s", "phase": "pre", "data": ' + data + "}}"
    answer = client.request(
        "POST", "/v1/events", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    assert consumer.deliveries[0].body.decode() == data


def test_counter_has_nothing_against_anything(tocsin: Up) -> None:
    client = tocsin.client()
    client.subscribe({"id": "n", "match": {"phase": "pre"}, "action": {"name": "counter"}})
    (answer,) = ask(client)["answers"]
    assert answer["decision"] == "allow"
    assert "silence" not in answer


def test_one_that_is_paused_is_not_asked(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("paused")
    client.subscribe(asks(consumer))
    consumer.always_answers(says("deny"))
    assert client.post("/v1/subscriptions/paused/pause").status_code == 200
    assert ask(client)["answers"] == []
    assert client.post("/v1/subscriptions/paused/resume").status_code == 200
    assert ask(client)["decision"] == "deny"


def test_without_a_worker_it_is_silence(daemons: Daemons, sink: Sink) -> None:
    client, consumer = daemons.client(), sink.consumer("lonely")
    client.subscribe(asks(consumer, ask={"timeout_ms": 100, "on_silence": "deny"}))
    decided = ask(client)
    assert (decided["decision"], decided["answers"][0]["silence"]) == ("deny", "NO_WORKER")


def test_another_worker_is_asked_when_one_is_killed(daemons: Daemons, sink: Sink) -> None:
    client, consumer = daemons.client(), sink.consumer("validator")
    client.subscribe(asks(consumer, ask={"timeout_ms": 30000, "on_silence": "allow"}))
    first = daemons.start_worker()
    daemons.wait_for_workers(first)
    consumer.holds()
    answers: list[Json] = []
    asking = threading.Thread(target=lambda: answers.append(ask(daemons.client())))
    asking.start()
    consumer.wait_for(1)
    consumer.always_answers(says("deny", reason="asked again"))
    daemons.workers[first].kill()
    consumer.releases()
    daemons.start_worker()
    asking.join(30)
    assert (answers[0]["decision"], answers[0]["reason"]) == ("deny", "asked again")
    assert answers[0]["answers"][0]["worker"] == "worker-2"


def test_a_broker_that_is_away_is_503_in_time(tmp_path: Path, sink: Sink) -> None:
    with Daemons(tmp_path, gateway__ask_timeout_ms=1000, gateway__broker_timeout_ms=200) as daemons:
        client, consumer = daemons.client(), sink.consumer("validator")
        client.subscribe(asks(consumer, ask={"timeout_ms": 60000}))
        daemons.start_worker()
        consumer.holds()
        statuses: list[int] = []
        asking = threading.Thread(
            target=lambda: statuses.append(post(daemons.client()).status_code)
        )
        asking.start()
        consumer.wait_for(1)
        daemons.broker.kill()
        asking.join(10)
        assert statuses == [503]
        consumer.releases()
        answer = post(client)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_a_broker_that_stops_answers_503(daemons: Daemons, sink: Sink) -> None:
    client, consumer = daemons.client(), sink.consumer("validator")
    client.subscribe(asks(consumer, ask={"timeout_ms": 60000}))
    daemons.start_worker()
    consumer.holds()
    statuses: list[int] = []
    asking = threading.Thread(target=lambda: statuses.append(post(daemons.client()).status_code))
    asking.start()
    consumer.wait_for(1)
    daemons.broker.stop()
    asking.join(10)
    consumer.releases()
    assert statuses == [503]


def test_a_client_may_have_less_time(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("slow")
    client.subscribe(asks(consumer, ask={"timeout_ms": 60000}))
    consumer.holds()
    answer = client.post("/v1/events", question(), headers={"Prefer": "wait=1"})
    consumer.releases()
    assert (answer.status_code, answer.json()["data"]["answers"][0]["silence"]) == (200, "LATE")
    assert answer.json()["data"]["answers"][0]["duration_ms"] < 1000


def test_questions_beyond_the_limit_are_429(tmp_path: Path, sink: Sink) -> None:
    with Up(tmp_path, limits__questions=1) as tocsin:
        client, consumer = tocsin.client(), sink.consumer("busy")
        client.subscribe(asks(consumer))
        consumer.holds()
        answers: list[Json] = []
        asking = threading.Thread(target=lambda: answers.append(ask(tocsin.client())))
        asking.start()
        consumer.wait_for(1)
        answer = post(client)
        assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
        consumer.always_answers(says("allow"))
        consumer.releases()
        asking.join(10)
        assert answers[0]["decision"] == "allow"
        assert len(consumer.deliveries) == 1


def test_what_makes_no_sense_for_a_question_is_refused(tocsin: Up, sink: Sink) -> None:
    client, consumer = tocsin.client(), sink.consumer("odd")

    def refused(where: str, **members: Any) -> None:
        answer = client.post("/v1/subscriptions", {"data": consumer.subscription(**members)})
        assert answer.status_code == 400, answer.text
        assert answer.json()["details"][0]["name"] == where

    refused("ask", ask={})
    refused("ask.on_silence", match={"phase": "pre"}, ask={"on_silence": "shrug"})
    refused("ask.timeout_ms", match={"phase": "pre"}, ask={"timeout_ms": 0})
    refused("reply", match={"phase": "pre"}, reply=True)
    refused("batch", match={"phase": "pre"}, batch={"max_events": 2})
    refused("emit", match={"phase": "pre"}, emit={"type": "a.b"})
    refused("mode", match={"phase": "pre"}, mode="broadcast")


PROGRAM = """#!/bin/sh
if grep -q '"title": *""' ; then
    echo '{"decision": "deny", "reason": "a title is needed"}'
fi
"""


def test_a_program_answers_on_stdout(daemons: Daemons, public_place: Path) -> None:
    program = public_place / "validate"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    broken = public_place / "broken"
    broken.write_text("#!/bin/sh\necho 'no module named x' >&2\nexit 1\n")
    broken.chmod(0o755)
    settings: dict[str, Any] = {}
    for path in (program, broken):
        settings[f"worker/exec/{path.name}/command"] = path
        if os.geteuid() == 0:
            settings[f"worker/exec/{path.name}/user"] = "nobody"
    daemons.wait_for_workers(daemons.start_worker(**settings))
    client = daemons.client()

    def subscribe(name: str, type: str) -> None:
        client.subscribe(
            {
                "id": name,
                "match": {"phase": "pre", "type": type},
                "action": {"name": "exec", "program": name},
                "ask": {"timeout_ms": 30000},
            }
        )

    subscribe("validate", "a.record")
    subscribe("broken", "a.broken")
    assert ask(client, type="a.record", data={"title": "x"})["decision"] == "allow"
    decided = ask(client, type="a.record", data={"title": ""})
    assert (decided["decision"], decided["reason"]) == ("deny", "a title is needed")
    (answer,) = ask(client, type="a.broken")["answers"]
    assert (answer["silence"], answer["decision"]) == ("FAILED", "allow")
    assert answer["error"] == "exit code 1: no module named x"
