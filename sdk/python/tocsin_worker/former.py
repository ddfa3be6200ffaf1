"""former - the session that was lost last: what went well in it, and was not SETTLED, may be said
in the next one, if its broker remembers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tocsin_worker.session import Held


class Former:
    def __init__(self) -> None:
        self.session = 0  # its number; 0: there was none, or its broker does not remember it
        self._kept: list[Held] = []  # went well
        self._running: dict[int, Held] = {}  # was to stop, and may end well all the same

    def lose(self, session: int, some: Iterable[Held]) -> None:
        """What it held. Of another outcome nothing would come, nor of what is older still."""
        ours = [each for each in some if not each.is_former]
        self.session = session
        self._kept = [
            each for each in ours if each.settlement and each.settlement["outcome"] == "ok"
        ]
        self._running = {each.lease: each for each in ours if each.is_begun and not each.settlement}

    def recall(self, session: int) -> None:
        """The broker has given a new session, and remembers this one; 0: none."""
        if session != self.session:
            self.session = 0
            self._kept = []
            self._running = {}

    def finish(self, held: Held, settlement: dict[str, Any]) -> None:
        """An attempt has ended that is none of the session's; the first word on it counts."""
        if self._running.get(held.lease) is not held:
            return
        del self._running[held.lease]
        if settlement["outcome"] == "ok":
            held.settlement = settlement
            self._kept.append(held)

    def take(self, most: int) -> list[Held]:
        """What is to be said now; what finds no room is made again."""
        kept, self._kept = self._kept[:most], []
        for each in kept:
            each.is_former = True
        return kept
