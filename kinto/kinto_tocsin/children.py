"""Who goes down with a bucket or a collection: Kinto tells only of the parent.

Each child gets a delete event of its own, at the time when its parent was deleted. They are read in
pages, before Kinto deletes them: our subscriber was there first.
"""

from collections.abc import Iterator
from typing import Any

from kinto.core.storage import Filter, Sort
from kinto.core.utils import COMPARISON

Json = dict[str, Any]
PAGE = 500
KEPT = ("user_id", "request_id", "causation")


def pages(storage: Any, resource: str, parent: str) -> Iterator[list[Json]]:
    filters: list[Filter] = []
    #   A short page is not the last one: the storage has a limit of its own.
    while page := storage.list_all(
        resource, parent, filters=filters, sorting=[Sort("id", 1)], limit=PAGE
    ):
        yield page
        filters = [Filter("id", page[-1]["id"], COMPARISON.GT)]


def of_collection(storage: Any, bucket: str, name: str) -> Iterator[tuple[Json, list[Json]]]:
    parent = f"/buckets/{bucket}/collections/{name}"
    ids = {"bucket_id": bucket, "collection_id": name}
    for page in pages(storage, "record", parent):
        yield {"resource_name": "record", "uri": f"{parent}/records", **ids}, page


def of_bucket(storage: Any, bucket: str) -> Iterator[tuple[Json, list[Json]]]:
    parent = f"/buckets/{bucket}"
    for page in pages(storage, "collection", parent):
        for collection in page:
            yield from of_collection(storage, bucket, collection["id"])
        uri = f"{parent}/collections"
        yield {"resource_name": "collection", "uri": uri, "bucket_id": bucket}, page
    for page in pages(storage, "group", parent):
        yield {"resource_name": "group", "uri": f"{parent}/groups", "bucket_id": bucket}, page


def children_of(storage: Any, payload: Json, deleted: Json) -> Iterator[tuple[Json, list[Json]]]:
    """Of one deleted object: payload and impacted objects of each page of its children."""
    resource, new = payload["resource_name"], deleted["new"]
    if resource == "bucket":
        found, uri = of_bucket(storage, new["id"]), f"/buckets/{new['id']}"
    elif resource == "collection":
        found = of_collection(storage, payload["bucket_id"], new["id"])
        uri = f"/buckets/{payload['bucket_id']}/collections/{new['id']}"
    else:
        return
    common = {key: value for key, value in payload.items() if not key.endswith("_id")}
    kept: Json = {key: payload[key] for key in KEPT if key in payload}
    gone = {"last_modified": new["last_modified"], "deleted": True}
    for own, page in found:
        impacted = [{"new": {"id": each["id"], **gone}, "old": each} for each in page]
        yield {**common, **kept, **own, "deleted_with": uri}, impacted
