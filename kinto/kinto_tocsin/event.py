"""What really changed: Kinto's own events read with care, before they are told.

Kinto's event is not always what one would take it for:
* a PATCH with `Response-Behavior: light` or `diff` has in `new` only some of the fields;
* a plural DELETE lists `new` and `old` from two queries, whose orders may differ;
* a batch in which one request met a conflict (409) was rolled back up to there, but its events
  come.
"""

from collections.abc import Iterator
from typing import Any

import transaction
from kinto.core.events import ResourceChanged, ResourceRead
from kinto.core.storage.exceptions import ObjectNotFoundError

from kinto_tocsin.cause import Cause, cause_of

Json = dict[str, Any]
WATCHED = object()  # in the data of a transaction
UNDONE = "tocsin.undone"  # in request.bound_data, if there is any


def watch_aborts(request: Any) -> None:
    """Called as each request and sub-request begins: what is aborted within it is remembered."""
    current = transaction.get()
    try:
        current.data(WATCHED)
    except KeyError:
        current.set_data(WATCHED, True)
        current.addAfterAbortHook(note_abort, args=(request.bound_data,))


def note_abort(bound_data: Json) -> None:
    collector = bound_data.get("resource_events")
    if collector is None:
        return
    undone = bound_data.setdefault(UNDONE, {})
    for _, impacted, _ in collector.event_dict.values():
        undone.update((id(each), each) for each in impacted)  # kept, so that no id is used again


def parent_of(payload: Json) -> str | None:
    """Under which Kinto's storage keeps the object; None if the resource is not Kinto's own."""
    resource = payload["resource_name"]
    if resource == "bucket":
        return ""
    bucket = f"/buckets/{payload.get('bucket_id')}"
    if resource in ("collection", "group"):
        return bucket
    return f"{bucket}/collections/{payload.get('collection_id')}" if resource == "record" else None


def whole(event: ResourceChanged, impacted: Json) -> Json:
    """With a `new` that has all its fields, read again if Kinto left some out."""
    new, old = impacted["new"], impacted.get("old") or {}
    if "id" in new and "last_modified" in new:
        return impacted
    parent = parent_of(event.payload)
    try:
        if parent is None:
            raise ObjectNotFoundError
        storage = event.request.registry.storage
        new = storage.get(event.payload["resource_name"], parent, old["id"])
    except ObjectNotFoundError:  # deleted later in the same request, or not Kinto's own
        new = {**old, **new, "last_modified": event.payload["timestamp"]}
    return {**impacted, "new": new}


def changed_objects(event: ResourceChanged) -> Iterator[tuple[Cause | None, Json]]:
    """Each impacted object, paired and whole, without what was rolled back; with its cause."""
    undone = event.request.bound_data.get(UNDONE, {})
    olds = {each["old"]["id"]: each["old"] for each in event.impacted_objects if each.get("old")}
    is_delete = event.payload["action"] == "delete"
    for impacted in event.impacted_objects:
        if id(impacted) in undone:
            continue
        cause = cause_of(event.request, impacted)
        if is_delete and "old" in impacted:
            impacted = {**impacted, "old": olds.get(impacted["new"]["id"])}
        yield cause, whole(event, impacted)


def read_objects(event: ResourceRead) -> Iterator[tuple[Cause | None, Json]]:
    for each in event.read_objects:
        if "id" in each and "last_modified" in each:  # otherwise _fields left them out
            yield None, {"new": each}


def payload_of(event: ResourceChanged, request_id: str, cause: Cause | None) -> Json:
    """Kinto's, with the request's id, and the causation as it was sent."""
    payload = {**event.payload}
    if request_id:
        payload["request_id"] = request_id
    if cause:
        payload["causation"] = cause.text
    return payload
