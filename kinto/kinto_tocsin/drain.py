"""One pass over what waits, from the oldest entry on: read in pages, merged, POSTed, removed."""

import logging
import threading
from dataclasses import replace
from typing import Protocol

from kinto_tocsin.health import Health
from kinto_tocsin.merger import Merger, Run
from kinto_tocsin.metrics import Metrics
from kinto_tocsin.notification import Notification, Piece
from kinto_tocsin.outbox import START, Entry
from kinto_tocsin.sender import Outcome, Sender

logger = logging.getLogger(__name__)

FEWEST, FIRST, MOST = 4, 20, 1000  # entries in a page
PAGE_BYTES = 4 << 20  # aimed at
PAUSE_SECONDS = 0.005  # while what waits is too new to be sure of its order
ALONE = 20  # entries that a process sends without asking whether another does


class Lease(Protocol):
    def take(self) -> bool: ...
    def release(self) -> None: ...


class Source(Protocol):
    """What waits: the outbox, or the queue of direct mode."""

    @property
    def lease(self) -> Lease: ...
    @property
    def most(self) -> int: ...
    def page(self, after: str, limit: int) -> list[Entry]: ...
    def remove(self, ids: list[str]) -> None: ...
    def set_aside(self, refused: Notification, reason: str) -> None: ...
    def count(self) -> int: ...
    def failed_count(self) -> int: ...
    def settle(self) -> int | None: ...
    def keep(self) -> None: ...


class Later(Exception):
    """Tocsin cannot take it now."""

    def __init__(self, reason: str, delay_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds


class Others(Exception):
    """Another process is at it."""


def next_limit(page: list[Entry]) -> int:
    """As many as make up PAGE_BYTES, if they are as those of this page."""
    size = sum(len(piece.text) for entry in page for piece in entry.notification.pieces)
    return max(FEWEST, min(MOST, PAGE_BYTES * len(page) // max(size, 1)))


class Drain:
    def __init__(
        self, source: Source, sender: Sender, health: Health, stopped: threading.Event
    ) -> None:
        self.source = source
        self.sender = sender
        self.health = health
        self.metrics: Metrics = health.metrics
        self.stopped = stopped
        self.progressed = False  # in this pass

    def run(self) -> None:
        """Until nothing waits. Later and Others end it early."""
        while not self.stopped.is_set() and self._pass():
            if not self.progressed:
                self.stopped.wait(PAUSE_SECONDS)
        self._measure()

    def _pass(self) -> bool:
        """True if there may be more."""
        self.progressed = False
        settled_ms = self.source.settle()
        merger = Merger()
        leads = False
        try:
            limit = min(FIRST, self.source.most)
            page = self.source.page(START, limit)
            self.health.oldest_ms = page[0].written_ms if page else None
            self._measure()
            while page and not self.stopped.is_set():
                if leads or len(page) >= ALONE:
                    leads = self._lead()
                is_last = len(page) < limit
                self._send_page(merger, page, settled_ms, is_last)
                if is_last:
                    return True
                limit = min(next_limit(page), self.source.most)
                page = self.source.page(page[-1].id, limit)
            return not merger.is_empty
        finally:
            self.source.remove(merger.take_finished())
            if leads:
                self.source.lease.release()

    def _lead(self) -> bool:
        if not self.source.lease.take():
            raise Others
        return True

    def _send_page(
        self, merger: Merger, page: list[Entry], settled_ms: int | None, is_last: bool
    ) -> None:
        """What is certain to come before all that is not read yet, or not to be seen yet."""
        for entry in page:
            merger.add(entry)
        bounds = [] if is_last else [page[-1].notification.first_ms]
        if settled_ms is not None:
            bounds.append(settled_ms)
        for run in merger.runs(min(bounds, default=None)):
            self._send(run.notification, run.pieces)
            self.progressed = True
            self._measure()
            if self.stopped.is_set():
                break
        self.source.remove(merger.take_finished())

    def _send(self, notification: Notification, pieces: list[Piece]) -> None:
        answer = self.sender.post(notification.body(pieces), notification.request_id)
        if answer.outcome is Outcome.LATER:
            raise Later(answer.reason, answer.delay_seconds)
        if answer.outcome is Outcome.CONFIRMED:
            self.metrics.count("sent", len(pieces))
            if answer.delay_seconds:
                self.stopped.wait(answer.delay_seconds)
            return
        if len(pieces) > 1:  # perhaps only one of them is bad
            half = len(pieces) // 2
            self._send(notification, pieces[:half])
            self._send(notification, pieces[half:])
            return
        self._set_aside(notification, pieces[0], answer.reason)

    def _set_aside(self, notification: Notification, piece: Piece, reason: str) -> None:
        refused = replace(notification, pieces=(piece,))
        self.metrics.count("failed")
        logger.error("Tocsin refused a notification of %s: %s", notification.payload[:300], reason)
        if self.health.failed >= self.health.settings.failed_max:
            logger.error("it is not kept: %d are kept already", self.health.failed)
            return
        self.source.set_aside(refused, reason)
        self.health.failed += 1

    def _measure(self) -> None:
        self.health.measure(lambda: (self.source.count(), self.source.failed_count()))


__all__ = ["Drain", "Later", "Lease", "Others", "Run", "Source"]
