"""The records that are subscriptions, in Kinto's storage; and their secrets, which no URL reaches.

A secret is taken out of its record in the transaction that brings it, before anybody else sees the
change: it is kept in a row that is no resource of Kinto's, as the outbox is.
"""

from contextlib import suppress
from typing import Any

from kinto.core.storage.exceptions import ObjectNotFoundError

from kinto_tocsin import children
from kinto_tocsin.outbox import outside_of_requests
from kinto_tocsin.settings import Settings
from kinto_tocsin.subscription import STATE, Json, take_secrets

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
        return {name: value for name, value in found.items() if name not in ("id", "last_modified")}

    def _secret_parent(self, record_id: str) -> str:
        return f"{SECRET_PARENT}{self.parent}/{record_id}"

    #   In a transaction of its own.

    def all(self) -> list[tuple[Json, Json]]:
        """Each with its secrets."""
        with outside_of_requests():
            found = children.pages(self.storage, "record", self.parent)
            return [(record, self.secrets(record["id"])) for page in found for record in page]

    def note(self, seen: Json, state: Json) -> None:
        """Nobody is told, so that nothing is done about it again.

        A record that has changed since it was seen is left alone: its turn comes.
        """
        if seen.get(STATE) == state:
            return
        with outside_of_requests():
            self._lock(seen["id"])
            try:
                now = self.storage.get("record", self.parent, seen["id"])
            except ObjectNotFoundError:
                return
            if now["last_modified"] == seen["last_modified"]:
                changed = {**now, STATE: state}
                del changed["last_modified"]
                self.storage.update("record", self.parent, seen["id"], changed)

    def _lock(self, record_id: str) -> None:
        """So that a write that is committed meanwhile is not undone."""
        if self.client is None:
            return
        from sqlalchemy import text

        with self.client.connect() as connection:
            connection.execute(text(LOCK), {"parent": self.parent, "id": record_id})
