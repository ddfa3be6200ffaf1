"""From entries to POSTs, in the order of last_modified over all entries.

An entry may hold what a batch changed over some time, while others were changing their own: entries
are taken apart, and put together again as runs, neighbours of one entry.

A client may have given a last_modified in the future: then the time when the entry was written
counts.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from kinto_tocsin.notification import Notification, Piece
from kinto_tocsin.outbox import Entry

MOST_EVENTS = 900  # in a POST; Tocsin takes 1,000
MOST_BYTES = 3 << 20  # Tocsin takes 4 MiB


def time_of(entry: Entry, number: int) -> int:
    return min(entry.notification.pieces[number].last_modified, entry.written_ms)


@dataclass
class Run:
    """One POST."""

    entry: Entry
    pieces: list[Piece]

    @property
    def notification(self) -> Notification:
        return self.entry.notification


class Merger:
    def __init__(self) -> None:
        #   Time, entry's id, number of the piece: heads of what is left of each entry.
        self._heads: list[tuple[int, str, int]] = []
        self._entries: dict[str, Entry] = {}
        self.finished: list[str] = []  # ids of entries all of whose runs were done

    def add(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        self._push(entry, 0)

    def _push(self, entry: Entry, number: int) -> None:
        heapq.heappush(self._heads, (time_of(entry, number), entry.id, number))

    @property
    def is_empty(self) -> bool:
        return not self._heads

    def runs(self, until_ms: int | None) -> Iterator[Run]:
        """Of all that changed up to `until_ms`. A run is done when the next is asked for."""
        while self._heads and (until_ms is None or self._heads[0][0] <= until_ms):
            _, entry_id, number = heapq.heappop(self._heads)
            run, after = self._gather(self._entries[entry_id], number, until_ms)
            yield run
            if after < len(run.notification.pieces):
                self._push(run.entry, after)
            else:
                del self._entries[entry_id]
                self.finished.append(entry_id)

    def _gather(self, entry: Entry, number: int, until_ms: int | None) -> tuple[Run, int]:
        """As many pieces as come before those of any other entry, from `number` on."""
        run = Run(entry, [])
        size = 0
        for at in range(number, len(entry.notification.pieces)):
            piece = entry.notification.pieces[at]
            size += len(piece.text)
            if run.pieces and (
                self._is_later(time_of(entry, at), entry.id, until_ms)
                or len(run.pieces) == MOST_EVENTS
                or size > MOST_BYTES
            ):
                return run, at
            run.pieces.append(piece)
        return run, len(entry.notification.pieces)

    def _is_later(self, time_ms: int, entry_id: str, until_ms: int | None) -> bool:
        if until_ms is not None and time_ms > until_ms:
            return True
        return bool(self._heads) and (time_ms, entry_id) > self._heads[0][:2]

    def take_finished(self) -> list[str]:
        finished, self.finished = self.finished, []
        return finished
