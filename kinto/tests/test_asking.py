"""Pre-events: writes that Tocsin's subscribers refuse or change before they are committed."""

from typing import Any

import pytest

from conftest import MakeKinto
from harness.sink import Answer, Consumer, Sink
from harness.tocsin import Up
from postgres import Postgres
from server import Json, Server, Session, id_of_row

BLOG = "/buckets/blog/collections/articles"
ASK = {"tocsin.ask": f"{BLOG}/records/*"}


def says(decision: str, **more: Any) -> Answer:
    return Answer(status=200, body={"decision": decision, **more})


@pytest.fixture
def judge(tocsin: Up, sink: Sink) -> Consumer:
    """A consumer of questions; it allows."""
    consumer = sink.consumer("judge")
    consumer.always_answers(says("allow"))
    tocsin.client().subscribe(consumer.subscription(match={"phase": "pre"}))
    return consumer


@pytest.fixture
def kinto(
    make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer, judge: Consumer
) -> Server:
    kinto = make_kinto({**over_postgresql, **ASK})
    kinto.session().make_collection("blog/articles")
    everything.wait_for(2)
    return kinto


def put(session: Session, name: str, **data: Any) -> Any:
    return session.request("PUT", f"{BLOG}/records/{name}", json={"data": data})


def test_what_is_refused_is_not_written_and_the_reason_is_said(
    kinto: Server, judge: Consumer, everything: Consumer
) -> None:
    session = kinto.session()
    judge.answers_first(says("deny", reason="a title is needed"))
    answer = put(session, "one")
    assert (answer.status_code, answer.json()["errno"]) == (403, 121)
    assert answer.json()["message"] == "a title is needed"
    assert session.request("GET", f"{BLOG}/records/one").status_code == 404
    assert put(session, "two", title="The tocsin").status_code == 201
    asked = [delivery.json() for delivery in judge.deliveries]
    assert [each["subject"] for each in asked] == [f"{BLOG}/records/{n}" for n in ("one", "two")]
    assert (asked[1]["type"], asked[1]["phase"]) == ("kinto.record.create", "pre")
    assert asked[1]["data"]["new"]["title"] == "The tocsin"
    assert asked[1]["data"]["payload"]["user_id"].startswith("basicauth:")
    subjects = {each.json()["subject"] for each in everything.wait_for(3)}
    assert f"{BLOG}/records/one" not in subjects


