"""The outbox: notifications in Kinto's own storage, written in the transaction of the change.

Each entry has a parent_id of its own, so that no two transactions can collide: in PostgreSQL
(parent_id, resource_name, last_modified) is unique. Its id begins with `~`, which sorts after all
ids that Kinto gives, and with the time of its first change: so a page in the order of ids is a page
in the order of changes, and reads nothing else of the index.
"""

import itertools
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import transaction
from kinto.core.storage import Filter, Sort
from kinto.core.storage.exceptions import ObjectNotFoundError, UnicityError
from kinto.core.utils import COMPARISON

from kinto_tocsin.notification import Json, Notification

ENTRY, FAILED, LEASE = "tocsin-outbox", "tocsin-failed", "tocsin-lease"
PARENT, FAILED_PARENT, LEASE_PARENT = "/tocsin", "/tocsin-failed", "/tocsin-lease"
START = "~"  # before all entries
LEASE_SECONDS = 5.0  # a holder that has not been heard of for so long is gone
PAUSE_SECONDS = 0.002
NO_LIMIT = 1 << 30
#   A last_modified is given a moment before the transaction gets its number.
MARGIN_MS = 10


@dataclass(frozen=True)
class Entry:
    id: str
    written_ms: int  # by the clock of the storage
    notification: Notification


def read_entry(stored: Json) -> Entry:
    return Entry(stored["id"], stored["last_modified"], Notification.from_json(stored))


class Outbox:
    """For any number of threads; each call of the relay is a transaction of its own."""

    is_full = False  # counting is too slow for each write: Health knows

    def __init__(self, storage: Any, settle_seconds: float) -> None:
        self.storage = storage
        self.clock = Snapshots(storage, settle_seconds)
        self.lease = Lease(storage)
        self.most = int(getattr(storage, "_max_fetch_size", NO_LIMIT))  # entries in a page
        self._numbers = itertools.count()

    def add(self, entry: Notification) -> None:
        """In the transaction of the caller."""
        #   Two of one millisecond come out in the order in which this process wrote them.
        number = next(self._numbers) & 0xFFFFFFFF
        entry_id = f"{START}{entry.first_ms:016x}-{number:08x}-{uuid.uuid4().hex[:16]}"
        self.storage.create(
            resource_name=ENTRY,
            parent_id=f"{PARENT}/{uuid.uuid4().hex}",
            obj=entry.to_json(),
            id_generator=lambda: entry_id,  # an id within obj would cost a SELECT
        )

    def page(self, after: str, limit: int) -> list[Entry]:
        """Of entries whose ids are greater, in order."""
        with outside_of_requests():
            return [read_entry(each) for each in self._list(ENTRY, PARENT, after, limit)]

    def _list(self, resource: str, parent: str, after: str, limit: int) -> list[Json]:
        found: list[Json] = self.storage.list_all(
            resource_name=resource,
            parent_id=f"{parent}/*",
            filters=[Filter("id", after, COMPARISON.GT)],
            sorting=[Sort("id", 1)],
            limit=limit,
        )
        return found

    def remove(self, ids: list[str]) -> None:
        with outside_of_requests():
            self._delete(ENTRY, PARENT, ids)

    def _delete(self, resource: str, parent: str, ids: list[str]) -> None:
        if ids:
            self.storage.delete_all(
                resource_name=resource,
                parent_id=f"{parent}/*",
                filters=[Filter("id", ids, COMPARISON.IN)],
                with_deleted=False,  # no tombstones
            )

    def count(self) -> int:
        with outside_of_requests():
            return int(self.storage.count_all(ENTRY, f"{PARENT}/*"))

    def settle(self) -> int | None:
        return self.clock.settle()

    def keep(self) -> None:
        """It is kept already."""

    #   What Tocsin refused.

    def set_aside(self, refused: Notification, reason: str) -> None:
        with outside_of_requests():
            self.storage.create(
                resource_name=FAILED,
                parent_id=f"{FAILED_PARENT}/{uuid.uuid4().hex}",
                obj={**refused.to_json(), "reason": reason},
            )

    def failed_count(self) -> int:
        with outside_of_requests():
            return int(self.storage.count_all(FAILED, f"{FAILED_PARENT}/*"))

    def failed(self, after: str = "", limit: int = 100) -> list[Json]:
        with outside_of_requests():
            return self._list(FAILED, FAILED_PARENT, after, limit)

    def retry_failed(self, stored: Json) -> None:
        """Back into the outbox."""
        with outside_of_requests():
            self.add(Notification.from_json(stored))
            self._delete(FAILED, FAILED_PARENT, [stored["id"]])

    def discard_failed(self, stored: Json) -> None:
        with outside_of_requests():
            self._delete(FAILED, FAILED_PARENT, [stored["id"]])


