"""The commands at work: publish, subscribe, show, status and up --demo, as a person uses them."""

import json
from pathlib import Path

import pytest

from harness.process import Process, program
from harness.sink import Sink
from harness.tocsin import Up, run


@pytest.fixture(autouse=True)
def _talks_to_it(tocsin: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command finds it by the environment."""
    monkeypatch.setenv("TOCSIN_URL", tocsin.url)
    monkeypatch.setenv("TOCSIN_TOKEN", tocsin.token)


def say(*words: str) -> str:
    """What a command that succeeds prints."""
    done = run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_event_goes_from_the_command_line_to_a_webhook_and_can_be_shown(sink: Sink) -> None:
    consumer = sink.consumer("shop")
    name, secret = say("subscribe", "--type=order.*", consumer.url).split("\n")[:2]
    consumer.secret = secret.removeprefix("secret ")

    publish = ["publish", "--type=order.paid", "--subject=/orders/17", "--id=order-17"]
    assert "delivered" in say(*publish, "--wait", '{"total": 12.5}')
    (delivery,) = consumer.wait_for(1)
    event = delivery.cloud_event()
    assert (event.get_type(), event.get_data()) == ("order.paid", {"total": 12.5})

    shown = json.loads(say("show", "--json", "order-17"))
    assert "order.paid" in say("show", "order-17")
    assert "order.paid" in json.dumps(shown)
    assert name in say("subscribe", "--list")
    assert "was there before" in say(*publish, '{"total": 12.5}')
    say("subscribe", f"--delete={name}")
    assert name not in say("subscribe", "--list")


def test_a_notification_of_kinto_can_be_sent_from_a_file(tmp_path: Path) -> None:
    payload = {"action": "create", "uri": "/buckets/blog", "resource_name": "bucket"}
    objects = [{"new": {"id": "blog", "last_modified": 1795490721762}}]
    notification = tmp_path / "notification.json"
    notification.write_text(json.dumps({"payload": payload, "impacted_objects": objects}))
    event_id = say("publish", f"--kinto={notification}").split()[0]
    assert "/buckets/blog" in say("show", event_id)


def test_status_says_who_is_there(tocsin: Up) -> None:
    tocsin.client().publish()
    assert "worker-1" in say("status")
    status = json.loads(say("status", "--json"))
    assert (status["events"], len(status["workers"])) == (1, 1)


def test_workers_lists_them_as_a_table_and_as_the_api_does(tocsin: Up) -> None:
    head, row = say("workers").splitlines()
    assert head.split()[:3] == ["NAME", "STATE", "LEASES"]
    assert row.split()[:4] == ["worker-1", "active", "0", "256"]
    (worker,) = json.loads(say("workers", "--json", "worker-1"))
    assert worker == {
        **tocsin.client().get("/v1/workers/worker-1").json()["data"],
        "heartbeat_age_ms": worker["heartbeat_age_ms"],
    }
    assert worker["session"] in row
    assert "webhook" in worker["actions"]
    assert "no worker nobody" in say("workers", "nobody")


def test_a_wrong_token_is_said_to_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_TOKEN", "tocsin_wrong")
    done = run("status")
    assert done.returncode > 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert "token" in done.stderr


def test_up_can_be_told_to_keep_away_from_private_addresses(tmp_path: Path) -> None:
    with Up(tmp_path / "other", worker__allow_private_addresses=0) as up:
        client = up.client()
        deliver = {"url": "http://127.0.0.1:9/"}
        client.subscribe({"id": "inside", "match": {}, "deliver": deliver})
        client.publish(id="one")
        assert "private" in client.wait_for_attempt("one", "inside")["error"]


def test_the_demo_shows_what_arrives(tmp_path: Path) -> None:
    command = [
        program("tocsin"),
        "up",
        f"--data={tmp_path / 'd'}",
        "--listen=127.0.0.1:0",
        "--demo",
    ]
    demo = Process("demo", command, tmp_path)
    try:
        demo.wait_for_line("tocsin ready ")
        demo.wait_for_log("kinto.record.")
        demo.wait_for_log("checked: it is right")
        demo.stop()
    finally:
        demo.end()
    demo.check_log()
