"""What comes of an action goes on by itself: as a new event, and to whom it is to be told."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness.client import Client, Json
from harness.sink import Answer, Sink
from harness.tocsin import Daemons
from harness.waiting import until

SCRIPTS = {
    #   What a run is told goes on standard input; each leaves a line in a file beside the program.
    "build": 'echo "$TOCSIN_EVENT_ID" >> "$0.runs"\necho "{\\"built\\": \\"$TOCSIN_EVENT_SUBJECT\\"}"',
    "words": "echo 'all is well'",
    "waits": 'echo "$TOCSIN_EVENT_ID" >> "$0.runs"\nwhile ! test -e "$0.go"; do sleep 0.05; done\n'
    "echo 1",
}
QUICK = {"min_backoff_ms": 20, "max_backoff_ms": 50}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the programs are: whoever runs them has to get there, and may write there."""
    for parent in [tmp_path, *tmp_path.parents[:2]]:
        parent.chmod(parent.stat().st_mode | 0o055)
    place = tmp_path / "programs"
    place.mkdir()
    place.chmod(0o777)
    for name, script in SCRIPTS.items():
        (place / name).write_text(f"#!/bin/sh\n{script}\n")
        (place / name).chmod(0o755)
    return place


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


def emitted(client: Client, cause: str, subscription: str) -> Json:
    """The event that came of it."""

    def look() -> Json | None:
        tree = client.get(f"/v1/events/{cause}/trace").json()["data"]
        made = [each for each in tree["caused"] if each.get("via") == subscription]
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
