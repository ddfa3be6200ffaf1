"""link - one broker as a worker meets it: the sockets of the moment, and what session and feeds
want of it."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import zmq

from tocsin_worker.delivery import Delivery
from tocsin_worker.feeds import Feeds
from tocsin_worker.keys import TROUBLES, Keys, trouble
from tocsin_worker.session import Held, Session
from tocsin_worker.wire import FRAME_BYTES, BadMessage, decode_feed, encode

if TYPE_CHECKING:
    from tocsin_worker.worker import Worker

log = logging.getLogger("tocsin_worker")

LINGER_MS = 1000  # for the last words of a worker that leaves in order
READS_A_TURN = 1000
FEED_MOST = 10_000  # messages of a feed that wait to be read; then some are missed
SOCKET_OPTIONS = {
    zmq.MAXMSGSIZE: FRAME_BYTES,
    zmq.SNDHWM: 1000,
    zmq.RCVHWM: 1000,
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 2000,
    zmq.HANDSHAKE_IVL: 5000,
    zmq.HEARTBEAT_IVL: 5000,
    zmq.HEARTBEAT_TIMEOUT: 15_000,
    zmq.TCP_KEEPALIVE: 1,
    zmq.IPV6: 1,
    zmq.LINGER: 0,
}


class Link:
    """One broker: its session and the socket of the moment."""

    def __init__(
        self, worker: Worker, endpoint: str, hello: dict[str, Any], keys: Keys | None
    ) -> None:
        self._worker = worker
        self._endpoint = endpoint
        self._keys = keys
        self._told = ""  # of the troubles of its handshakes, the last
        self.jobs = 0  # at work for it, also in vain
        self.socket = self._connect()
        self.feed: zmq.Socket[bytes] | None = None
        self.session = Session(self, hello, time.monotonic())
        self.feeds = Feeds(self, worker.places)
        if worker.broadcasts:
            self.session.tell_feeds = self.feeds.hear

    def _connect(self) -> zmq.Socket[bytes]:
        made = self._worker.context.socket(zmq.DEALER)
        for option, value in SOCKET_OPTIONS.items():
            made.setsockopt(option, value)
        if self._keys:
            self._keys.lock(made)
        self._monitor = made.get_monitor_socket(sum(TROUBLES))
        made.connect(self._endpoint)
        return made

    def read(self) -> None:
        """What waits, up to a bound."""
        for _ in range(READS_A_TURN):
            try:
                frames = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self.session.hear(frames, time.monotonic())

    def read_feed(self) -> None:
        for _ in range(READS_A_TURN):
            try:
                frames = self.feed.recv_multipart(zmq.NOBLOCK) if self.feed else []
            except zmq.Again:
                return
            if not frames:
                return
            try:
                self.feeds.hear_event(decode_feed(frames), time.monotonic())
            except BadMessage as bad:
                log.warning("a bad message of the feed: %s", bad)

    def tick(self, now: float) -> None:
        self.session.tick(now)
        if self._worker.broadcasts:
            self.feeds.in_session(self.session.number, self.session.interval, now)
            self.feeds.tick(now)

    def close(self) -> None:
        self._close(LINGER_MS)
        if self.feed:
            self.feed.close(linger=0)

    def _close(self, linger: int) -> None:
        self._say_trouble()
        self.socket.disable_monitor()
        self._monitor.close(linger=0)
        self.socket.close(linger=linger)

    def _say_trouble(self) -> None:
        words = trouble(self._monitor)
        if words and words != self._told:
            log.warning("%s %s", self._endpoint, words)
        self._told = words

    #   ---- what the session asks for

    def send(self, command: str, body: dict[str, Any]) -> None:
        with contextlib.suppress(zmq.Again):  # the pipe is full; all that matters is repeated
            self.socket.send_multipart(encode(command, body), zmq.NOBLOCK)

    def renew(self) -> None:
        self._close(0)
        self.socket = self._connect()

    #   ---- what the feeds ask for

    def connect_feed(self, endpoint: str) -> None:
        """Over TCP the host is the one that the broker was reached at."""
        if self.feed:
            self.feed.close(linger=0)
        if endpoint.startswith("tcp://"):
            host, port = self._endpoint.rpartition(":")[0], endpoint.rpartition(":")[2]
            endpoint = f"{host}:{port}"
        self.feed = self._worker.context.socket(zmq.SUB)
        for option, value in SOCKET_OPTIONS.items():
            self.feed.setsockopt(option, value)
        self.feed.setsockopt(zmq.RCVHWM, FEED_MOST)
        if self._keys:
            self._keys.lock(self.feed)
        self.feed.connect(endpoint)

    def listen_to(self, topics: str) -> None:
        if self.feed:
            self.feed.setsockopt(zmq.SUBSCRIBE, topics.encode())

    def leave(self, topics: str) -> None:
        if self.feed:
            self.feed.setsockopt(zmq.UNSUBSCRIBE, topics.encode())

    def abandon_run(self, run: Delivery) -> None:
        self._worker.abandon_run(run)

    #   ---- what the session asks for, of the worker

    def performs(self, action: str) -> bool:
        return action in self._worker.actions

    def room(self) -> int:
        return self._worker.room(self)

    def abandon(self, held: Held) -> None:
        self._worker.abandon(held)
