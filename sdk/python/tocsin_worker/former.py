"""former - the session that was lost last: what had gone well in it, and was not SETTLED, may be
said in the next one, if its broker remembers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin_worker.session import Held


class Former:
    def __init__(self) -> None:
        self.session = 0  # its number; 0: there was none, or its broker does not remember it
        self._kept: list[Held] = []  # went well

    def lose(self, session: int, some: Iterable[Held]) -> None:
        """What it held. Of another outcome nothing would come, nor of what is older still; and what
        is at work is told to stop: what it returns after that may as well mean that it gave up."""
        self.session = session
        self._kept = [
            each
            for each in some
            if each.settlement and each.settlement["outcome"] == "ok" and not each.is_former
        ]

    def recall(self, session: int) -> list[Held]:
        """The broker has given a new session, and remembers this one; 0: none. What is to be said
        now: the rest is made again."""
        kept, self._kept = self._kept, []
        if session != self.session:
            self.session = 0
            return []
        for each in kept:
            each.is_former = True
        return kept
