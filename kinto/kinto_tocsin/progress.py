"""How far a reconciliation is: a bar where somebody looks, lines now and then where nobody does."""

import sys
import time
from typing import TextIO

WIDTH = 30
BAR_SECONDS = 0.1  # between two looks of a bar
LINE_SECONDS = 30.0  # between two lines


class Progress:
    """Of one list after the other, each with as many objects as Kinto says, more or less."""

    def __init__(self, quiet: bool = False, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.is_bar = self.out.isatty()
        self.is_quiet = quiet
        self._next = 0.0  # monotonic seconds
        self._started = time.monotonic()
        self.begin("", 0)

    def begin(self, name: str, total: int) -> None:
        self.name, self.total, self.done = name, total, 0
        self._started = time.monotonic()

    def advance(self, count: int, found: str) -> None:
        """`found`: what there is to say so far."""
        self.done += count
        self.total = max(self.total, self.done)  # tombstones are not counted by Kinto
        if self.is_quiet or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (BAR_SECONDS if self.is_bar else LINE_SECONDS)
        self._show(found)

    def _show(self, found: str) -> None:
        share = self.done / self.total
        text = f"{self.done}/{self.total}  {found}  {self._left(share)}  {self.name}"
        if self.is_bar:
            full = round(WIDTH * share)
            bar = "#" * full + "." * (WIDTH - full)
            print(f"\r\x1b[K[{bar}] {text}", end="", file=self.out, flush=True)
        else:
            print(text, file=self.out, flush=True)

    def _left(self, share: float) -> str:
        took = time.monotonic() - self._started
        return f"{took / share - took:.0f} s left" if share > 0 else ""

    def end(self) -> None:
        if self.is_bar and not self.is_quiet:
            print("\r\x1b[K", end="", file=self.out, flush=True)
