"""Tokens: who may do what, and that a token is shown once."""

import re
import stat

import pytest

from harness.client import Client
from harness.tocsin import Up

SCOPES = [
    "admin",
    "events:write",
    "events:read",
    "subscriptions:write",
    "subscriptions:read",
    "workers:write",
    "workers:read",
]
DOCUMENT = {"deliver": {"url": "http://127.0.0.1:9/"}, "match": {"type": "nobody.sends.this"}}

#   What is asked, the scope it needs, and the status with it.
REQUESTS = [
    (
        "POST",
        "/v1/events",
        {"data": {"type": "a.b", "subject": "/a", "data": {}}},
        "events:write",
        202,
    ),
    ("GET", "/v1/events/known", None, "events:read", 200),
    ("POST", "/v1/subscriptions", {"data": DOCUMENT}, "subscriptions:write", 201),
    ("PUT", "/v1/subscriptions/known", {"data": DOCUMENT}, "subscriptions:write", 200),
    ("GET", "/v1/subscriptions", None, "subscriptions:read", 200),
    ("GET", "/v1/subscriptions/known", None, "subscriptions:read", 200),
    ("GET", "/v1/workers", None, "workers:read", 200),
    ("POST", "/v1/workers/nobody/drain", None, "workers:write", 404),
    ("PATCH", "/v1/workers/nobody", {"data": {"capacity": 1}}, "workers:write", 404),
    ("GET", "/v1/tokens", None, "admin", 200),
    ("POST", "/v1/tokens", {"data": {"name": "x", "scopes": ["events:read"]}}, "admin", 201),
    ("DELETE", "/v1/subscriptions/known", None, "subscriptions:write", 200),
]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_may_do_what_its_scope_says_and_no_more(tocsin: Up, scope: str) -> None:
    tocsin.client().publish(id="known")
    tocsin.client().subscribe({"id": "known", **DOCUMENT})
    client = tocsin.client(tocsin.make_token(scope))
    for method, path, body, needs, status in REQUESTS:
        answer = client.request(method, path, json=body)
        if scope in ("admin", needs):
            assert answer.status_code == status, (method, path, answer.text)
        else:
            assert answer.status_code == 403, (method, path, answer.text)
            assert answer.json()["errno"] == 121


def test_a_token_of_two_scopes_may_do_both(tocsin: Up) -> None:
    client = tocsin.client(tocsin.make_token("events:write", "events:read"))
    client.publish(id="mine")
    assert client.event("mine")["id"] == "mine"
    assert client.get("/v1/subscriptions").status_code == 403


def test_a_token_is_shown_once_and_gone_when_deleted(tocsin: Up) -> None:
    admin = tocsin.client()
    body = {"data": {"name": "the plug-in", "scopes": ["events:write"]}}
    made = admin.post("/v1/tokens", body).json()["data"]
    assert re.fullmatch(r"tocsin_[a-z2-7]{32}", made["token"])

    listed = {token["id"]: token for token in admin.get("/v1/tokens").json()["data"]}
    assert listed[made["id"]]["name"] == "the plug-in"
    assert made["token"] not in str(listed)

    client = tocsin.client(made["token"])
    client.publish()
    answer = admin.delete(f"/v1/tokens/{made['id']}")
    assert answer.json()["data"] == {"id": made["id"], "deleted": True}
    assert refused(client)
    assert admin.delete(f"/v1/tokens/{made['id']}").status_code == 404


def refused(client: Client) -> bool:
    answer = client.post("/v1/events", {"data": {"type": "a.b", "subject": "/a", "data": {}}})
    return answer.status_code == 401


def test_a_token_outlives_a_restart(tocsin: Up) -> None:
    token = tocsin.make_token("events:write")
    tocsin.kill()
    tocsin.start()
    tocsin.client(token).publish()


@pytest.mark.parametrize(
    "token",
    [
        {},
        {"name": "x"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["events:fly"]},
        {"name": "x", "scopes": "admin"},
        {"name": 5, "scopes": ["admin"]},
    ],
)
def test_a_token_that_makes_no_sense_is_not_made(tocsin: Up, token: dict[str, object]) -> None:
    answer = tocsin.client().post("/v1/tokens", {"data": token})
    assert answer.status_code == 400
    assert answer.json()["errno"] in (107, 109)


def test_only_its_owner_can_read_the_admin_token(tocsin: Up) -> None:
    mode = (tocsin.data / "admin.token").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
