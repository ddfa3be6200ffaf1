"""Records of Kinto that are subscriptions of Tocsin."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from test_outbox import entries

from conftest import MakeKinto
from harness.sink import Consumer, Sink
from harness.tocsin import Up
from harness.waiting import until
from postgres import Postgres
from server import Json, Server, Session

HERE = Path(__file__).resolve().parent
HOOKS = "/buckets/tocsin/collections/hooks/records"
SCOPES = ("events:write", "subscriptions:read", "subscriptions:write")


@pytest.fixture
def settings(tocsin: Up) -> Json:
    return {
        "tocsin.token": tocsin.make_token(*SCOPES),
        "tocsin.subscriptions": "tocsin/hooks",
        "tocsin.subscriptions_seconds": 0.5,
        "tocsin.exclude": "/buckets/tocsin*",
        "kinto.experimental_collection_schema_validation": "true",
    }


def collection() -> Json:
    """As the documentation has it made: its schema is Kinto's to check."""
    found: Json = json.loads((HERE.parent / "subscriptions-collection.json").read_text())
    return found


@pytest.fixture
def kinto(make_kinto: MakeKinto, over_postgresql: Json, settings: Json) -> Server:
    kinto = make_kinto({**over_postgresql, **settings})
    session = kinto.session()
    session.put("/buckets/tocsin")
    answer = session.request("PUT", HOOKS.removesuffix("/records"), json=collection())
    assert answer.status_code == 201, answer.text
    return kinto


@pytest.fixture
def hook(sink: Sink) -> Consumer:
    return sink.consumer("hook")


def record_for(consumer: Consumer, **more: Any) -> Json:
    deliver = {"url": consumer.url, "secret": consumer.secret}
    return {"match": {"type": "kinto.record.*"}, "deliver": deliver, **more}


