"""Direct mode, for storages without transactions: a bounded queue, and files for what does not fit.

A process writes its own segment, under a lock that ends with it, and reads it when its queue is
empty; a segment whose writer is gone is read by whoever finds it. A segment is removed when all it
held was confirmed. While Tocsin does not answer, everything goes to files; what is only in the
queue is lost with a kill -9, as is what such a storage held.
"""

import atexit
import fcntl
import itertools
import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kinto.core.utils import json

from kinto_tocsin.notification import Notification
from kinto_tocsin.outbox import NO_LIMIT, START, Entry
from kinto_tocsin.settings import Settings

logger = logging.getLogger(__name__)

WHENEVER = 1 << 62  # written_ms of what counts by its last_modified alone


class Segment:
    """A file of notifications, one a line, that this process holds locked."""

    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError if another process holds it."""
        self.path = path
        self.file: IO[bytes] = path.open("a+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise
        self.size_bytes = self.file.seek(0, os.SEEK_END)
        self.read_bytes = 0
        self.lines = 0  # written by us
        self.lines_read = 0

    def write(self, entry: Notification) -> None:
        line = json.dumps(entry.to_json()).encode() + b"\n"
        self.file.seek(0, os.SEEK_END)
        self.file.write(line)
        self.file.flush()
        self.size_bytes += len(line)
        self.lines += 1

    def read(self, most: int) -> Iterator[Notification]:
        """The next ones. A line that was cut off by a crash is told and left out."""
        self.file.seek(self.read_bytes)
        for line in itertools.islice(self.file, most):
            self.read_bytes += len(line)
            self.lines_read += 1
            try:
                yield Notification.from_json(json.loads(line))
            except (ValueError, KeyError, TypeError):
                logger.error("%s: line %d cannot be read", self.path, self.lines_read)

    @property
    def is_read(self) -> bool:
        return self.read_bytes >= self.size_bytes

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.file.close()


def private_directory(settings: Settings) -> Path:
    """For nobody else to read: it holds what changed."""
    path = Path(settings.spool_dir or f"{tempfile.gettempdir()}/kinto-tocsin-{os.geteuid()}")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to somebody else: set tocsin.spool_dir")
    return path


class NoLease:
    """Nobody else empties this queue."""

    def take(self) -> bool:
        return True

    def release(self) -> None:
        pass


class Spool:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.directory = private_directory(settings)
        self.failed_path = self.directory / "failed.jsonl"
        self.lease = NoLease()
        self.most = NO_LIMIT
        self._start_over()
        #   Both outlive nobody: a spool is made once, with its Kinto.
        os.register_at_fork(after_in_child=self._start_over)
        atexit.register(self.keep)

    def _start_over(self) -> None:
        """In a fork too: what waited is its parent's."""
        self._lock = threading.Lock()
        self._queue: dict[str, Entry] = {}  # in the order of their ids
        self._own: Segment | None = None  # what did not fit into the queue
        self._reading: Segment | None = None  # where the queue came from
        self._numbers = itertools.count(1)
        self._started_ms = time.time_ns() // 1_000_000

    @property
    def is_full(self) -> bool:
        own = self._own
        return own is not None and own.size_bytes >= self.settings.spool_max_bytes

    def add(self, entry: Notification) -> None:
        with self._lock:
            if not (self._own or self._reading) and len(self._queue) < self.settings.queue_max:
                self._enqueue(entry)
                return
            if self._own is None:
                self._own = self._make_segment(1)
            self._own.write(entry)

    def _enqueue(self, entry: Notification) -> None:
        entry_id = f"{START}{next(self._numbers):016x}"
        self._queue[entry_id] = Entry(entry_id, WHENEVER, entry)

    def _make_segment(self, number: int) -> Segment:
        """Names sort by age."""
        name = f"{self._started_ms:016d}-{os.getpid()}-{number}-{time.time_ns()}.spool"
        return Segment(self.directory / name)

    def page(self, after: str, limit: int) -> list[Entry]:
        with self._lock:
            if not self._queue:
                self._refill()
            later = (entry for entry in self._queue.values() if entry.id > after)
            return list(itertools.islice(later, limit))

    def _refill(self) -> None:
        """All of the queue was confirmed: so was what had been read of a segment."""
        if self._reading is not None and self._reading.is_read:
            self._reading.remove()
            if self._reading is self._own:
                self._own = None
            self._reading = None
        if self._reading is None:
            self._reading = self._own or self._orphan()
        if self._reading is not None:
            for entry in self._reading.read(self.settings.queue_max):
                self._enqueue(entry)

    def _orphan(self) -> Segment | None:
        """The oldest segment whose writer is gone."""
        for path in sorted(self.directory.glob("*.spool")):
            try:
                return Segment(path)
            except OSError:
                continue
        return None

    def remove(self, ids: list[str]) -> None:
        with self._lock:
            for entry_id in ids:
                self._queue.pop(entry_id, None)

    def settle(self) -> int | None:
        return None

    def count(self) -> int:
        with self._lock:
            own = self._own.lines - self._own.lines_read if self._own else 0
            return len(self._queue) + own

    def set_aside(self, refused: Notification, reason: str) -> None:
        with self._lock, self.failed_path.open("ab") as file:
            file.write(json.dumps({**refused.to_json(), "reason": reason}).encode() + b"\n")

    def failed_count(self) -> int:
        with self._lock:
            if not self.failed_path.exists():
                return 0
            with self.failed_path.open("rb") as file:
                return sum(1 for _ in file)

    def keep(self) -> None:
        """While Tocsin is away, and at the end: what is only in memory goes to a file."""
        with self._lock:
            if not self._queue or self._reading is not None:
                return
            segment = self._make_segment(0)
            for entry in self._queue.values():
                segment.write(entry.notification)
            segment.read_bytes, segment.lines_read = segment.size_bytes, segment.lines
            self._reading = segment  # as if the queue had come from there
