"""worker - signals and time around the links: one thread talks with all brokers, the actions run
elsewhere and wake it when they have ended."""

from __future__ import annotations

import collections
import contextlib
import logging
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, TypeVar

import zmq

from tocsin_worker.delivery import Attempt, Delivery, Retry
from tocsin_worker.hands import Action, Cancel, Hands
from tocsin_worker.keys import Keys, check_is_here
from tocsin_worker.labels import labels_of
from tocsin_worker.link import Link
from tocsin_worker.luggage import luggage_of
from tocsin_worker.places import Places
from tocsin_worker.session import Held, State
from tocsin_worker.version import VERSION
from tocsin_worker.wire import LIST_MOST, NAME_BYTES

log = logging.getLogger("tocsin_worker")

LONGEST_SECONDS = 60.0  # of one wait

SomeAction = TypeVar("SomeAction", bound=Action)


@dataclass
class Job:
    """A delivery at work, also one whose outcome nobody wants any more."""

    link: Link
    held: Held
    attempt: Attempt
    over_at: float
    cancel: Cancel = lambda: None


@dataclass
class Run:
    """A broadcast event at work."""

    link: Link
    attempt: Attempt
    over_at: float
    cancel: Cancel = lambda: None


class Worker:
    """Performs actions for brokers: `run()` until SIGTERM, or `start()` and `stop()`."""

    def __init__(
        self,
        *brokers: str,
        name: str = "",
        capacity: int = 8,
        leave_seconds: float = 30.0,
        labels: Mapping[str, str] | None = None,
        broadcasts: bool = True,
        places: str | PathLike[str] = "",
        subscriptions: Sequence[Mapping[str, Any]] = (),
        own_key: str | PathLike[str] = "",
        broker_key: str | PathLike[str] = "",
    ) -> None:
        """brokers: endpoints as tcp://127.0.0.1:7102. capacity: deliveries at work at a time.
        leave_seconds: how long a worker that is stopped waits for what it has begun.
        labels: what it is, as {"region": "eu"}, for subscriptions that want only such workers.
        broadcasts: whether it performs the subscriptions of `mode: broadcast`, too.
        places: a file of this worker alone, where it keeps how far it has come in broadcasts: it
        goes on from there after a restart, and misses nothing.
        subscriptions: documents that it brings along, each with an id, a revision and perhaps keep.
        own_key, broker_key: files of `tocsin keygen`, NAME.secret of this worker and NAME.public of
        the brokers; other hosts take no worker without keys."""
        if not brokers:
            raise ValueError("a worker wants a broker, as in Worker('tcp://127.0.0.1:7102')")
        if not 1 <= capacity <= LIST_MOST:
            raise ValueError(f"capacity is {capacity}; it is 1 to {LIST_MOST}")
        self.brokers = brokers
        self.name = name or socket.gethostname()
        if not 1 <= len(self.name.encode()) <= NAME_BYTES:
            raise ValueError(f"the name has 1 to {NAME_BYTES} bytes")
        if bool(own_key) != bool(broker_key):
            raise ValueError("own_key and broker_key go together, or neither is given")
        self.keys = Keys.of(own_key, broker_key) if own_key else None
        for endpoint in brokers if not self.keys else ():
            check_is_here(endpoint)
        self.capacity = capacity
        self.leave_seconds = leave_seconds
        self.labels = labels_of(labels or {})
        self.broadcasts = broadcasts
        self.places = Places(places)
        self.subscriptions = luggage_of(subscriptions)
        self.actions: dict[str, Action] = {}
        self.context: zmq.Context[zmq.Socket[bytes]]
        self._links: list[Link] = []
        self._jobs: dict[int, Job] = {}
        self._runs: dict[int, Run] = {}  # of broadcasts
        self._ended: collections.deque[tuple[int, dict[str, Any]]] = collections.deque()
        self._stops = 0
        self._leave_by = 0.0  # set when it leaves
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._thread: threading.Thread | None = None

    def action(self, name: str) -> Callable[[SomeAction], SomeAction]:
        """Decorates what performs the action: a function, which gets a thread, or a coroutine."""

        def add(function: SomeAction) -> SomeAction:
            if name in self.actions:
                raise ValueError(f"there are two actions {name!r}")
            self.actions[name] = function
            return function

        return add

    #   ---- life

    def run(self) -> None:
        """Until SIGTERM, SIGINT or stop(); then it leaves in order."""
        with self._signals():
            self._live()

    def start(self) -> None:
        """The same in a thread, without signals."""
        self._thread = threading.Thread(target=self._live, name="tocsin-worker")
        self._thread.start()

    def stop(self) -> None:
        """Asks it to leave; after start() waits until it has. Asked twice, it waits for nothing."""
        self._stops += 1
        self._awake()
        if self._thread:
            self._thread.join()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {each: signal.signal(each, lambda *_: self.stop()) for each in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _live(self) -> None:
        hello: dict[str, Any] = {
            "name": self.name,
            "version": f"tocsin-worker-python/{VERSION}",
            "actions": sorted(self.actions),
            "capacity": self.capacity,
        }
        hello["instance"] = secrets.randbits(62)
        if self.labels:
            hello["labels"] = self.labels
        if self.subscriptions:
            hello["subscriptions"] = self.subscriptions
        self.context = zmq.Context()
        self._hands = Hands(self.capacity)
        self._links = [Link(self, each, hello, self.keys) for each in self.brokers]
        try:
            while self._is_wanted():
                self._turn()
        finally:
            self.places.save(time.monotonic(), at_once=True)
            for link in self._links:
                link.close()
            self._hands.end()
            self.context.term()

    def _is_wanted(self) -> bool:
        """Somebody is a member, or a broadcast that has begun is waited for."""
        if any(each.session.state is not State.ENDED for each in self._links):
            return True
        return bool(self._runs) and self._stops == 1 and time.monotonic() < self._leave_by

    def _turn(self) -> None:
        self._wait()
        now = time.monotonic()
        if self._stops:
            self._leave(now)
        self._take_words(now)
        self._take_ended(now)
        for link in self._links:
            link.read()
            link.read_feed()
        now = time.monotonic()
        for link in self._links:
            link.tick(now)
        self._begin(now)
        self._begin_runs(now)
        self.places.save(now)

    def _wait(self) -> None:
        now = time.monotonic()
        times = [each.session.due() for each in self._links if each.session.state != State.ENDED]
        times += [each.over_at for each in self._jobs.values()]
        times += [each.over_at for each in self._runs.values()]
        if self.broadcasts:
            has_room = len(self._runs) < self.capacity
            times += [each.feeds.due(has_room) for each in self._links]
        times.append(self.places.due())
        if self._stops:
            times.append(self._leave_by)
        poller = zmq.Poller()
        poller.register(self._woken, zmq.POLLIN)
        for link in self._links:
            poller.register(link.socket, zmq.POLLIN)
            if link.feed:
                poller.register(link.feed, zmq.POLLIN)
        poller.poll(int(min(max(0.0, min(times) - now), LONGEST_SECONDS) * 1000) + 1)
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass

    def _awake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it is full of wake-ups already
            self._wake.send(b"!")

    def _leave(self, now: float) -> None:
        if not self._leave_by:
            log.info("leaving")
            self._leave_by = now + self.leave_seconds
            for link in self._links:
                link.session.leave(now)
                link.feeds.stop()
        elif self._stops > 1 or now > self._leave_by:
            log.warning("leaving with deliveries that have not ended")
            for link in self._links:
                link.session.state = State.ENDED

    #   ---- work

    def _sharers(self) -> list[Link]:
        """Those that want no number of their own: they share our capacity."""
        return [each for each in self._links if not each.session.capacity]

    def room(self, link: Link) -> int:
        """For a broker: what it wants, or an equal part of ours; but for what is taken by actions
        that nobody waits for."""
        wanted = link.session.capacity
        sharers = [link] if wanted else self._sharers()
        begun = sum(each.is_begun for some in sharers for each in some.session.working())
        free = (wanted or self.capacity) - (sum(each.jobs for each in sharers) - begun)
        members = sum(each.session.state is State.MEMBER for each in sharers)
        return max(free // max(1, members), min(free, 1))

    def _is_full(self, link: Link) -> bool:
        if link.session.capacity:
            return link.jobs >= link.session.capacity
        return sum(each.jobs for each in self._sharers()) >= self.capacity

    def abandon(self, held: Held) -> None:
        held.delivery.over.set()
        for job in self._jobs.values():
            if job.held is held:
                job.cancel()

    def _begin(self, now: float) -> None:
        for link in self._links:
            for held in link.session.waiting():
                if self._is_full(link):
                    break
                self._begin_one(link, held, now)

    def _begin_one(self, link: Link, held: Held, now: float) -> None:
        held.is_begun = True
        attempt = Attempt(held.lease, held.delivery)
        job = Job(link, held, attempt, now + held.delivery.timeout_ms / 1000)
        number = id(job)
        self._jobs[number] = job
        link.jobs += 1
        self._hands.grow(len(self._jobs))

        def ended(settlement: dict[str, Any]) -> None:
            self._ended.append((number, settlement))
            self._awake()

        held.delivery.told.wake = self._awake
        action = self.actions[held.delivery.action["name"]]
        job.cancel = self._hands.start(attempt, action, ended)

    def _begin_runs(self, now: float) -> None:
        """Broadcasts, as many at a time as deliveries, beside them."""
        for link in self._links:
            while len(self._runs) < self.capacity and (run := link.feeds.begin(now)):
                self._begin_run(link, run, now)

    def _begin_run(self, link: Link, delivery: Delivery, now: float) -> None:
        attempt = Attempt(0, delivery)
        run = Run(link, attempt, now + delivery.timeout_ms / 1000)
        number = id(run)
        self._runs[number] = run
        self._hands.grow(len(self._runs) + len(self._jobs))

        def ended(settlement: dict[str, Any]) -> None:
            self._ended.append((number, settlement))
            self._awake()

        action = self.actions.get(delivery.action.get("name", ""))
        if action:
            run.cancel = self._hands.start(attempt, action, ended)
        else:
            ended({"outcome": "fail", "error": "this worker has no such action"})

    def abandon_run(self, delivery: Delivery) -> None:
        delivery.over.set()
        for run in self._runs.values():
            if run.attempt.delivery is delivery:
                run.cancel()

    def _end_run(self, run: Run, settlement: dict[str, Any], now: float) -> None:
        run.link.feeds.finish(run.attempt.delivery, settlement, now)

    def _end_late_runs(self, now: float) -> None:
        for run in list(self._runs.values()):
            if now >= run.over_at:
                delivery = run.attempt.delivery
                late = Retry(f"it took longer than {delivery.timeout_ms} ms")
                self._end_run(run, run.attempt.settlement(None, late), now)
                run.over_at = float("inf")
                self.abandon_run(delivery)

    def _take_words(self, now: float) -> None:
        for job in self._jobs.values():
            word = job.held.delivery.told.take()
            if word and job.link.session.held.get(job.held.lease) is job.held:
                job.link.session.progress(job.held, *word, now)

    def _take_ended(self, now: float) -> None:
        """Those that have returned, and those whose time is up and that may go on in vain."""
        ended: list[tuple[Job, dict[str, Any]]] = []
        while self._ended:
            number, settlement = self._ended.popleft()
            if number in self._runs:
                self._end_run(self._runs.pop(number), settlement, now)
                continue
            job = self._jobs.pop(number)
            job.link.jobs -= 1
            ended.append((job, settlement))
        for job in list(self._jobs.values()):
            if now >= job.over_at:
                late = Retry(f"it took longer than {job.held.delivery.timeout_ms} ms")
                ended.append((job, job.attempt.settlement(None, late)))
                job.over_at = float("inf")
                self.abandon(job.held)
        self._end_late_runs(now)
        for link in self._links:
            some = [(job.held, settlement) for job, settlement in ended if job.link is link]
            if some:
                link.session.settle(some, now)