def get(session: Session, name: str) -> Json:
    answer = session.request("GET", f"{HOOKS}/{name}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()["data"]
    return found


def wait_for_state(session: Session, name: str, status: str) -> Json:
    def look() -> Json | None:
        state: Json = get(session, name).get("tocsin", {})
        return state if state.get("status") == status else None

    return until(look, f"{name} is {status}")


def wait_until_gone(tocsin: Up, name: str) -> None:
    def gone() -> bool:
        return tocsin.client().get(f"/v1/subscriptions/{name}").status_code == 404

    until(gone, f"{name} is gone")


def test_a_record_becomes_a_subscription_that_delivers_and_goes_with_it(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    session = kinto.session()
    answer = session.put(f"{HOOKS}/mine", **record_for(hook))
    assert answer["tocsin"] == {"id": "kinto.mine", "status": "pending"}
    state = wait_for_state(session, "mine", "active")
    made = tocsin.client().get("/v1/subscriptions/kinto.mine").json()["data"]
    assert (state["id"], state["last_modified"]) == ("kinto.mine", made["last_modified"])
    session.make_collection("blog/articles")
    session.put("/buckets/blog/collections/articles/records/one", title="The tocsin")
    assert hook.wait_for(1)[0].cloud_event().get_type() == "kinto.record.create"
    session.delete(f"{HOOKS}/mine")
    wait_until_gone(tocsin, "kinto.mine")


def test_a_secret_is_read_by_nobody_and_signs_all_the_same(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    settings: Json,
    everything: Consumer,
    hook: Consumer,
    postgres: Postgres,
    database: str,
) -> None:
    kinto = make_kinto({**over_postgresql, **settings, "tocsin.exclude": ""})
    session = kinto.session()
    session.make_collection("tocsin/hooks")
    bearer = "Bearer for-the-consumer-alone"
    record = record_for(hook)
    record["deliver"]["headers"] = {"Authorization": bearer}
    answers = [session.put(f"{HOOKS}/mine", **record)]
    wait_for_state(session, "mine", "active")
    answers.append(get(session, "mine"))
    shown = {name: value for name, value in answers[1].items() if name != "tocsin"}
    answers.append(session.put(f"{HOOKS}/mine", **shown, note="edited as it was shown"))
    wait_for_state(session, "mine", "active")
    session.put("/buckets/tocsin/collections/other", n=1)
    deliveries = [delivery.body.decode() for delivery in everything.wait_for(5)]
    rows = postgres.sql(
        "SELECT data FROM objects WHERE resource_name NOT IN ('tocsin-secret')", database
    )
    history = session.history("tocsin")
    for secret in (bearer, hook.secret):
        for place in (*answers, *deliveries, rows, history):
            assert secret not in str(place)
    assert answers[2]["deliver"]["secret"] == "[kept]"
    #   Of the first version it may hear or not, as that made it; and the sink checks signatures.
    assert hook.wait_for(1)[-1].headers["authorization"] == bearer


def test_what_the_record_becomes_the_subscription_does_too(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    session, client = kinto.session(), tocsin.client()
    session.put(f"{HOOKS}/mine", **record_for(hook))
    wait_for_state(session, "mine", "active")
    body = {"data": {"paused": True, "match": {"type": "kinto.bucket.*"}}}
    answer = session.request("PATCH", f"{HOOKS}/mine", json=body)
    assert answer.json()["data"]["tocsin"]["status"] == "pending"
    etag = answer.headers["ETag"]
    assert etag == f'"{answer.json()["data"]["last_modified"]}"'
    wait_for_state(session, "mine", "paused")
    made = client.get("/v1/subscriptions/kinto.mine").json()["data"]
    assert (made["match"]["type"], made["paused"]) == ("kinto.bucket.*", True)


def test_what_is_done_on_call_is_shown_and_not_undone(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    session, client = kinto.session(), tocsin.client()
    session.put(f"{HOOKS}/mine", **record_for(hook))
    wait_for_state(session, "mine", "active")
    assert client.post("/v1/subscriptions/kinto.mine/pause").status_code == 200
    state = wait_for_state(session, "mine", "paused")
    made = client.get("/v1/subscriptions/kinto.mine").json()["data"]
    assert state["last_modified"] == made["last_modified"]
    assert client.post("/v1/subscriptions/kinto.mine/resume").status_code == 200
    wait_for_state(session, "mine", "active")


def test_what_tocsin_refuses_is_said_in_words_until_it_is_mended(
    kinto: Server, hook: Consumer
) -> None:
    session = kinto.session()
    session.put(f"{HOOKS}/mine", **record_for(hook, mode="by chance"))
    assert "mode" in wait_for_state(session, "mine", "refused")["error"]
    session.put(f"{HOOKS}/mine", **record_for(hook))
    assert "error" not in wait_for_state(session, "mine", "active")


def test_while_tocsin_is_away_the_record_waits_and_says_so(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    session = kinto.session()
    session.put(f"{HOOKS}/old", **record_for(hook))
    wait_for_state(session, "old", "active")
    tocsin.kill()
    session.put(f"{HOOKS}/new", **record_for(hook))
    session.delete(f"{HOOKS}/old")
    until(lambda: "error" in get(session, "new")["tocsin"], "it is said why")
    assert get(session, "new")["tocsin"] == {
        "id": "kinto.new",
        "status": "pending",
        "error": "Tocsin does not answer",
    }
    tocsin.start()
    wait_for_state(session, "new", "active")
    wait_until_gone(tocsin, "kinto.old")


def test_what_was_missed_is_healed_and_others_are_left_alone(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    kinto: Server,
    everything: Consumer,
    tocsin: Up,
    hook: Consumer,
) -> None:
    session, client = kinto.session(), tocsin.client()
    for name in ("kept", "lost", "gone"):
        session.put(f"{HOOKS}/{name}", **record_for(hook))
        wait_for_state(session, name, "active")
    kinto.process.kill()
    client.delete("/v1/subscriptions/kinto.lost")
    without = make_kinto({**over_postgresql, "kinto.includes": ""}).session()
    without.delete(f"{HOOKS}/gone")
    shown = get(without, "kept")
    without.put(f"{HOOKS}/kept", **{**shown, "match": {"type": "kinto.bucket.*"}})
    without.put(f"{HOOKS}/open", **record_for(hook, paused=True))
    assert get(without, "open")["deliver"]["secret"] == hook.secret
    kinto.start().wait_until_it_serves()

    def is_healed() -> bool:
        made = client.get("/v1/subscriptions/kinto.kept").json()["data"]
        return bool(made["match"]["type"] == "kinto.bucket.*")

    until(is_healed, "the change is made")
    wait_until_gone(tocsin, "kinto.gone")
    until(
        lambda: client.get("/v1/subscriptions/kinto.lost").status_code == 200,
        "what was lost is made again",
    )
    assert client.get("/v1/subscriptions/everything").status_code == 200
    wait_for_state(session, "open", "paused")
    assert get(session, "open")["deliver"]["secret"] == "[kept]"
    session.make_collection("blog/articles")
    session.put("/buckets/blog/collections/articles/records/one")
    hook.wait_for(1)  # signed with the secret that was kept


def test_one_that_has_expired_is_not_made_again(kinto: Server, tocsin: Up, hook: Consumer) -> None:
    session = kinto.session()
    ends = (datetime.now(UTC) + timedelta(seconds=2)).isoformat(timespec="seconds")
    session.put(f"{HOOKS}/mine", **record_for(hook, expires=ends.replace("+00:00", "Z")))
    state = wait_for_state(session, "mine", "expired")
    assert "error" not in state
    assert tocsin.client().get("/v1/subscriptions/kinto.mine").status_code == 404


def test_who_may_not_write_the_record_may_not_subscribe(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    bob = Session(kinto.url)
    bob.session.auth = ("bob", "looking-glass")
    body = {"data": record_for(hook)}
    assert bob.request("PUT", f"{HOOKS}/bobs", json=body).status_code == 403
    session = kinto.session()
    session.put(f"{HOOKS}/mine", **record_for(hook))
    wait_for_state(session, "mine", "active")
    assert bob.request("GET", f"{HOOKS}/mine").status_code == 403
    assert tocsin.client().get("/v1/subscriptions/kinto.bobs").status_code == 404


def test_the_short_form_of_2016_will_do(kinto: Server, tocsin: Up, hook: Consumer) -> None:
    session = kinto.session()
    path = "/buckets/blog/collections/*/records"
    record = {"triggers": {path: ["create", "delete"]}, "deliver": record_for(hook)["deliver"]}
    session.put(f"{HOOKS}/mine", **record)
    wait_for_state(session, "mine", "active")
    session.make_collection("blog/articles")
    session.make_collection("shop/articles")
    for bucket in ("shop", "blog"):
        for n in range(2):
            session.put(f"/buckets/{bucket}/collections/articles/records/one", n=n)
    session.delete("/buckets/blog/collections/articles/records/one")
    events = [delivery.cloud_event() for delivery in hook.wait_for(2)]
    assert {event.get_type() for event in events} == {"kinto.record.create", "kinto.record.delete"}
    assert {str(event.get_subject())[:14] for event in events} == {"/buckets/blog/"}
    session.put(f"{HOOKS}/two", **{**record, "triggers": {path: ["write"], f"{path}/x": ["write"]}})
    assert "a record for each" in wait_for_state(session, "two", "refused")["error"]


def test_a_batch_shows_each_record_as_it_is_and_the_collection_takes_all_along(
    kinto: Server, tocsin: Up, hook: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    records = [record_for(hook), record_for(hook, paused=True), record_for(hook)]
    requests = [
        {"method": "PUT", "path": f"{HOOKS}/{name}", "body": {"data": record}}
        for name, record in zip(("one", "one", "two"), records, strict=True)
    ]
    answer = session.request("POST", "/batch", json={"requests": requests})
    for part in answer.json()["responses"][1:]:
        data = part["body"]["data"]
        assert (data["tocsin"]["status"], data["deliver"]["secret"]) == ("pending", "[kept]")
        assert part["headers"]["ETag"] == f'"{data["last_modified"]}"'
    wait_for_state(session, "one", "paused")
    wait_for_state(session, "two", "active")
    session.delete("/buckets/tocsin/collections/hooks")
    for name in ("kinto.one", "kinto.two"):
        wait_until_gone(tocsin, name)
    until(lambda: entries(postgres, database, "tocsin-secret") == 0, "no secret is left")


def test_a_kinto_in_memory_registers_too(
    make_kinto: MakeKinto, over_memory: Json, settings: Json, tocsin: Up, hook: Consumer
) -> None:
    session = make_kinto({**over_memory, **settings}).session()
    session.make_collection("tocsin/hooks")
    session.put(f"{HOOKS}/mine", **record_for(hook))
    wait_for_state(session, "mine", "active")
    session.delete(f"{HOOKS}/mine")
    wait_until_gone(tocsin, "kinto.mine")


def test_a_record_that_nobody_changes_is_left_alone(
    kinto: Server, tocsin: Up, hook: Consumer
) -> None:
    session, client = kinto.session(), tocsin.client()
    session.put(f"{HOOKS}/mine", **record_for(hook))
    wait_for_state(session, "mine", "active")
    before = get(session, "mine"), client.get("/v1/subscriptions/kinto.mine").json()
    looks = "tocsin_http_requests_total"
    asked = tocsin.metric(looks)
    until(lambda: tocsin.metric(looks) > asked + 20, "it was looked at some times")
    assert before == (get(session, "mine"), client.get("/v1/subscriptions/kinto.mine").json())
