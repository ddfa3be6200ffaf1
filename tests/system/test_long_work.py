"""Work that takes long: it says how far it is, can be cancelled, and then its worker stops."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.client import Client, Json
from harness.process import ROOT
from harness.tocsin import Daemons, Tocsin, run
from harness.waiting import until

#   Says how far it is and who, and goes on until somebody says so.
WAITS = """echo "tocsin-progress: 42% of it" >&2
echo $$ > "$0.$TOCSIN_EVENT_ID"
sleep 1000 & while ! test -e "$0.go"; do sleep 0.05; done"""


@pytest.fixture
def place(public_place: Path) -> Path:
    """Where the program is: whoever runs it has to get there, and may write there."""
    (public_place / "waits").write_text(f"#!/bin/sh\n{WAITS}\n")
    (public_place / "waits").chmod(0o755)
    return public_place


@pytest.fixture
def worker(daemons: Daemons, place: Path) -> str:
    settings: dict[str, Any] = {"worker/exec/waits/command": place / "waits"}
    if os.geteuid() == 0:
        settings["worker/exec/waits/user"] = "nobody"
    name = daemons.start_worker(**settings)
    daemons.wait_for_workers(name)
    return name


def subscribe(client: Client, **more: Any) -> None:
    action = {"name": "exec", "program": "waits"}
    client.subscribe({"id": "long", "match": {}, "action": action} | more)


def cancel(client: Client, event: str) -> Json:
    answer = client.post(f"/v1/subscriptions/long/deliveries/{event}/cancel")
    assert answer.status_code == 200, answer.text
    data: Json = answer.json()["data"]
    return data


def pid_of(place: Path, event: str) -> int:
    note = place / f"waits.{event}"
    until(lambda: note.exists() and note.read_text().strip(), "the program runs")
    return int(note.read_text())


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def tocsin(daemons: Tocsin, *words: str) -> str:
    answer = run(*words, f"--url={daemons.url}", f"--token={daemons.token}")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.usefixtures("worker")
def test_a_program_that_is_cancelled_is_killed_and_the_next_one_of_its_key_goes(
    daemons: Daemons, place: Path
) -> None:
    client = daemons.client()
    subscribe(client, order="key")
    first, second, third = (client.publish(subject="/one")["id"] for _ in range(3))
    pid = pid_of(place, first)
    assert cancel(client, second)["was"] == "held"
    assert cancel(client, first) == {
        "subscription": "long",
        "event": first,
        "status": "dead",
        "reason": "CANCELLED",
        "was": "in_flight",
    }
    until(lambda: is_gone(pid), "the program has been killed")
    pid_of(place, third)
    (place / "waits.go").touch()
    client.wait_for_delivery(third, "long", "delivered")
    assert not (place / f"waits.{second}").exists()
    assert "somebody cancelled it" in tocsin(daemons, "show", first)
    assert client.post(f"/v1/subscriptions/long/deliveries/{third}/cancel").status_code == 404


def progress_of(client: Client, event: str) -> Json:
    """As soon as there is some."""

    def shown() -> Json:
        (delivery,) = client.get(f"/v1/events/{event}").json()["data"]["deliveries"]
        found: Json = delivery.get("progress", {})
        return found

    until(shown, "its progress is shown")
    return shown()


@pytest.mark.usefixtures("worker")
def test_a_program_says_how_far_it_is(daemons: Daemons, place: Path) -> None:
    client = daemons.client()
    subscribe(client, retry={"max_attempts": 1})
    event = client.publish()["id"]
    progress = progress_of(client, event)
    assert (progress["percent"], progress["text"]) == (42, "of it")
    assert progress["time"].startswith("20")
    assert "under way  42 %  of it  (told 20" in tocsin(daemons, "show", event)
    (place / "waits.go").touch()
    delivery = client.wait_for_delivery(event, "long", "delivered")
    assert "progress" not in delivery
    assert "under way" not in tocsin(daemons, "show", event)


@pytest.mark.usefixtures("worker")
def test_what_was_cancelled_by_command_is_redriven(daemons: Daemons, place: Path) -> None:
    client = daemons.client()
    subscribe(client)
    event = client.publish()["id"]
    pid = pid_of(place, event)
    said = tocsin(daemons, "cancel", "long", event)
    assert said == f"{event} is cancelled for long: it was in_flight, and is a dead letter now\n"
    until(lambda: is_gone(pid), "the program has been killed")
    assert "CANCELLED" in tocsin(daemons, "dead-letters", "long")
    (place / "waits.go").touch()
    tocsin(daemons, "redrive", "long", event)
    delivery = client.wait_for_delivery(event, "long", "delivered")
    assert [each["outcome"] for each in delivery["attempts"]] == ["fail", "ok"]


#   Says how far it is, and works until nobody wants it any more; then it notes that.
PATIENT = """import pathlib, sys
from tocsin_worker import Worker

worker = Worker(sys.argv[1], name="patient", capacity=1)

@worker.action("wait")
def wait(delivery):
    if delivery.event.type == "short":
        return "done"
    delivery.progress(7, "waiting")
    delivery.over.wait()
    pathlib.Path(sys.argv[2]).write_text(delivery.event.id)

worker.run()
"""


def test_a_worker_in_python_says_how_far_it_is_and_stops_when_it_is_told(
    daemons: Daemons, tmp_path: Path
) -> None:
    script, note = tmp_path / "patient.py", tmp_path / "over"
    script.write_text(PATIENT)
    packages = f"PYTHONPATH={ROOT / 'sdk/python'}"
    command = [sys.executable, str(script), str(daemons.settings["broker/back"]), str(note)]
    daemons.start_process("patient", ["env", packages, *command])
    daemons.wait_for_workers("patient")
    client = daemons.client()
    client.subscribe({"id": "long", "match": {}, "action": {"name": "wait"}})
    event = client.publish(type="long")["id"]
    assert progress_of(client, event)["text"] == "waiting"
    assert cancel(client, event)["was"] == "in_flight"
    until(note.exists, "the action was told")
    after = client.publish(type="short")["id"]
    client.wait_for_delivery(after, "long", "delivered")
    client.wait_for_delivery(event, "long", "dead")