@contextmanager
def outside_of_requests() -> Iterator[None]:
    """A transaction of a thread that serves no request."""
    transaction.begin()
    try:
        yield
        transaction.commit()
    except BaseException:
        transaction.abort()
        raise


class Snapshots:
    """When everything older than a moment is to be seen, in PostgreSQL.

    last_modified is given before the commit, so what is seen first may be the later of two. After
    waiting for all transactions that were under way at a moment, whatever they changed up to then
    can be read. One that takes too long is waited for once: its changes come out of order.
    """

    #   A number of our own tells older transactions from newer ones. (A snapshot's xmax does not:
    #   it is one more than the last that ended, and those under way may have higher ones.)
    NUMBER = "SELECT as_epoch (statement_timestamp ()::timestamp), txid_current ()"
    UNDER_WAY = "SELECT ARRAY (SELECT txid_snapshot_xip (txid_current_snapshot ()))"

    def __init__(self, storage: Any, longest_seconds: float) -> None:
        client = getattr(storage, "client", None)
        self.client = client if hasattr(client, "session_factory") else None
        self.longest_seconds = longest_seconds
        self._given_up: set[int] = set()

    def settle(self) -> int | None:
        """The moment, in ms by the storage's clock; None if the storage cannot tell."""
        if self.client is None:
            return None
        moment, ours = self._ask(self.NUMBER)
        deadline = time.monotonic() + self.longest_seconds
        pause = PAUSE_SECONDS
        while waited_for := self._older_than(ours):
            if time.monotonic() > deadline:
                self._given_up = waited_for
                break
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        return int(moment) - MARGIN_MS

    def _older_than(self, ours: int) -> set[int]:
        (under_way,) = self._ask(self.UNDER_WAY)
        self._given_up.intersection_update(under_way)
        return {number for number in under_way if number < ours} - self._given_up

    def _ask(self, query: str) -> Any:
        from sqlalchemy import text

        assert self.client
        with outside_of_requests(), self.client.connect(readonly=True) as connection:
            return connection.execute(text(query)).fetchone()


class Lease:
    """One of several processes does the work; the others look whether it still does.

    It saves work and is not needed for correctness: what two send is one event in Tocsin. So a
    holder that has been silent may be replaced by the clock of whoever noticed, and clocks need not
    agree.
    """

    def __init__(self, storage: Any, name: str = "relay") -> None:
        self.storage = storage
        self.name = name
        self.parent = LEASE_PARENT if name == "relay" else f"{LEASE_PARENT}/{name}"
        self.me = f"{os.uname().nodename}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._beats = itertools.count()
        self._seen: tuple[Json, float] | None = (
            None  # what the holder wrote, and when we saw it first
        )

    def take(self) -> bool:
        """Or renew."""
        with outside_of_requests():
            try:
                held = self.storage.get(LEASE, self.parent, self.name)
            except ObjectNotFoundError:
                return self._create()
            if held["holder"] != self.me and not self._is_silent(held):
                return False
            self.storage.update(LEASE, self.parent, self.name, self._beat())
            return True

    def _beat(self) -> Json:
        return {"holder": self.me, "beat": next(self._beats)}

    def _create(self) -> bool:
        try:
            self.storage.create(LEASE, self.parent, self._beat(), id_generator=lambda: self.name)
        except UnicityError:
            return False
        return True

    def _is_silent(self, held: Json) -> bool:
        if self._seen is None or self._seen[0] != held:
            self._seen = (held, time.monotonic())
        return time.monotonic() - self._seen[1] > LEASE_SECONDS

    def release(self) -> None:
        with outside_of_requests():
            try:
                if self.storage.get(LEASE, self.parent, self.name)["holder"] == self.me:
                    self.storage.delete(LEASE, self.parent, self.name, with_deleted=False)
            except ObjectNotFoundError:
                pass
