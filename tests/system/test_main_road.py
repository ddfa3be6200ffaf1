"""The main road: what somebody changes in a real Kinto arrives at a webhook, signed, once."""

from collections.abc import Iterable
from typing import Any

import kinto_http
import pytest
from kinto_http.exceptions import KintoBatchException

from harness.kinto import Kinto
from harness.sink import Consumer, Delivery, Sink
from harness.tocsin import Up

ARTICLES = "/buckets/blog/collections/articles"


@pytest.fixture
def consumer(tocsin: Up, sink: Sink) -> Consumer:
    """Takes everything that Kinto tells."""
    consumer = sink.consumer("everything")
    tocsin.client().subscribe(consumer.subscription(match={"type": "kinto.**"}))
    return consumer


@pytest.fixture
def blog(kinto: Kinto, consumer: Consumer) -> kinto_http.Client:
    """A bucket and a collection, whose own two events have arrived."""
    client = kinto.client(bucket="blog", collection="articles")
    client.create_bucket(id="blog")
    client.create_collection(id="articles")
    consumer.wait_for(2)
    return client


def told(deliveries: Iterable[Delivery]) -> list[tuple[str, str]]:
    """Type and subject of each, sorted, since deliveries come in any order."""
    events = [delivery.cloud_event() for delivery in deliveries]
    return sorted((event.get_type(), event.get_subject() or "") for event in events)


def data_of(deliveries: Iterable[Delivery], event_type: str) -> Any:
    """The data of the one event of this type."""
    events = [delivery.cloud_event() for delivery in deliveries]
    found = [event.get_data() for event in events if event.get_type() == event_type]
    assert len(found) == 1, found
    return found[0]


def test_a_record_is_created_updated_and_deleted(
    blog: kinto_http.Client, consumer: Consumer
) -> None:
    created = blog.create_record(id="bell", data={"title": "Bell"})["data"]
    updated = blog.update_record(id="bell", data={"title": "Tocsin"})["data"]
    deleted = blog.delete_record(id="bell")

    deliveries = consumer.wait_for(5)[2:]
    subject = ARTICLES + "/records/bell"
    assert told(deliveries) == [
        ("kinto.record.create", subject),
        ("kinto.record.delete", subject),
        ("kinto.record.update", subject),
    ]
    create = data_of(deliveries, "kinto.record.create")
    assert create["new"] == created
    assert not create.get("old")
    update = data_of(deliveries, "kinto.record.update")
    assert (update["old"], update["new"]) == (created, updated)
    assert update["payload"]["action"] == "update"
    delete = data_of(deliveries, "kinto.record.delete")
    assert (delete["old"], delete["new"]) == (updated, deleted)
    assert set(consumer.counts().values()) == {1}


def test_a_plural_delete_is_an_event_for_each_record(
    blog: kinto_http.Client, consumer: Consumer
) -> None:
    for number in range(5):
        blog.create_record(id=f"n{number}", data={"number": number})
    consumer.wait_for(7)
    blog.delete_records()

    deliveries = consumer.wait_for(12)[7:]
    subjects = [f"{ARTICLES}/records/n{number}" for number in range(5)]
    assert told(deliveries) == [("kinto.record.delete", subject) for subject in subjects]
    for delivery in deliveries:
        event = delivery.cloud_event()
        data: Any = event.get_data()
        assert event.get_subject() == f"{ARTICLES}/records/{data['old']['id']}"
        assert data["new"]["deleted"] is True
    assert set(consumer.counts().values()) == {1}


def test_a_batch_is_an_event_for_each_change(
    kinto: Kinto, blog: kinto_http.Client, consumer: Consumer
) -> None:
    blog.create_record(id="old", data={"title": "before"})
    consumer.wait_for(3)
    client = kinto.client(bucket="blog", collection="articles")
    with pytest.raises(KintoBatchException, match="drafts"), client.batch() as batch:
        batch.create_record(id="one", data={"n": 1})
        batch.create_record(id="two", data={"n": 2})
        batch.update_record(id="old", data={"title": "after"})
        batch.create_group(id="readers", data={"members": ["alice"]})
        batch.create_record(id="elsewhere", collection="drafts", data={"n": 3})

    #   The last of them failed, for want of a collection: Kinto told nobody, and so do we.
    assert told(consumer.wait_for(7)[3:]) == [
        ("kinto.group.create", "/buckets/blog/groups/readers"),
        ("kinto.record.create", ARTICLES + "/records/one"),
        ("kinto.record.create", ARTICLES + "/records/two"),
        ("kinto.record.update", ARTICLES + "/records/old"),
    ]


