"""The relay: a thread in each process that carries what waits to Tocsin.

It may be killed at any instant: an entry leaves the outbox after Tocsin has confirmed it, and one
that is told twice is one event.
"""

import logging
import random
import time

from kinto_tocsin.background import Background
from kinto_tocsin.drain import Drain, Later, Others, Source
from kinto_tocsin.health import Health
from kinto_tocsin.sender import Sender
from kinto_tocsin.settings import Settings

logger = logging.getLogger(__name__)

OTHERS_SECONDS = 0.2  # between looks at the work of another process
FIRST_BACKOFF_SECONDS = 0.2
LOG_SECONDS = 30.0  # between complaints of the same trouble


def backoff_seconds(failures: int, longest_seconds: float) -> float:
    """Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015)."""
    longest = min(longest_seconds, FIRST_BACKOFF_SECONDS * 2 ** min(failures, 20))
    return random.uniform(0, longest)


class Relay:
    def __init__(self, settings: Settings, source: Source, health: Health) -> None:
        self.settings = settings
        self.source = source
        self.health = health
        self.thread = Background("tocsin-relay", self._run)
        self._next_complaint = 0.0  # monotonic seconds

    def _run(self) -> None:
        thread = self.thread
        drain = Drain(self.source, Sender(self.settings), self.health, thread.stopped)
        failures = 0
        while not thread.stopped.is_set():
            thread.woken.clear()
            try:
                drain.run()
            except Others:
                thread.stopped.wait(OTHERS_SECONDS * random.uniform(0.5, 1.5))
            except Exception as error:
                failures += 1
                self.source.keep()
                self._complain(error)
                asked = getattr(error, "delay_seconds", None) or 0.0
                pause = backoff_seconds(failures, self.settings.max_backoff_seconds)
                thread.stopped.wait(max(pause, asked))
            else:
                failures = 0
                thread.woken.wait(self.settings.poll_seconds * random.uniform(0.8, 1.2))

    def _complain(self, error: Exception) -> None:
        self.health.metrics.count("retries")
        if time.monotonic() < self._next_complaint:
            return
        self._next_complaint = time.monotonic() + LOG_SECONDS
        if isinstance(error, Later):
            logger.warning("Tocsin takes nothing, %d entries wait: %s", self.health.waiting, error)
        else:
            logger.error("the relay to Tocsin failed, and tries again", exc_info=error)
