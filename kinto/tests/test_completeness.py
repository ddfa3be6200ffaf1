"""What Kinto's own event does not tell, or tells wrongly, and Tocsin hears all the same."""

import io
from typing import Any

import pytest

from conftest import MakeKinto
from harness.sink import Consumer
from kinto_tocsin import event_id
from postgres import Postgres
from server import Json, Server, id_of_row

BLOG = "/buckets/blog/collections/articles"


@pytest.fixture
def blog(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    postgres: Postgres,
    database: str,
) -> Server:
    """Two collections, and an audit of what is committed from then on."""
    includes = "kinto_tocsin hooks kinto.plugins.default_bucket"
    kinto = make_kinto({**over_postgresql, "kinto.includes": includes})
    kinto.session().make_collection("blog/articles")
    everything.wait_for(2)
    postgres.audit(database)
    return kinto


def heard(everything: Consumer, subject: str, action: str) -> list[Json]:
    """Data of the events about what is at, or below, a path."""
    events = [delivery.cloud_event() for delivery in everything.deliveries]
    return [
        dict(event.get_data())  # type: ignore[arg-type]
        for event in events
        if str(event.get_subject()).startswith(subject) and event.get_type().endswith(action)
    ]


def wait_for_commits(everything: Consumer, postgres: Postgres, database: str) -> list[str]:
    """Until all that was committed has arrived."""
    ids = [id_of_row(row) for row in postgres.audited(database)]
    assert ids
    everything.wait_for_ids(ids)
    return ids


@pytest.mark.parametrize("behaviour", ["light", "diff", "full"])
def test_a_patch_with_a_light_answer_is_told_with_all_fields(
    blog: Server, everything: Consumer, postgres: Postgres, database: str, behaviour: str
) -> None:
    session = blog.session()
    session.put(f"{BLOG}/records/one", title="bell", kept=1)
    headers = {"Response-Behavior": behaviour}
    answer = session.request(
        "PATCH", f"{BLOG}/records/one", json={"data": {"title": "tocsin"}}, headers=headers
    )
    assert answer.status_code == 200
    wait_for_commits(everything, postgres, database)
    data = heard(everything, f"{BLOG}/records/one", "update")[0]
    assert (data["new"]["title"], data["new"]["kept"]) == ("tocsin", 1)
    assert data["old"]["title"] == "bell"


