"""What comes of an action goes on by itself: as a new event, and to whom it is to be told."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness.client import Client, Json
from harness.sink import Answer, Sink
from harness.tocsin import Daemons, Tocsin, run
from harness.waiting import until

RUN = 'echo "$TOCSIN_EVENT_ID" >> "$0.runs"\n'  # each leaves a line beside the program
SCRIPTS = {
    "build": RUN + 'echo "{\\"built\\": \\"$TOCSIN_EVENT_SUBJECT\\"}"',
    "words": "echo 'all is well'",
    "waits": RUN + 'while ! test -e "$0.go"; do sleep 0.05; done\necho 1',
}
QUICK = {"min_backoff_ms": 20, "max_backoff_ms": 50}


@pytest.fixture
def place(public_place: Path) -> Path:
    """Where the programs are: whoever runs them has to get there, and may write there."""
    for name, script in SCRIPTS.items():
        (public_place / name).write_text(f"#!/bin/sh\n{script}\n")
        (public_place / name).chmod(0o755)
    return public_place


@pytest.fixture
def settings(place: Path) -> dict[str, Any]:
    """Of a worker that has them."""
    settings: dict[str, Any] = {}
    for name in SCRIPTS:
        settings[f"worker/exec/{name}/command"] = place / name
        if os.geteuid() == 0:
            settings[f"worker/exec/{name}/user"] = "nobody"
    return settings


@pytest.fixture
def worker(daemons: Daemons, settings: dict[str, Any]) -> str:
    name = daemons.start_worker(**settings)
    daemons.wait_for_workers(name)
    return name


def exec_of(program: str, **more: Any) -> Json:
    action = {"name": "exec", "program": program}
    return {"id": program, "match": {"type": "test.**"}, "action": action, **more}


def runs_of(place: Path, program: str) -> list[str]:
    """The events it was run for."""
    runs = place / f"{program}.runs"
    return runs.read_text().split() if runs.exists() else []


def trace_of(client: Client, event: str) -> Json:
    answer = client.get(f"/v1/events/{event}/trace")
    assert answer.status_code == 200, (answer.status_code, answer.text)
    trace: Json = answer.json()["data"]
    return trace


def show(tocsin: Tocsin, event: str) -> str:
    answer = run("show", event, f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def emitted(client: Client, cause: str, subscription: str) -> Json:
    """The event that came of it."""

    def look() -> Json | None:
        made = [
            each
            for each in trace_of(client, cause)["events"]
            if each.get("causation") == cause and each.get("via") == subscription
        ]
        return made[0] if made else None

    return until(look, f"{cause} gave an event through {subscription}")


@pytest.mark.usefixtures("worker")
def test_a_result_is_an_event_that_a_webhook_gets(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("released")
    client = daemons.client()
    client.subscribe(exec_of("build", emit={"type": "build.done"}))
    client.subscribe(consumer.subscription(match={"type": "build.done"}))
    cause = client.publish(subject="/addons/7")["id"]
    [delivery] = consumer.wait_for(1)
    event = delivery.json()
    assert event["type"] == "build.done"
    assert event["subject"] == "/addons/7"
    assert event["source"] == "tocsin"
    assert event["data"] == {"built": "/addons/7"}
    assert event["causationid"] == event["rootid"] == cause
    assert (event["via"], event["hops"]) == ("build", 1)
    assert delivery.cloud_event().get_extension("causationid") == cause
    stored = client.event(event["id"])
    assert (stored["causation"], stored["root"]) == (cause, cause)
    assert (stored["via"], stored["hops"]) == ("build", 1)


@pytest.mark.usefixtures("worker")
def test_a_consumer_that_is_down_gets_the_result_later_and_nothing_is_run_again(
    daemons: Daemons, place: Path, sink: Sink
) -> None:
    consumer = sink.consumer("builds")
    consumer.answers_first(*[Answer(503)] * 3)
    client = daemons.client()
    deliver = {"url": consumer.url, "secret": consumer.secret}
    client.subscribe(exec_of("build", deliver=deliver, results={"retry": QUICK}))
    cause = client.publish()["id"]
    deliveries = consumer.wait_for(4)
    assert {each.json()["type"] for each in deliveries} == {"tocsin.result"}
    assert deliveries[-1].json()["causationid"] == cause
    result = deliveries[-1].id
    delivery = client.wait_for_delivery(result, "build~results", "delivered")
    assert [each["outcome"] for each in delivery["attempts"]] == ["retry"] * 3 + ["ok"]
    assert runs_of(place, "build") == [cause]


@pytest.mark.usefixtures("worker")
def test_words_that_are_no_json_are_a_string(daemons: Daemons) -> None:
    client = daemons.client()
    client.subscribe(exec_of("words", emit={"type": "said", "subject": "/x", "source": "urn:me"}))
    cause = client.publish()["id"]
    result = client.event(emitted(client, cause, "words")["id"])
    assert result["data"] == "all is well"
    assert (result["subject"], result["source"]) == ("/x", "urn:me")


@pytest.mark.usefixtures("worker")
def test_a_loop_ends_with_a_dead_letter_that_shows_the_path(daemons: Daemons, place: Path) -> None:
    client = daemons.client()
    client.subscribe(exec_of("build", emit={"type": "test.again"}))
    cause = client.publish()["id"]

    def end() -> Json | None:
        letters = client.get("/v1/subscriptions/build/dead-letters").json()["data"]
        return letters[0] if letters else None

    letter = until(end, "the loop ends")
    assert letter["reason"] == "HOPS"
    assert f"16 actions lie between {cause} and this event" in letter["last_attempt"]["error"]
    assert len(runs_of(place, "build")) == 16
    last = letter["event"]["id"]
    trace = trace_of(client, last)
    assert trace["root"] == cause
    assert trace["is_whole"]
    assert [step.get("via") for step in trace["path"]] == [None] + ["build"] * 16
    assert [trace["path"][0]["event"], trace["path"][-1]["event"]] == [cause, last]
    assert [each["hops"] for each in trace["events"] if "hops" in each] == list(range(1, 17))
    assert "! build: dead (HOPS): not begun: 16 actions" in show(daemons, cause)


@pytest.mark.usefixtures("worker")
def test_the_tree_of_causes_is_drawn(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("builds")
    client = daemons.client()
    client.subscribe(exec_of("build", emit={"type": "build.done"}))
    said = {"emit": {"type": "said"}, "deliver": {"url": consumer.url, "secret": consumer.secret}}
    client.subscribe(exec_of("words", **said, match={"type": "build.done"}))
    cause = client.publish()["id"]
    built = emitted(client, cause, "build")["id"]
    told = emitted(client, built, "words")["id"]
    assert consumer.wait_for(1)[0].id == told
    by_hand = client.publish(type="test.by.hand", causation=cause, root=cause, hops=1)["id"]
    until(lambda: len(trace_of(client, built)["events"]) >= 4, "all of it is there")
    drawn = show(daemons, built)
    assert f"    {cause}  test.thing.changed\n" in drawn
    assert f"    ├─ build: {built}  build.done  <- this one\n" in drawn
    assert f"    │  └─ words: {told}  said\n" in drawn
    assert f"─ {by_hand}  test.by.hand\n" in drawn
    [delivery] = next(each for each in trace_of(client, told)["events"] if each["id"] == told)[
        "deliveries"
    ]
    assert delivery == {"subscription": "words~results", "status": "delivered", "attempts": 1}


def test_an_event_that_is_not_there_has_no_tree(daemons: Daemons) -> None:
    assert daemons.client().get("/v1/events/nobody/trace").status_code == 404


def test_a_broker_that_is_killed_over_it_gives_one_event(
    daemons: Daemons, worker: str, place: Path, sink: Sink
) -> None:
    """The action is done, and may be done again; what comes of it comes once."""
    consumer = sink.consumer("released")
    client = daemons.client()
    client.subscribe(exec_of("waits", emit={"type": "build.done"}, retry=QUICK))
    client.subscribe(consumer.subscription(match={"type": "build.done"}))
    cause = client.publish()["id"]
    until(lambda: runs_of(place, "waits"), "it runs")
    daemons.broker.kill()
    (place / "waits.go").touch()
    daemons.start_broker()
    until(daemons.serves, "the broker is back")
    daemons.wait_for_workers(worker)
    client.wait_for_delivery(cause, "waits", "delivered")
    result = emitted(client, cause, "waits")["id"]
    consumer.wait_for_ids([result])
    assert len(trace_of(client, cause)["events"]) == 2
    assert set(consumer.counts()) == {result}


def test_a_worker_that_is_killed_over_it_gives_one_event(
    daemons: Daemons, settings: dict[str, Any], worker: str, place: Path
) -> None:
    client = daemons.client()
    client.subscribe(exec_of("waits", emit={"type": "build.done"}, retry=QUICK))
    cause = client.publish()["id"]
    until(lambda: runs_of(place, "waits"), "it runs")
    daemons.workers[worker].kill()
    (place / "waits.go").touch()
    other = daemons.start_worker(**settings)
    daemons.wait_for_workers(other)
    client.wait_for_delivery(cause, "waits", "delivered")
    emitted(client, cause, "waits")
    assert len(trace_of(client, cause)["events"]) == 2
    assert len(runs_of(place, "waits")) == 2


@pytest.mark.usefixtures("worker")
def test_a_companion_is_paused_and_deleted_with_its_subscription(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("builds")
    client = daemons.client()
    deliver = {"url": consumer.url, "secret": consumer.secret}
    made = client.subscribe(exec_of("build", deliver=deliver))
    listed = [each["id"] for each in client.get("/v1/subscriptions").json()["data"]]
    assert listed == ["build"]
    assert client.post("/v1/subscriptions/build/pause").status_code == 200
    paused = client.get("/v1/subscriptions/build~results").json()["data"]
    assert paused["paused"]
    assert paused["results_of"] == "build"
    assert "secret" not in paused["deliver"]
    assert client.post("/v1/subscriptions/build/resume").status_code == 200
    client.publish()
    consumer.wait_for(1)
    assert client.delete("/v1/subscriptions/build~results").status_code == 400
    assert client.delete("/v1/subscriptions/build").status_code == 200
    assert client.get("/v1/subscriptions/build~results").status_code == 404
    assert made["results"]["retry"]["max_attempts"] > 1


@pytest.mark.usefixtures("worker")
def test_a_companion_is_asked_by_its_name(daemons: Daemons, place: Path, sink: Sink) -> None:
    """Its state, its dead letters, and its results once more; no action is done for any of it."""
    consumer = sink.consumer("builds")
    consumer.always_answers(Answer(500))
    client = daemons.client()
    deliver = {"url": consumer.url, "secret": consumer.secret}
    once = {"retry": {"max_attempts": 1}}
    client.subscribe(exec_of("build", deliver=deliver, results=once))
    cause = client.publish()["id"]
    result = emitted(client, cause, "build")["id"]
    client.wait_for_delivery(result, "build~results", "dead")
    login = (f"--url={daemons.url}", f"--token={daemons.token}")
    assert "build~results" in run("status", "build~results", *login).stdout
    assert result in run("dead-letters", "build~results", *login).stdout
    assert "! build~results: dead (USED_UP)" in show(daemons, cause)
    consumer.always_answers(Answer())
    assert run("redrive", "build~results", "--all", *login).returncode == 0
    client.wait_for_delivery(result, "build~results", "delivered")
    before = len(consumer.deliveries)
    assert run("replay", "build~results", "--from=earliest", *login).returncode == 0
    assert consumer.wait_for(before + 1)[-1].id == result
    assert runs_of(place, "build") == [cause]
