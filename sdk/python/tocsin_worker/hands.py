"""hands - where actions run: functions in threads, coroutines in one loop with a thread."""

from __future__ import annotations

import asyncio
import inspect
import queue
import threading
from collections.abc import Callable
from typing import Any

from tocsin_worker.delivery import Attempt, Delivery

Action = Callable[[Delivery], Any]
Ended = Callable[[dict[str, Any]], None]  # with the settlement, in any thread
Cancel = Callable[[], object]


def nothing() -> None:
    """A function in a thread cannot be stopped; it may look at `delivery.over`."""


class Hands:
    """At most `capacity` at a time, which is for the one who starts them to see to."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._threads = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def grow(self, capacity: int) -> None:
        self._capacity = max(self._capacity, capacity)

    def start(self, attempt: Attempt, action: Action, ended: Ended) -> Cancel:
        """Calls `ended` once, when the action has returned, however late."""
        if inspect.iscoroutinefunction(action):
            attending = self._attend(attempt, action, ended)
            return asyncio.run_coroutine_threadsafe(attending, self._running_loop()).cancel
        if self._threads < self._capacity:
            self._threads += 1
            threading.Thread(target=self._work, name="tocsin-action", daemon=True).start()
        self._jobs.put(lambda: self._perform(attempt, action, ended))
        return nothing

    def end(self) -> None:
        """The threads are daemons: what still runs in them does not keep the process."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def _work(self) -> None:
        while True:
            self._jobs.get()()

    def _perform(self, attempt: Attempt, action: Action, ended: Ended) -> None:
        result: Any = None
        problem: BaseException | None = None
        try:
            result = action(attempt.delivery)
        except BaseException as raised:  # also SystemExit: the thread is not the action's to end
            problem = raised
        ended(attempt.settlement(result, problem))

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if not self._loop:
            self._loop = asyncio.new_event_loop()
            run = self._loop.run_forever
            threading.Thread(target=run, name="tocsin-async", daemon=True).start()
        return self._loop

    async def _attend(self, attempt: Attempt, action: Action, ended: Ended) -> None:
        result: Any = None
        problem: BaseException | None = None
        try:
            result = await action(attempt.delivery)
        except BaseException as raised:  # also that it was cancelled
            problem = raised
        ended(attempt.settlement(result, problem))
