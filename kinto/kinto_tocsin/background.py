"""A thread of each process that works in the background.

It begins with the first request that a process serves, so that no fork loses it, and may be killed
at any instant.
"""

import logging
import os
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


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


class Background:
    """`run` goes on until `stopped`, and waits for `woken` when it has nothing to do."""

    woken: threading.Event
    stopped: threading.Event

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._work = run
        self._may_run = threads_run()
        self._forget_thread()
        os.register_at_fork(after_in_child=self._forget_thread)

    def _forget_thread(self) -> None:
        """After a fork: a child has no thread of its parent's."""
        self._lock = threading.Lock()
        self.woken = threading.Event()
        self.stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Unless it runs: cheap enough for each request."""
        if self._runs() or not self._may_run:
            return
        with self._lock:
            if self.stopped.is_set() or self._runs():
                return
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def _runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """There is something to do."""
        self.woken.set()

    def stop(self) -> None:
        """Waits for what is under way; what waits stays where it is."""
        self.stopped.set()
        self.woken.set()
        if self._thread is not None:
            self._thread.join()