def test_what_is_changed_is_changed_for_everybody(
    kinto: Server, judge: Consumer, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    patch = {"title": "The tocsin", "draft": None, "id": "other", "last_modified": 1}
    judge.always_answers(says("allow", object=patch))
    answer = put(session, "one", title=" the  tocsin", draft=True, kept=1)
    data = answer.json()["data"]
    assert (answer.status_code, data["id"], data["title"]) == (201, "one", "The tocsin")
    assert answer.headers["ETag"] == f'"{data["last_modified"]}"'
    assert "draft" not in data
    found = session.request("GET", f"{BLOG}/records/one", headers={"If-None-Match": ""})
    assert found.json()["data"] == data
    unchanged = {"If-Match": answer.headers["ETag"]}
    answer = session.request(
        "PATCH", f"{BLOG}/records/one", json={"data": {"n": 1}}, headers=unchanged
    )
    assert answer.status_code == 200, answer.text
    history = [each["target"]["data"] for each in session.history("blog") if "record_id" in each]
    assert [each.get("draft") for each in history] == [None, None]
    told = [each.json() for each in everything.wait_for(4)[2:]]
    assert [each["data"]["new"]["title"] for each in told] == ["The tocsin"] * 2
    assert told[0]["data"]["new"] == data


def test_each_of_a_batch_is_asked_about_and_one_refusal_takes_all_back(
    kinto: Server, judge: Consumer
) -> None:
    session = kinto.session()
    names = ("one", "two", "three")

    def judged(delivery: Any) -> Answer:
        new = delivery.json()["data"]["new"]
        if new.get("bad"):
            return says("deny", reason="it is bad")
        return says("allow", object={"seen": new["id"]})

    judge.answers_by(judged)

    def batch(**more: Any) -> Any:
        requests = [
            {"method": "PUT", "path": f"{BLOG}/records/{name}", "body": {"data": {"n": 1}}}
            for name in names
        ]
        requests.append({"method": "POST", "path": f"{BLOG}/records", "body": {"data": more}})
        return session.request("POST", "/batch", json={"requests": requests})

    answer = batch(bad=True)
    assert (answer.status_code, answer.json()["message"]) == (403, "it is bad")
    assert session.request("GET", f"{BLOG}/records").json()["data"] == []
    shown = [part["body"]["data"] for part in batch().json()["responses"]]
    assert all(data["seen"] == data["id"] for data in shown)
    stored = session.request("GET", f"{BLOG}/records?_sort=last_modified").json()["data"]
    key = "last_modified"
    assert stored == sorted(shown, key=lambda data: data[key])
    assert len({data[key] for data in stored}) == 4


def test_a_deletion_is_asked_about_too(kinto: Server, judge: Consumer) -> None:
    session = kinto.session()
    put(session, "one", title="The tocsin")
    judge.answers_first(says("deny", reason="keep it"))
    answer = session.request("DELETE", f"{BLOG}/records/one")
    assert (answer.status_code, answer.json()["message"]) == (403, "keep it")
    assert session.request("GET", f"{BLOG}/records/one").status_code == 200
    asked = judge.deliveries[-1].json()
    assert asked["type"] == "kinto.record.delete"
    assert asked["data"]["old"]["title"] == "The tocsin"
    assert session.request("DELETE", f"{BLOG}/records/one").status_code == 200


@pytest.mark.parametrize(("rule", "status"), [("allow", 201), ("deny", 503)])
def test_while_tocsin_says_nothing_the_rule_decides(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    tocsin: Up,
    judge: Consumer,
    rule: str,
    status: int,
) -> None:
    settings = {"tocsin.ask_on_silence": rule, "tocsin.ask_timeout_seconds": 0.5}
    kinto = make_kinto({**over_postgresql, **ASK, **settings})
    session = kinto.session()
    session.make_collection("blog/articles")
    judge.holds()
    answer = put(session, "slow")
    assert answer.status_code == status, answer.text
    assert answer.elapsed.total_seconds() > 0.5
    judge.releases()
    tocsin.kill()
    answer = put(session, "away")
    assert answer.status_code == status, answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)
    path = f"{BLOG}/records/away"
    assert (session.request("GET", path).status_code == 200) is (rule == "allow")


def test_what_a_subscriber_may_not_see_he_does_not_spoil(
    make_kinto: MakeKinto, over_postgresql: Json, judge: Consumer
) -> None:
    kinto = make_kinto({**over_postgresql, **ASK, "tocsin.redact": "email who.phone"})
    session = kinto.session()
    session.make_collection("blog/articles")

    def shout(delivery: Any) -> Answer:
        new = delivery.json()["data"]["new"]
        return says("allow", object={**new, "first": new["first"].upper()})

    judge.answers_by(shout)
    data = {"first": "alice", "email": "a@b", "who": {"phone": 7, "cat": "Dinah"}}
    answer = put(session, "one", **data)
    shown = answer.json()["data"]
    assert {member: shown[member] for member in data} == {**data, "first": "ALICE"}
    assert "a@b" not in judge.deliveries[0].body.decode()


def test_a_change_that_does_not_fit_the_schema_is_a_refusal(
    make_kinto: MakeKinto, over_postgresql: Json, judge: Consumer
) -> None:
    validation = {"kinto.experimental_collection_schema_validation": "true"}
    session = make_kinto({**over_postgresql, **ASK, **validation}).session()
    session.make_collection("blog/articles")
    schema = {"type": "object", "properties": {"title": {"type": "string"}}}
    session.put(BLOG, schema=schema)
    judge.answers_first(says("allow", object={"title": 7}))
    answer = put(session, "one", title="The tocsin")
    assert answer.status_code == 403
    assert "7 is not of type 'string'" in answer.json()["message"]
    assert put(session, "one", title="The tocsin").status_code == 201


def test_nobody_is_asked_about_anything_else(
    kinto: Server, judge: Consumer, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    postgres.audit(database)
    session.make_collection("shop/goods")
    session.put("/buckets/shop/collections/goods/records/one")
    everything.wait_for_ids(id_of_row(row) for row in postgres.audited(database))
    assert not judge.deliveries
