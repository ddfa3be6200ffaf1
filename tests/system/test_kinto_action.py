"""The action `kinto`, against a real Kinto: what it writes, and how it bears what Kinto does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kinto_http
import pytest

from harness.client import Json
from harness.kinto import Kinto
from harness.tocsin import Daemons

PLACE = {"name": "kinto", "server": "main", "bucket": "results", "collection": "builds"}
QUICK = {"min_backoff_ms": 10, "max_backoff_ms": 10}


@pytest.fixture
def kinto(daemons: Daemons, tmp_path: Path) -> Iterator[Kinto]:
    """With a bucket `results` and a collection `builds`."""
    kinto = Kinto(tmp_path, daemons.url, daemons.make_token("events:write"))
    try:
        kinto.wait_until_it_serves()
        client = kinto.client(bucket="results", collection="builds")
        client.create_bucket(id="results")
        client.create_collection(id="builds")
        yield kinto
    finally:
        kinto.process.end()


@pytest.fixture
def builds(kinto: Kinto) -> kinto_http.Client:
    return kinto.client(bucket="results", collection="builds")


def settings_for(kinto: Kinto) -> dict[str, Any]:
    """Of a worker that may write there."""
    return {
        "worker/kinto/main/url": kinto.url,
        "worker/kinto/main/user": "alice",
        "worker/kinto/main/password": "wonderland",
    }


@pytest.fixture
def worker(daemons: Daemons, kinto: Kinto) -> str:
    name = daemons.start_worker(**settings_for(kinto))
    daemons.wait_for_workers(name)
    return name


def subscribe(daemons: Daemons, name: str = "writes", **more: Any) -> None:
    action = {**PLACE, **more.pop("action", {})}
    match = {"type": "build.*"}
    daemons.client().subscribe({"id": name, "match": match, "action": action} | more)


def outcome(daemons: Daemons, status: str, **event: Any) -> Json:
    """The last attempt at an event, once its delivery has that status."""
    event.setdefault("type", "build.done")
    published = daemons.client().publish(**event)["id"]
    delivery = daemons.client().wait_for_delivery(published, "writes", status)
    attempt: Json = delivery["attempts"][-1]
    return attempt


@pytest.mark.usefixtures("worker")
def test_the_data_is_written_as_a_record_of_the_events_id(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    subscribe(daemons)
    attempt = outcome(daemons, "delivered", id="build-1", data={"ok": True, "seconds": 7})
    record = builds.get_record(id="build-1")["data"]
    assert (record["ok"], record["seconds"]) == (True, 7)
    assert attempt["result"] == {
        "uri": "/buckets/results/collections/builds/records/build-1",
        "changed": True,
        "last_modified": record["last_modified"],
    }
    assert attempt["http_status"] == 201
