"""What is told and what is not, by the settings."""

from typing import Any

import pytest
import requests

from conftest import MakeKinto
from harness.sink import Consumer
from kinto_tocsin.selection import REDACTED, Selection
from kinto_tocsin.settings import Settings
from server import Json

RECORD = {
    "resource_name": "record",
    "action": "update",
    "bucket_id": "blog",
    "collection_id": "articles",
}


def selects(payload: Json, name: str = "one", **settings: Any) -> bool:
    selection = Selection(Settings(**settings))
    return selection.wants(payload) and selection.wants_object(payload, name)


@pytest.mark.parametrize(
    ("settings", "is_told"),
    [
        ({}, True),
        ({"buckets": ("blog",)}, True),
        ({"buckets": ("shop", "b*")}, True),
        ({"buckets": ("shop",)}, False),
        ({"collections": ("articles",)}, True),
        ({"collections": ("blog/art*",)}, True),
        ({"collections": ("shop/articles",)}, False),
        ({"resources": ("bucket",)}, False),
        ({"actions": ("create", "delete")}, False),
        ({"exclude": ("/buckets/blog/*",)}, False),
        ({"exclude": ("/buckets/blog/collections/articles/records/o?e",)}, False),
        ({"exclude": ("/buckets/blog",)}, True),
    ],
)
def test_a_change_is_told_if_all_the_settings_want_it(settings: Json, is_told: bool) -> None:
    assert selects(RECORD, **settings) is is_told


def test_groups_and_accounts_are_told_only_if_asked_for() -> None:
    group = {"resource_name": "group", "action": "create", "bucket_id": "blog"}
    account = {"resource_name": "account", "action": "create"}
    assert not selects(group)
    assert not selects(account)
    assert selects(group, resources=("group",))
    assert selects(account, resources=("account",))


def test_fields_are_redacted_wherever_they_are_and_the_rest_is_left_alone() -> None:
    selection = Selection(Settings(redact=("email", "profile.phone", "group:members")))
    part = {"id": "1", "email": "a@b", "profile": {"phone": 1, "name": "x"}, "members": ["m"]}
    told = selection.redact("record", {"new": part, "old": {"id": "1"}})
    assert told["new"] == {
        "id": "1",
        "email": REDACTED,
        "profile": {"phone": REDACTED, "name": "x"},
        "members": ["m"],
    }
    assert told["old"] == {"id": "1"}
    assert part["email"] == "a@b"
    assert selection.redact("group", {"new": part})["new"]["members"] == REDACTED


def test_old_is_left_out_if_so_set() -> None:
    assert Selection(Settings(old=False)).redact("record", {"new": {}, "old": {}}) == {"new": {}}


def test_an_account_that_was_asked_for_is_told_without_its_password(
    make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer
) -> None:
    kinto = make_kinto(
        {
            **over_postgresql,
            "kinto.includes": "kinto_tocsin kinto.plugins.accounts",
            "kinto.account_create_principals": "system.Everyone",
            "multiauth.policies": "account",
            "multiauth.policy.account.use": "kinto.plugins.accounts.AccountsPolicy",
            "tocsin.resources": "account",
        }
    )
    url = f"{kinto.url}/accounts/bob"
    for password in ("first-secret", "second-secret"):
        answer = requests.put(
            url,
            json={"data": {"password": password}},
            auth=("bob", "first-secret") if password.startswith("second") else None,
            timeout=30,
        )
        assert answer.status_code in (200, 201), answer.text
    events = [delivery.cloud_event() for delivery in everything.wait_for(2)]
    assert {event.get_type() for event in events} == {
        "kinto.account.create",
        "kinto.account.update",
    }
    for event in events:
        data: Any = event.get_data()
        assert {part["password"] for part in (data["new"], data.get("old", data["new"]))} == {
            REDACTED
        }


def test_reads_are_told_if_asked_for(
    make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer
) -> None:
    kinto = make_kinto({**over_postgresql, "tocsin.actions": "read"})
    session = kinto.session()
    session.put("/buckets/blog")
    assert session.request("GET", "/buckets/blog").status_code == 200
    event = everything.wait_for(1)[0].cloud_event()
    assert (event.get_type(), event.get_subject()) == ("kinto.bucket.read", "/buckets/blog")
