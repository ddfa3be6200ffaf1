"""The relay: a thread in each process that carries what waits to Tocsin.

It begins with the first request that a process serves, so that no fork loses it, and it may be
killed at any instant: an entry leaves the outbox after Tocsin has confirmed it, and one that is
told twice is one event.
"""

import logging
import os
import random
import threading
import time

from kinto_tocsin.drain import Drain, Later, Others, Source
from kinto_tocsin.health import Health
from kinto_tocsin.sender import Sender
from kinto_tocsin.settings import Settings

logger = logging.getLogger(__name__)

OTHERS_SECONDS = 0.2  # between looks at the work of another process
FIRST_BACKOFF_SECONDS = 0.2
LOG_SECONDS = 30.0  # between complaints of the same trouble


def threads_run() -> bool:
    """Without this option none of Python's does in uwsgi, and whoever starts one waits for ever."""
    try:
        import uwsgi
    except ImportError:
        return True
    if uwsgi.opt.get("enable-threads") or uwsgi.opt.get("threads"):
        return True
    logger.error("uwsgi needs enable-threads = true: until then nothing is told to Tocsin")
    return False


class Relay:
    def __init__(self, settings: Settings, source: Source, health: Health) -> None:
        self.settings = settings
        self.source = source
        self.health = health
        self._next_complaint = 0.0  # monotonic seconds
        self._may_run = threads_run()
        self._forget_thread()
        os.register_at_fork(after_in_child=self._forget_thread)

    def _forget_thread(self) -> None:
        """After a fork: a child has no thread of its parent's."""
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Unless it runs: cheap enough for each request."""
        if self._runs() or not self._may_run:
            return
        with self._lock:
            if self._stopped.is_set() or self._runs():
                return
            self._thread = threading.Thread(target=self._run, name="tocsin-relay", daemon=True)
            self._thread.start()

    def _runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Something was added."""
        self._woken.set()

    def stop(self) -> None:
        """Waits for what is under way; what waits stays where it is."""
        self._stopped.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        drain = Drain(self.source, Sender(self.settings), self.health, self._stopped)
        failures = 0
        while not self._stopped.is_set():
            self._woken.clear()
            try:
                drain.run()
            except Others:
                self._stopped.wait(OTHERS_SECONDS * random.uniform(0.5, 1.5))
            except Exception as error:
                failures += 1
                self.source.keep()
                self._complain(error)
                asked = getattr(error, "delay_seconds", None) or 0.0
                self._stopped.wait(max(self._backoff(failures), asked))
            else:
                failures = 0
                self._woken.wait(self.settings.poll_seconds * random.uniform(0.8, 1.2))

    def _backoff(self, failures: int) -> float:
        """Full jitter, as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015)."""
        longest = min(
            self.settings.max_backoff_seconds, FIRST_BACKOFF_SECONDS * 2 ** min(failures, 20)
        )
        return random.uniform(0, longest)

    def _complain(self, error: Exception) -> None:
        self.health.metrics.count("retries")
        if time.monotonic() < self._next_complaint:
            return
        self._next_complaint = time.monotonic() + LOG_SECONDS
        if isinstance(error, Later):
            logger.warning("Tocsin takes nothing, %d entries wait: %s", self.health.waiting, error)
        else:
            logger.error("the relay to Tocsin failed, and tries again", exc_info=error)
