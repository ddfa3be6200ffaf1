"""What a request has written, before anybody is told of it: looked at, and changed.

Kinto collects its events, and tells its subscribers when the views are done (and the response is
made). Between the two an object can be replaced in the same transaction: in the storage, in the
event, so that history, outbox and everybody else see only what it has become, and in the response.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from kinto.core.events import ACTIONS
from kinto.core.storage.exceptions import ObjectNotFoundError
from kinto.core.utils import strip_uri_prefix

from kinto_tocsin.event import UNDONE, Json
from kinto_tocsin.selection import uri_of

CHANGES = (ACTIONS.CREATE, ACTIONS.UPDATE, ACTIONS.DELETE)


@dataclass
class Write:
    """One object that a request changed. `impacted` is the event's own."""

    payload: Json
    parent: str  # in Kinto's storage
    impacted: Json
    is_last: bool  # of this object in this request

    @property
    def resource(self) -> str:
        return str(self.payload["resource_name"])

    @property
    def object_id(self) -> str:
        known = self.impacted.get("old") or self.impacted["new"]
        return str(known["id"])

    @property
    def uri(self) -> str:
        return uri_of(self.payload, self.object_id)

    @property
    def is_deletion(self) -> bool:
        return bool(self.payload["action"] == "delete")

    def read_whole(self, storage: Any) -> None:
        """A PATCH with a light answer leaves fields out."""
        new = self.impacted["new"]
        if "id" in new and "last_modified" in new:
            return
        try:
            self.impacted["new"] = storage.get(self.resource, self.parent, self.object_id)
        except ObjectNotFoundError:  # deleted later in the same request
            self.impacted["new"] = {**(self.impacted.get("old") or {}), **new}

    def replace(self, storage: Any, new: Json) -> None:
        """Its last_modified stays, unless it is the newest of its parent: then it is a new one."""
        before = self.impacted["new"]
        after = {**new, "id": self.object_id, "last_modified": before["last_modified"]}
        if self.is_last:
            after = storage.update(self.resource, self.parent, self.object_id, after)
        self.impacted["new"] = after


def writes_of(request: Any) -> list[Write]:
    """In the order of Kinto's events, without what was rolled back."""
    collector = request.bound_data.get("resource_events")
    if collector is None:
        return []
    undone = request.bound_data.get(UNDONE, {})
    found = [
        Write(payload, parent, impacted, is_last=True)
        for (_, _, parent, action), (payload, objects, _) in collector.event_dict.items()
        if action in CHANGES
        for impacted in objects
        if id(impacted) not in undone
    ]
    mark_last(found)
    return found


def mark_last(found: list[Write]) -> None:
    latest: dict[str, Write] = {}
    for write in found:
        before = latest.setdefault(write.uri, write)
        if before is write:
            continue
        earlier, later = sorted((before, write), key=time_of)
        earlier.is_last, latest[write.uri] = False, later


def time_of(write: Write) -> int:
    """Without one it is read again, and so is the last."""
    return int(write.impacted["new"].get("last_modified", 1 << 62))


#   The response.


def amend(request: Any, response: Any, replaced: list[Write]) -> None:
    """Shows what was replaced as it is now."""
    by_uri = {write.uri: write.impacted["new"] for write in replaced if write.is_last}
    if not by_uri or response.content_type != "application/json":
        return
    body = response.json
    if "responses" in body:
        for each in body["responses"]:
            amend_part(request, by_uri, each)
    elif isinstance(body.get("data"), dict):
        resource = request.current_resource_name
        found = [write for write in replaced if write.resource == resource and write.is_last]
        if len(found) == 1:
            body["data"] = found[0].impacted["new"]
            set_time(response.headers, body["data"])
    response.json = body


def amend_part(request: Any, by_uri: dict[str, Json], part: Json) -> None:
    """Of the response to a batch."""
    body = part.get("body")
    if part.get("status") not in (200, 201) or not isinstance(body, dict):
        return
    for uri in uris_of(request, part, body.get("data")):
        if uri in by_uri:
            body["data"] = by_uri[uri]
            set_time(part["headers"], body["data"])


def uris_of(request: Any, part: Json, data: Any) -> Iterator[str]:
    path = strip_uri_prefix(part["path"])
    bucket = getattr(request, "default_bucket_id", None)
    if bucket and path.startswith("/buckets/default"):
        path = f"/buckets/{bucket}{path.removeprefix('/buckets/default')}"
    yield path
    if isinstance(data, dict) and "id" in data:
        yield f"{path}/{data['id']}"


def set_time(headers: Any, new: Json) -> None:
    if "ETag" in headers:
        headers["ETag"] = f'"{new["last_modified"]}"'
    if "Last-Modified" in headers:
        headers["Last-Modified"] = formatdate(new["last_modified"] / 1000, usegmt=True)
