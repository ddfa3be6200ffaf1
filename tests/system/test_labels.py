"""Subscriptions that want only such workers: what goes where, and what waits for whom."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.foreign import Tray, start_foreign
from harness.sink import Consumer, Sink
from harness.tocsin import Daemons
from harness.waiting import until


def subscribe(daemons: Daemons, consumer: Consumer, **labels: str) -> None:
    daemons.client().subscribe(consumer.subscription(worker={"labels": labels}))


def workers_of(daemons: Daemons, event_ids: list[str], subscription: str) -> set[str]:
    client = daemons.client()
    return {
        client.wait_for_delivery(event_id, subscription, "delivered")["attempts"][-1]["worker"]
        for event_id in event_ids
    }


def publish(daemons: Daemons, count: int = 30) -> list[str]:
    client = daemons.client()
    return [client.publish()["id"] for _ in range(count)]


def state_of(daemons: Daemons, subscription: str) -> dict[str, Any]:
    answer = daemons.client().get(f"/v1/subscriptions/{subscription}/state")
    state: dict[str, Any] = answer.json()["data"]
    return state


def test_deliveries_go_to_the_workers_that_have_the_labels(daemons: Daemons, sink: Sink) -> None:
    eu, us, both = (sink.consumer(name) for name in ("europe", "states", "anywhere"))
    subscribe(daemons, eu, region="eu")
    subscribe(daemons, us, region="us", tier="fast")
    subscribe(daemons, both)
    daemons.start_worker("in-eu", worker__labels="region=eu")
    daemons.start_worker("in-us", worker__labels="tier=fast region=us")
    daemons.wait_for_workers("in-eu", "in-us")

    ids = publish(daemons)
    assert workers_of(daemons, ids, "europe") == {"in-eu"}
    assert workers_of(daemons, ids, "states") == {"in-us"}
    assert workers_of(daemons, ids, "anywhere") == {"in-eu", "in-us"}
    workers = {each["name"]: each["labels"] for each in daemons.status()["workers"]}
    assert workers == {"in-eu": {"region": "eu"}, "in-us": {"region": "us", "tier": "fast"}}


def test_what_nobody_fits_waits_and_its_state_says_for_whom(daemons: Daemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer, region="eu", tier="fast")
    daemons.start_worker("in-us", worker__labels="region=us tier=fast")
    daemons.start_worker("plain")
    daemons.wait_for_workers("in-us", "plain")
    ids = publish(daemons, 3)
    state = state_of(daemons, "shop")
    assert (state["reason"], state["workers"]) == ("NO_WORKER", 0)
    assert state["text"] == (
        'no worker offers its action, "webhook", with the labels that it wants, region=eu '
        "tier=fast: start one"
    )
    until(lambda: state_of(daemons, "shop")["waiting"] == 3, "all three wait")

    name = daemons.start_worker("in-eu", worker__labels="region=eu tier=fast rack=7")
    assert workers_of(daemons, ids, "shop") == {name}
    assert set(consumer.counts().values()) == {1}


def test_a_worker_that_is_killed_is_replaced_only_by_one_with_the_labels(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    consumer.holds()
    subscribe(daemons, consumer, region="eu")
    daemons.start_worker("in-us", worker__labels="region=us")
    daemons.start_worker("first", worker__labels="region=eu")
    daemons.wait_for_workers("first", "in-us")
    ids = publish(daemons, 4)
    consumer.wait_for(1)
    consumer.releases()
    daemons.workers["first"].kill()
    daemons.wait_for_workers("in-us")
    late = publish(daemons, 4)
    daemons.start_worker("second", worker__labels="region=eu")
    assert workers_of(daemons, ids + late, "shop") <= {"first", "second"}


def test_a_subscription_that_comes_to_want_others_sends_what_follows_to_them(
    daemons: Daemons, sink: Sink
) -> None:
    consumer = sink.consumer("shop")
    subscribe(daemons, consumer, region="eu")
    daemons.start_worker("in-eu", worker__labels="region=eu")
    daemons.start_worker("in-us", worker__labels="region=us")
    daemons.wait_for_workers("in-eu", "in-us")
    assert workers_of(daemons, publish(daemons, 5), "shop") == {"in-eu"}
    changed = consumer.subscription(worker={"labels": {"region": "us"}})
    daemons.client().put("/v1/subscriptions/shop", {"data": changed}).raise_for_status()
    assert workers_of(daemons, publish(daemons, 5), "shop") == {"in-us"}
    #   It is what was stored.
    daemons.broker.kill()
    daemons.start_broker()
    daemons.wait_for_workers("in-eu", "in-us")
    kept = daemons.client().get("/v1/subscriptions/shop").json()["data"]
    assert kept["worker"] == {"labels": {"region": "us"}}
    assert workers_of(daemons, publish(daemons, 5), "shop") == {"in-us"}


@pytest.mark.parametrize(
    ("worker", "message"),
    [
        ({"label": {}}, 'worker: "label" is no member of it; there are labels'),
        ({"labels": ["region=eu"]}, 'worker.labels: it is an object, as in {"region": "eu"}'),
        (
            {"labels": {"region": "e u"}},
            'worker.labels: "region": a label\'s value is a string of 1 to 64 of A-Z, a-z, 0-9, '
            "_ . - and /",
        ),
        (
            {"labels": {str(number): "x" for number in range(17)}},
            "worker.labels: 17 labels are more than limits/labels (16)",
        ),
    ],
)
def test_wrong_labels_are_refused_with_a_sentence(
    daemons: Daemons, worker: dict[str, Any], message: str
) -> None:
    answer = daemons.client().post(
        "/v1/subscriptions",
        {"data": {"match": {}, "deliver": {"url": "http://127.0.0.1:9/"}, "worker": worker}},
    )
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_a_worker_with_a_setting_that_is_no_label_does_not_start(daemons: Daemons) -> None:
    name = daemons.start_worker(worker__labels="region=eu region=us")
    assert daemons.workers[name].wait() != 0
    assert "worker/labels: the label" in daemons.workers[name].tail()


@pytest.fixture
def tray() -> Iterator[Tray]:
    tray = Tray()
    yield tray
    tray.end()


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_foreign_worker_has_labels_too(daemons: Daemons, tray: Tray, language: str) -> None:
    document = {
        "id": "foreign",
        "match": {},
        "action": {"name": "post"},
        "deliver": {"url": tray.url},
        "worker": {"labels": {"region": "eu"}},
    }
    daemons.client().subscribe(document)
    other = "node" if language == "python" else "python"
    start_foreign(daemons, language, "tier=fast region=eu")
    start_foreign(daemons, other, "region=us")
    daemons.wait_for_workers("node", "python")
    ids = publish(daemons, 10)
    tray.wait_for_ids(ids)
    assert workers_of(daemons, ids, "foreign") == {language}
