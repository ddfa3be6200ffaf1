"""The records that are subscriptions, in Kinto's storage; and their secrets, which no URL reaches.

A secret is taken out of its record in the transaction that brings it, before anybody else sees the
change: it is kept in a row that is no resource of Kinto's, as the outbox is.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from kinto.core.storage.exceptions import ObjectNotFoundError

from kinto_tocsin import children
from kinto_tocsin.outbox import outside_of_requests
from kinto_tocsin.settings import Settings
from kinto_tocsin.subscription import KEPT, STATE, Json, get, take_secrets

SECRET, SECRET_PARENT = "tocsin-secret", "/tocsin-secret"
LOCK = """
    SELECT 1 FROM objects WHERE resource_name = 'record' AND parent_id = :parent AND id = :id
    FOR UPDATE
"""


class SubscriptionRecords:
    def __init__(self, settings: Settings, storage: Any) -> None:
        self.settings = settings
        self.storage = storage
        bucket, _, collection = settings.subscriptions.partition("/")
        self.parent = f"/buckets/{bucket}/collections/{collection}"
        client = getattr(storage, "client", None)
        self.client = client if hasattr(client, "session_factory") else None

    def name_of(self, record: Json) -> str:
        """Of its subscription in Tocsin."""
        return f"{self.settings.subscriptions_prefix}{record['id']}"

    #   In the transaction of a write.

    def accept(self, record: Json) -> Json:
        """As it is to be stored: without secrets, and with a state that says what is to come."""
        kept = self.secrets(record["id"])
        shown, secrets = take_secrets(record, self.settings.subscriptions_secrets, kept)
        if secrets != kept:
            parent = self._secret_parent(record["id"])
            self.storage.update(SECRET, parent, record["id"], secrets)
        shown[STATE] = {"id": self.name_of(record), "status": "pending"}
        return shown

    def forget(self, record_id: str) -> None:
        parent = self._secret_parent(record_id)
        with suppress(ObjectNotFoundError):
            self.storage.delete(SECRET, parent, record_id, with_deleted=False)

    def secrets(self, record_id: str) -> Json:
        try:
            found: Json = self.storage.get(SECRET, self._secret_parent(record_id), record_id)
        except ObjectNotFoundError:
            return {}
        return without_names(found)

    def _secret_parent(self, record_id: str) -> str:
        return f"{SECRET_PARENT}{self.parent}/{record_id}"

    #   In a transaction of its own.

    def all(self) -> list[tuple[Json, Json]]:
        """Each with its secrets. These are read first: of which the record is not there afterwards,
        it has gone, with its collection perhaps."""
        with outside_of_requests():
            kept = {each["id"]: each for each in self._list(SECRET, self._secret_parent("*"))}
            records = list(self._list("record", self.parent))
            for gone in kept.keys() - {record["id"] for record in records}:
                self.forget(gone)
        return [(each, without_names(kept.get(each["id"], {}))) for each in records]

    def _list(self, resource: str, parent: str) -> Iterator[Json]:
        for page in children.pages(self.storage, resource, parent):
            yield from page

    def conceal(self, seen: Json) -> None:
        """A secret that stands in a record, as it was written while the plug-in was not there."""
        with outside_of_requests():
            if now := self._unchanged(seen):
                shown = self.accept(now)
                del shown["last_modified"]
                self.storage.update("record", self.parent, seen["id"], shown)

    def is_open(self, record: Json) -> bool:
        paths = self.settings.subscriptions_secrets
        return any(get(record, path) not in (None, KEPT) for path in paths)

    def note(self, seen: Json, state: Json) -> None:
        """Nobody is told, so that nothing is done about it again.

        A record that has changed since it was seen is left alone: its turn comes.
        """
        if seen.get(STATE) == state:
            return
        with outside_of_requests():
            if now := self._unchanged(seen):
                changed = {**now, STATE: state}
                del changed["last_modified"]
                self.storage.update("record", self.parent, seen["id"], changed)

    def _unchanged(self, seen: Json) -> Json | None:
        """The record, until the end of the transaction; None if it is not what was seen."""
        self._lock(seen["id"])
        try:
            now: Json = self.storage.get("record", self.parent, seen["id"])
        except ObjectNotFoundError:
            return None
        return now if now["last_modified"] == seen["last_modified"] else None

    def _lock(self, record_id: str) -> None:
        """So that a write that is committed meanwhile is not undone."""
        if self.client is None:
            return
        from sqlalchemy import text

        with self.client.connect() as connection:
            connection.execute(text(LOCK), {"parent": self.parent, "id": record_id})


def without_names(stored: Json) -> Json:
    """Paths and secrets."""
    return {name: value for name, value in stored.items() if name not in ("id", "last_modified")}
