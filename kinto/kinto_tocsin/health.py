"""How the relay of this process fares: for metrics, the limit of the outbox, and the heartbeat."""

import time
from collections.abc import Callable
from typing import Any

from kinto_tocsin.metrics import Metrics
from kinto_tocsin.settings import Settings

MEASURE_SECONDS = 5.0  # between counts of what waits
MEASURE_SHARE = 50  # of the time may go into counting: a fiftieth


class Health:
    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.waiting = 0  # entries, at the last count
        self.failed = 0  # notifications kept aside, likewise
        self.oldest_ms: int | None = None  # when the oldest that waits was written
        self._next_count = 0.0  # monotonic seconds

    @property
    def is_full(self) -> bool:
        return self.waiting >= self.settings.outbox_max

    def age_seconds(self) -> float:
        """Of the oldest that waits."""
        return max(time.time() - self.oldest_ms / 1000, 0.0) if self.oldest_ms is not None else 0.0

    def measure(self, count: Callable[[], tuple[int, int]]) -> None:
        """Now and then: counting a million entries takes its time."""
        started = time.monotonic()
        if started < self._next_count:
            return
        self.waiting, self.failed = count()
        took = time.monotonic() - started
        self._next_count = started + max(MEASURE_SECONDS, MEASURE_SHARE * took)
        self.metrics.observe("outbox", self.waiting)
        self.metrics.observe("outbox_age_seconds", self.age_seconds())
        self.metrics.observe("failed_kept", self.failed)

    def heartbeat(self, request: Any) -> bool:
        """For Kinto's `__heartbeat__`. False makes all of that a 503: it is there only if asked."""
        return not self.is_full and self.age_seconds() <= self.settings.heartbeat_max_age_seconds
