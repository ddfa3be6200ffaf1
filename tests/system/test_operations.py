"""On call: paused and resumed without loss, where a subscription starts, and why for everything."""

import json
from typing import Any

import pytest

from harness.client import Client
from harness.sink import Answer, Sink
from harness.tocsin import Daemons, Up, run
from harness.waiting import until

Json = dict[str, Any]


def explain(client: Client, event: str, subscription: str) -> Json:
    answer = client.get(f"/v1/events/{event}/explain?subscription={subscription}")
    assert answer.status_code == 200, answer.text
    why: Json = answer.json()["data"]
    assert (why["event"], why["subscription"]) == (event, subscription)
    return why


def wait_for_reason(client: Client, event: str, subscription: str, reason: str) -> Json:
    def look() -> Json | None:
        why = explain(client, event, subscription)
        return why if why["reason"] == reason else None

    return until(look, f"{event} for {subscription} is explained by {reason}")


def state(client: Client, subscription: str) -> Json:
    answer = client.get(f"/v1/subscriptions/{subscription}/state")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()["data"]
    return found


#   Pause and resume


def test_a_pause_loses_nothing_even_over_kill_9(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = tocsin.client()
    client.subscribe(consumer.subscription())
    client.publish(id="before")
    consumer.wait_for_ids(["before"])
    paused = client.post("/v1/subscriptions/shop/pause").json()["data"]
    assert paused["paused"] is True
    ids = [client.publish(id=f"e{number}")["id"] for number in range(50)]
    assert state(client, "shop")["status"] == "paused"
    assert "resumed" in explain(client, "e7", "shop")["text"]
    tocsin.kill()
    tocsin.start()
    client = tocsin.client()
    assert explain(client, "e7", "shop")["reason"] == "PAUSED"
    assert consumer.counts() == {"before": 1}
    assert client.post("/v1/subscriptions/shop/resume").json()["data"]["paused"] is False
    consumer.wait_for_ids(ids)
    assert state(client, "shop")["status"] == "active"


def test_who_said_410_is_enabled_by_resume(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("gone")
    consumer.answers_first(Answer(410))
    client = tocsin.client()
    client.subscribe(consumer.subscription(retry={"schedule_ms": [10]}))
    client.publish(id="one")
    until(lambda: state(client, "gone")["status"] == "disabled", "it is disabled")
    client.publish(id="two")
    why = explain(client, "two", "gone")
    assert why["reason"] == "DISABLED"
    assert "410 Gone" in why["text"]
    answer = client.post("/v1/subscriptions/gone/resume")
    assert answer.json()["data"]["disabled"] is False
    consumer.wait_for_ids(["one", "two"])


def test_a_pause_by_somebody_who_has_not_seen_the_change_is_refused(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = tocsin.client()
    client.subscribe(consumer.subscription())
    seen = client.get("/v1/subscriptions/shop").headers["ETag"]
    client.put("/v1/subscriptions/shop", {"data": consumer.subscription(order="key")})
    late = client.post("/v1/subscriptions/shop/pause", headers={"If-Match": seen})
    assert late.status_code == 412
    assert client.post("/v1/subscriptions/nobody/pause").status_code == 404


#   Where it starts


def test_a_subscription_starts_at_a_time_or_a_seq(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    for number in range(10):
        client.publish(id=f"e{number}")
    third = client.event("e3")
    by_time, by_seq = sink.consumer("time"), sink.consumer("seq")
    client.subscribe(by_time.subscription(start={"time": third["accepted"]}))
    client.subscribe(by_seq.subscription(start={"seq": third["seq"]}))
    wanted = [f"e{number}" for number in range(3, 10)]
    by_seq.wait_for_ids(wanted)
    by_time.wait_for_ids(wanted)
    assert set(by_seq.counts()) == set(wanted)
    why = explain(client, "e1", "seq")
    assert (why["status"], why["reason"]) == ("not_matched", "BEFORE_START")
    later = sink.consumer("later")
    client.subscribe(later.subscription(start={"time": "2999-01-01T00:00:00Z"}))
    assert explain(client, "e9", "later")["reason"] == "BEFORE_START"
    beyond = {"data": sink.consumer("beyond").subscription(start={"seq": 12})}
    answer = client.post("/v1/subscriptions", beyond)
    assert answer.status_code == 400
    assert "start.seq: 12 is beyond the log, which ends with 10" in answer.json()["message"]


def test_attempts_that_are_not_kept_were_made_all_the_same(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    for keep in ("all", "failures", "none"):
        consumer = sink.consumer(keep)
        consumer.answers_first(Answer(500))
        client.subscribe(consumer.subscription(attempts=keep, retry={"schedule_ms": [1]}))
    client.publish(id="one")
    kept = {
        keep: [
            each["outcome"]
            for each in client.wait_for_delivery("one", keep, "delivered")["attempts"]
        ]
        for keep in ("all", "failures", "none")
    }
    assert kept == {"all": ["retry", "ok"], "failures": ["retry"], "none": []}
    assert explain(client, "one", "none")["status"] == "delivered"


#   Why


def test_what_was_not_asked_for_is_told_by_the_part_that_said_no(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    match = {
        "type": "shop.*",
        "subject": "/orders/**",
        "data": {"new": {"status": ["signed"]}},
    }
    client.subscribe(sink.consumer("picky").subscription(match=match))
    cases = {
        "type": ("bank.order", "/orders/1", {}, "match.type"),
        "subject": ("shop.order", "/things/1", {}, "match.subject"),
        "data": ("shop.order", "/orders/1", {"new": {"status": "draft"}}, "match.data.new.status"),
        "missing": ("shop.order", "/orders/1", {"old": {}}, "match.data.new"),
    }
    for name, (kind, subject, data, part) in cases.items():
        client.publish(id=name, type=kind, subject=subject, data=data)
        why = explain(client, name, "picky")
        assert (why["status"], why["reason"]) == ("not_matched", "NOT_MATCHED")
        assert part in why["text"], why
        assert why["facts"]["part"].startswith(part)


def test_what_waits_is_told_why(daemons: Daemons, sink: Sink) -> None:
    client = daemons.client()
    client.subscribe(sink.consumer("shop").subscription())
    client.publish(id="one")
    why = explain(client, "one", "shop")
    assert (why["status"], why["reason"]) == ("waiting", "NO_WORKER")
    assert "start one" in why["text"]
    assert state(client, "shop")["workers"] == 0
    daemons.start_worker()
    why = wait_for_reason(client, "one", "shop", "DELIVERED")
    assert "worker-1" in why["text"]


def test_what_is_under_way_is_told_where_and_what_it_keeps_waiting(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("slow")
    consumer.holds()
    client = tocsin.client()
    client.subscribe(consumer.subscription(limits={"in_flight": 1}))
    client.publish(id="one")
    consumer.wait_for(1)
    client.publish(id="two")
    first = explain(client, "one", "slow")
    assert (first["status"], first["facts"]["worker"]) == ("in_flight", "worker-1")
    assert explain(client, "two", "slow")["reason"] == "IN_FLIGHT"
    consumer.releases()
    wait_for_reason(client, "two", "slow", "DELIVERED")


def test_what_failed_is_told_with_its_error_and_the_next_try(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("moody")
    consumer.always_answers(Answer(500))
    client = tocsin.client()
    once_an_hour = {"max_attempts": 7, "schedule_ms": [3_600_000]}
    client.subscribe(consumer.subscription(retry=once_an_hour, breaker={"failures": 0}))
    client.publish(id="one")
    client.wait_for_delivery("one", "moody", "retry")
    why = explain(client, "one", "moody")
    assert why["status"] == "retry"
    assert why["text"].startswith("attempt 1 of 7 failed: ")
    assert "500" in why["text"]
    assert why["facts"]["next_attempt"] in why["text"]


def test_what_is_dead_is_told_with_what_to_do(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("moody")
    consumer.always_answers(Answer(400))
    client = tocsin.client()
    client.subscribe(consumer.subscription(retry={"final": [400]}))
    client.publish(id="one")
    client.wait_for_delivery("one", "moody", "dead")
    why = explain(client, "one", "moody")
    assert (why["status"], why["reason"]) == ("dead", "FINAL")
    assert "`tocsin redrive moody one`" in why["text"]
    client.delete("/v1/subscriptions/moody/dead-letters/one")
    assert explain(client, "one", "moody")["reason"] == "DISCARDED"


def test_a_breaker_a_rate_and_a_key_are_told(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    down = sink.consumer("down")
    down.always_answers(Answer(500))
    breaker = {"failures": 1, "probe_ms": 3_600_000, "probe_most_ms": 3_600_000}
    client.subscribe(down.subscription(breaker=breaker))
    limits = {"rate_per_second": 0.001, "burst": 1}
    client.subscribe(sink.consumer("rated").subscription(limits=limits))
    held = sink.consumer("held")
    held.holds()
    client.subscribe(held.subscription(order="key"))

    client.publish(id="one", key="k")
    client.wait_for_attempt("one", "down")
    held.wait_for(1)
    client.publish(id="two", key="k")
    broken = wait_for_reason(client, "two", "down", "BREAKER_OPEN")
    assert broken["facts"]["until"] in broken["text"]
    rated = wait_for_reason(client, "two", "rated", "RATE")
    assert "0.001" in rated["text"]
    behind = wait_for_reason(client, "two", "held", "KEY_TAKEN")
    assert behind["facts"]["behind_event"] == "one"
    assert state(client, "down")["status"] == "broken"
    assert state(client, "down")["next_probe"]
    assert state(client, "held")["held"] == 1
    held.releases()
    down.always_answers(Answer(204))
    client.post("/v1/subscriptions/down/resume")  #  and is tried at once
    wait_for_reason(client, "two", "down", "DELIVERED")


def test_who_is_not_there_is_not_explained(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    client.subscribe(sink.consumer("shop").subscription())
    client.publish(id="one")
    missing = client.get("/v1/events/two/explain?subscription=shop")
    assert missing.status_code == 404
    assert "retention" in missing.json()["message"]
    assert client.get("/v1/events/one/explain?subscription=bank").status_code == 404
    assert client.get("/v1/events/one/explain").status_code == 400
    assert client.get("/v1/subscriptions/bank/state").status_code == 404


#   The commands


@pytest.fixture
def _talks_to_it(tocsin: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_URL", tocsin.url)
    monkeypatch.setenv("TOCSIN_TOKEN", tocsin.token)


def say(*words: str) -> str:
    """What a command that succeeds prints."""
    done = run(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def complain(*words: str) -> str:
    """The one line of a command that fails."""
    done = run(*words)
    assert done.returncode == 1, (done.stdout, done.stderr)
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.usefixtures("_talks_to_it")
def test_somebody_on_call_does_it_all_from_a_shell(tocsin: Up, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.always_answers(Answer(400))
    client = tocsin.client()
    client.subscribe(consumer.subscription(retry={"final": [400]}))
    for number in range(3):
        client.publish(id=f"e{number}", type="shop.order")
        client.wait_for_delivery(f"e{number}", "shop", "dead")

    assert "3 dead" in say("status", "shop")
    listed = say("dead-letters", "shop")
    assert "FINAL" in listed
    assert "e2" in listed
    assert len(json.loads(say("dead-letters", "shop", "--json", "--after=1h"))) == 3
    assert "has none" in say("dead-letters", "shop", "--before=1h")
    assert "tocsin redrive shop e1" in say("explain", "e1", "shop")
    assert "3 of the last 3 events match" in say("match", "--type=shop.*")

    consumer.always_answers(Answer(204))
    assert "1 dead letters of shop are tried again" in say("redrive", "shop", "e1")
    client.wait_for_delivery("e1", "shop", "delivered")
    assert "1 dead letters of shop were given up" in say("discard", "shop", "e0")
    say("redrive", "shop", "--all")
    client.wait_for_delivery("e2", "shop", "delivered")

    assert say("pause", "shop") == "shop is paused\n"
    assert "shop is paused: " in say("status", "shop")
    assert say("resume", "shop") == "shop goes on\n"
    before = len(consumer.wait_for(5))
    name = say("replay", "shop", "--from=earliest").strip()
    consumer.wait_for(before + 3)
    assert name in say("replay", "shop", "--list")
    say("replay", "shop", f"--delete={name}")
    assert say("replay", "shop", "--list") == ""


@pytest.mark.usefixtures("_talks_to_it")
def test_a_wrong_id_is_said_in_one_line(sink: Sink, tocsin: Up) -> None:
    tocsin.client().subscribe(sink.consumer("shop").subscription())
    tocsin.client().publish(id="one")
    for words in (
        ("pause", "shpo"),
        ("resume", "shpo"),
        ("status", "shpo"),
        ("dead-letters", "shpo"),
        ("redrive", "shpo", "--all"),
        ("discard", "shpo", "--all"),
        ("replay", "shpo", "--from=1"),
        ("explain", "one", "shpo"),
    ):
        assert 'there is no subscription "shpo"' in complain(*words)
    assert '"two"' in complain("explain", "two", "shop")
    assert "no dead letter of shop" in complain("redrive", "shop", "one")
    assert "no dead letter of shop" in complain("discard", "shop", "one")
    assert 'no replay "r9"' in complain("replay", "shop", "--delete=r9")
