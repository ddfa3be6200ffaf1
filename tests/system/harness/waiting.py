"""Waiting for something to become true: the only way in which a test lets time pass."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

#   Every wait ends by then. Long, since a build with sanitizers on a busy machine is slow, and
#   harmless, since only a test that fails waits for it.
DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.01


def until(
    condition: Callable[[], Found | None], what: str, seconds: float = DEADLINE_SECONDS
) -> Found:
    """The first true answer of `condition`; fails the test, saying `what`, if none comes."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(PAUSE_SECONDS)