def test_a_post_to_the_plural_endpoint_is_told_under_the_new_records_own_uri(
    blog: kinto_http.Client, consumer: Consumer
) -> None:
    record = blog.session.request("post", ARTICLES + "/records", payload={"data": {"n": 1}})[0]
    subject = f"{ARTICLES}/records/{record['data']['id']}"
    assert told(consumer.wait_for(3)[2:]) == [("kinto.record.create", subject)]


def test_buckets_collections_and_groups_have_events_too(
    blog: kinto_http.Client, consumer: Consumer
) -> None:
    blog.create_group(id="editors", data={"members": ["alice"]})
    blog.patch_collection(id="articles", data={"schema": {"type": "object"}})
    blog.delete_group(id="editors")
    blog.delete_collection(id="articles")
    blog.delete_bucket(id="blog")

    assert told(consumer.wait_for(7)) == [
        ("kinto.bucket.create", "/buckets/blog"),
        ("kinto.bucket.delete", "/buckets/blog"),
        ("kinto.collection.create", ARTICLES),
        ("kinto.collection.delete", ARTICLES),
        ("kinto.collection.update", ARTICLES),
        ("kinto.group.create", "/buckets/blog/groups/editors"),
        ("kinto.group.delete", "/buckets/blog/groups/editors"),
    ]
    assert set(consumer.counts().values()) == {1}


def test_a_subscription_gets_what_it_matches_and_nothing_else(
    tocsin: Up, sink: Sink, blog: kinto_http.Client, consumer: Consumer
) -> None:
    published = sink.consumer("published")
    match = {
        "type": "kinto.record.*",
        "subject": ARTICLES + "/records/*",
        "data": {"new": {"status": ["published", "featured"], "words": [{"numeric": [">", 100]}]}},
    }
    tocsin.client().subscribe(published.subscription(match=match))
    blog.create_record(id="draft", data={"status": "draft", "words": 500})
    blog.create_record(id="short", data={"status": "published", "words": 5})
    blog.create_record(id="good", data={"status": "published", "words": 500})
    blog.create_group(id="readers", data={"members": []})
    blog.create_record(id="best", data={"status": "featured", "words": 900})

    consumer.wait_for(7)
    assert told(published.wait_for(2)) == [
        ("kinto.record.create", ARTICLES + "/records/best"),
        ("kinto.record.create", ARTICLES + "/records/good"),
    ]


def test_formats_kinto_and_raw_post_the_data_alone(
    tocsin: Up, sink: Sink, blog: kinto_http.Client, consumer: Consumer
) -> None:
    formats = {name: sink.consumer(name) for name in ("kinto", "raw")}
    for name, one in formats.items():
        one_format = {"format": name}
        tocsin.client().subscribe(one.subscription(match={"type": "**"}, deliver=one_format))
    record = blog.create_record(id="bell", data={"title": "Glocke · 鐘 · 🔔"})["data"]

    (_, _, as_cloud_event) = consumer.wait_for(3)
    for one in formats.values():
        (delivery,) = one.wait_for(1)
        assert delivery.headers["content-type"].startswith("application/json")
        assert delivery.json() == as_cloud_event.cloud_event().get_data()
        assert delivery.json()["new"] == record
        assert delivery.id == as_cloud_event.id == as_cloud_event.json()["id"]


def test_what_happened_to_each_event_can_be_looked_up(
    tocsin: Up, blog: kinto_http.Client, consumer: Consumer
) -> None:
    blog.create_record(id="bell", data={"title": "Bell"})
    event_id = consumer.wait_for(3)[2].id
    assert event_id.startswith("k_")

    client = tocsin.client()
    delivery = client.wait_for_delivery(event_id, "everything", "delivered")
    (attempt,) = delivery["attempts"]
    assert attempt["number"] == 1
    assert attempt["outcome"] == "ok"
    assert attempt["http_status"] == 204
    event = client.event(event_id)
    assert event["type"] == "kinto.record.create"
    assert event["subject"] == ARTICLES + "/records/bell"
    assert event["data"]["new"]["title"] == "Bell"
