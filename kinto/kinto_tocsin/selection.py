"""Which changes are told, and what of them: patterns over buckets, collections, URIs; redaction.

A pattern is a shell's: `*` any characters, `?` one.
"""

from fnmatch import fnmatchcase
from typing import Any

from kinto_tocsin.settings import Settings

Json = dict[str, Any]
REDACTED = "[redacted]"
ALWAYS_REDACTED = ("account:password",)  # whatever the settings say

PLURALS = {"bucket": "buckets", "collection": "collections", "group": "groups", "record": "records"}


def uri_of(payload: Json, object_id: str) -> str:
    """The object's own URI. For a resource that Kinto itself has not, one that tells it apart."""
    resource = payload["resource_name"]
    parts = ""
    if resource != "bucket" and "bucket_id" in payload:
        parts += f"/buckets/{payload['bucket_id']}"
    if resource == "record" and "collection_id" in payload:
        parts += f"/collections/{payload['collection_id']}"
    return f"{parts}/{PLURALS.get(resource, resource + 's')}/{object_id}"


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class Selection:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.redacted = [
            (resource, field.split("."))
            for resource, _, field in (
                rule.rpartition(":") for rule in (*ALWAYS_REDACTED, *settings.redact)
            )
        ]

    def wants(self, payload: Json) -> bool:
        """Of what is the same for all objects of an event."""
        return (
            payload["resource_name"] in self.settings.resources
            and payload["action"] in self.settings.actions
        )

    def wants_object(self, payload: Json, object_id: str) -> bool:
        resource, chosen = payload["resource_name"], self.settings
        bucket = object_id if resource == "bucket" else payload.get("bucket_id")
        if chosen.buckets and bucket is not None and not matches(bucket, chosen.buckets):
            return False
        collection = object_id if resource == "collection" else payload.get("collection_id")
        if chosen.collections and collection is not None:
            names = (collection, f"{bucket}/{collection}")
            if not any(matches(name, chosen.collections) for name in names):
                return False
        return not matches(uri_of(payload, object_id), chosen.exclude)

    def redact(self, resource: str, impacted: Json) -> Json:
        """The same object, if nothing of it is redacted; otherwise a copy."""
        return {
            name: self._redact_part(resource, part)
            for name, part in impacted.items()
            if part is not None and (name == "new" or self.settings.old)
        }

    def _redact_part(self, resource: str, part: Json) -> Json:
        for name, path in self.redacted:
            if name in ("", resource):
                part = without(part, path)
        return part


def without(part: Any, path: list[str]) -> Any:
    if not isinstance(part, dict) or path[0] not in part:
        return part
    value = REDACTED if len(path) == 1 else without(part[path[0]], path[1:])
    return {**part, path[0]: value}