def test_what_a_plural_delete_removes_is_told_each_with_its_own_old(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = blog.session()
    for number in range(12):
        session.put(f"{BLOG}/records/r{number}", number=number)
    for number in reversed(range(12)):  # so that no order is by chance the right one
        session.put(f"{BLOG}/records/r{number}", number=number, again=True)
    assert session.request("DELETE", f"{BLOG}/records?_sort=-number").status_code == 200
    wait_for_commits(everything, postgres, database)
    found = heard(everything, f"{BLOG}/records", "delete")
    assert len(found) == 12
    for data in found:
        assert data["old"]["id"] == data["new"]["id"] == f"r{data['old']['number']}"


def test_a_batch_is_told_in_the_order_of_its_changes(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    requests = [
        {"method": "PUT", "path": f"{BLOG}/records/r{number % 4}", "body": {"data": {"n": number}}}
        for number in range(12)
    ]
    answer = blog.session().request("POST", "/batch", json={"requests": requests})
    assert {each["status"] for each in answer.json()["responses"]} == {200, 201}
    ids = wait_for_commits(everything, postgres, database)
    assert len(set(ids)) == 12
    assert set(ids) <= set(everything.counts())


def test_what_a_conflict_within_a_batch_rolled_back_is_not_told(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    requests: list[Json] = [
        {"method": "PUT", "path": f"{BLOG}/records/{name}", "body": {"data": {}}}
        for name in ("before", "conflict", "after")
    ]
    requests[1]["headers"] = {"X-Test-Conflict": "yes"}
    session = blog.session()
    answer = session.request("POST", "/batch", json={"requests": requests})
    assert [each["status"] for each in answer.json()["responses"]] == [201, 409, 201]
    assert session.request("GET", f"{BLOG}/records/before").status_code == 404
    wait_for_commits(everything, postgres, database)
    assert heard(everything, f"{BLOG}/records/after", "create")
    assert not heard(everything, f"{BLOG}/records/before", "create")


def test_what_is_refused_after_it_was_told_is_not_heard(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = blog.session()
    body = {"data": {"abort": True}}
    assert session.request("PUT", f"{BLOG}/records/no", json=body).status_code == 500
    session.put(f"{BLOG}/records/yes")
    wait_for_commits(everything, postgres, database)
    assert not heard(everything, f"{BLOG}/records/no", "create")


def test_the_children_of_a_deleted_bucket_get_delete_events_of_their_own(
    blog: Server, everything: Consumer
) -> None:
    session = blog.session()
    session.make_collection("blog/other")
    for path in (BLOG, "/buckets/blog/collections/other"):
        for number in range(3):
            session.put(f"{path}/records/same{number}", number=number)
    deleted = session.delete("/buckets/blog")
    subjects = [
        f"/buckets/blog/collections/{name}" + (f"/records/same{number}" if number < 3 else "")
        for name in ("articles", "other")
        for number in range(4)
    ]
    ids = {
        event_id.derive("kinto", subject, "delete", deleted["last_modified"])
        for subject in (*subjects, "/buckets/blog")
    }
    everything.wait_for_ids(ids)
    data = heard(everything, f"{BLOG}/records/same1", "delete")[0]
    assert (data["old"]["number"], data["payload"]["deleted_with"]) == (1, "/buckets/blog")
    order = [delivery.id for delivery in everything.deliveries if delivery.id in ids]
    assert order[-1] == event_id.derive(
        "kinto", "/buckets/blog", "delete", deleted["last_modified"]
    )


def test_the_children_of_a_deleted_collection_too(blog: Server, everything: Consumer) -> None:
    session = blog.session()
    session.put(f"{BLOG}/records/one", title="bell")
    deleted = session.delete(BLOG)
    everything.wait_for_ids(
        event_id.derive("kinto", path, "delete", deleted["last_modified"])
        for path in (f"{BLOG}/records/one", BLOG)
    )


def test_the_default_bucket_is_told_by_its_real_name(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = blog.session()
    session.put("/buckets/default/collections/tasks/records/one", title="write")
    bucket = session.request("GET", "/buckets/default").json()["data"]["id"]
    wait_for_commits(everything, postgres, database)
    subjects = {delivery.cloud_event().get_subject() for delivery in everything.deliveries}
    root = f"/buckets/{bucket}"
    assert {root, f"{root}/collections/tasks", f"{root}/collections/tasks/records/one"} <= subjects


def test_the_user_the_request_and_the_causation_go_along(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    cause = "id=k_cause; root=order-17; hops=2"
    headers = {"X-Request-Id": "request-7", "X-Tocsin-Causation": cause}
    blog.session().request("PUT", f"{BLOG}/records/one", json={"data": {}}, headers=headers)
    wait_for_commits(everything, postgres, database)
    payload = heard(everything, f"{BLOG}/records/one", "create")[0]["payload"]
    assert payload["user_id"].startswith("basicauth:")
    assert (payload["request_id"], payload["causation"]) == ("request-7", cause)
    assert causes(everything)[f"{BLOG}/records/one"] == ("k_cause", "order-17", 2)


def causes(everything: Consumer) -> dict[str, tuple[Any, ...]]:
    """Of each subject, what its last event says."""
    events = [delivery.json() for delivery in everything.deliveries]
    names = ("causationid", "rootid", "hops")
    return {each["subject"]: tuple(each.get(name) for name in names) for each in events}


def test_in_a_batch_each_request_has_its_own_cause(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    headers = ["id=a; root=a; hops=1", "", "id=b; root=c; hops=70000", "id=b; root=c; hops=7"]
    requests: list[Json] = [
        {"method": "PUT", "path": f"{BLOG}/records/r{number}", "body": {"data": {}}}
        for number in range(len(headers))
    ]
    for request, header in zip(requests, headers, strict=True):
        request["headers"] = {"X-Tocsin-Causation": header} if header else {}
    blog.session().request("POST", "/batch", json={"requests": requests})
    wait_for_commits(everything, postgres, database)
    found = causes(everything)
    none = (None, None, None)
    expected = [("a", "a", 1), none, none, ("b", "c", 7)]
    assert [found[f"{BLOG}/records/r{number}"] for number in range(4)] == expected


def test_what_went_down_with_its_parent_has_the_cause_of_that(
    blog: Server, everything: Consumer
) -> None:
    session = blog.session()
    session.put(f"{BLOG}/records/one")
    headers = {"X-Tocsin-Causation": "id=a; root=a; hops=1"}
    deleted = session.request("DELETE", BLOG, headers=headers).json()["data"]
    everything.wait_for_ids(
        event_id.derive("kinto", path, "delete", deleted["last_modified"])
        for path in (f"{BLOG}/records/one", BLOG)
    )
    assert causes(everything)[f"{BLOG}/records/one"] == ("a", "a", 1)


def test_an_attachment_is_told_as_a_change_of_its_record(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    postgres: Postgres,
    database: str,
    tmp_path: Any,
) -> None:
    kinto = make_kinto(
        {
            **over_postgresql,
            "kinto.includes": "kinto_tocsin kinto_attachment",
            "kinto.attachment.base_path": tmp_path / "attachments",
        }
    )
    postgres.audit(database)
    session = kinto.session()
    session.make_collection("blog/articles")
    files = {"attachment": ("bell.txt", io.BytesIO(b"dong"), "text/plain")}
    answer = session.request("POST", f"{BLOG}/records/one/attachment", files=files)
    assert answer.status_code == 201, answer.text
    wait_for_commits(everything, postgres, database)
    data = heard(everything, f"{BLOG}/records/one", "create")[0]
    assert data["new"]["attachment"]["filename"] == "bell.txt"


def test_more_than_a_post_can_hold_deleted_at_once_all_arrives(
    blog: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    for first in range(0, 1250, 25):
        requests = [
            {"method": "PUT", "path": f"{BLOG}/records/r{first + number}", "body": {"data": {}}}
            for number in range(25)
        ]
        blog.session().request("POST", "/batch", json={"requests": requests})
    answer = blog.session().request("DELETE", f"{BLOG}/records")
    assert len(answer.json()["data"]) == 1250
    ids = wait_for_commits(everything, postgres, database)
    assert len(set(ids)) == 2500
