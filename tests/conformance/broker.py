"""broker - plays the broker's part, one step after the other, and keeps what the worker says."""

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import zmq
from locks import Locks

from sink import Sink
from words import LARGE, Body, Fault, decode, encode

INTERVAL = 0.5  # seconds; the WELCOMEs say so
DEADLINE = 20.0  # of every wait: long, for a busy machine, and only a fault waits for it
SLACK = 2.0  # seconds that a busy machine may add to what is to come soon


@dataclass(frozen=True)
class Said:
    """One message of the worker."""

    peer: bytes  # the connection that it came by
    command: str
    body: Body
    at: float

    def __str__(self) -> str:
        return f"{self.at % 1000:8.3f} {self.peer.hex()} {self.command} {self.body!r:.150}"


class Broker:
    """A socket, a consumer, and a worker that was started with its endpoint."""

    def __init__(self, command: list[str], has_keys: bool = False) -> None:
        self.command = command
        self.has_keys = has_keys
        self.said: list[Said] = []
        self.session = 0
        self.peer = b""  # where it is sent to
        self.action = ""  # the first one that the worker offers
        self.sink = Sink()
        self.number = 0  # of the last delivery
        self.granted = 0
        self.is_silent = False
        self.beats_with: Body = {}  # more that its heartbeats say
        self._seen = 0  # what was expected already
        self._beat_at = 0.0
        self._lease = random.randrange(1, 1 << 40)
        self._version = 0
        self._context = zmq.Context()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  as long as the broker

    def __enter__(self) -> Self:
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self.locks = Locks(self._context) if self.has_keys else None
        if self.locks:
            self.locks.lock(self._socket)
        port = self._socket.bind_to_random_port("tcp://127.0.0.1", 30001, 32000)
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.start()
        return self

    def open_feed(self) -> zmq.Socket[bytes]:
        """Its third socket, for broadcasts."""
        feed = self._context.socket(zmq.XPUB)
        if self.locks:
            self.locks.lock(feed)
        feed.bind_to_random_port("tcp://127.0.0.1", 30001, 32000)
        return feed

    def start(self) -> None:
        environment = {**os.environ, "TOCSIN_BROKER": self.endpoint}
        if self.locks:
            environment |= self.locks.environment()
        self.worker = subprocess.Popen(
            self.command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()
        self.sink.end()
        if self.locks:
            self.locks.end()
        self._context.destroy(linger=0)

    def tail(self) -> str:
        """What the worker wrote, the end of it."""
        self._log.seek(max(0, self._log.seek(0, os.SEEK_END) - 2000))
        return self._log.read().decode(errors="replace")

    #   ---- speaking

    def say_frames(self, frames: list[bytes], peer: bytes = b"") -> None:
        self._socket.send_multipart([peer or self.peer, *frames])

    def say(self, command: str | int, body: Any = None, version: int = 1) -> None:
        """In the session, unless the body says otherwise or is bytes."""
        if not isinstance(body, bytes):
            body = {"session": self.session, **(body or {})}
        self.say_frames(encode(command, body, version))

    def welcome(self, hello: Said | None = None, **more: Any) -> Said:
        """Waits for HELLO, unless it has come, gives a session, waits for CREDIT."""
        hello = hello or self.expect("HELLO")
        self.action = hello.body["actions"][0]
        self.peer = hello.peer
        self.session = random.randrange(1 << 62, LARGE)
        self.number = self.granted = 0
        self._beat_at = time.monotonic() + INTERVAL
        self.greet(**more)
        self.expect("CREDIT")
        return hello

    def greet(self, **more: Any) -> None:
        self.say("WELCOME", {"heartbeat_ms": int(INTERVAL * 1000), **more})

    def make_delivery(self, **more: Any) -> Body:
        self._lease += 1
        event = {
            "id": f"e{self._lease}",
            "type": "test.thing",
            "subject": "/things/1",
            "time": "2026-11-24T03:00:00Z",
            "seq": self._lease,
            "accepted_ms": 1,
            "data": b'{"a": 1}',
        }
        usual = {"lease": self._lease, "attempt": 1, "deadline_ms": 60_000, "target": 0}
        if "number" not in more:
            self.number += 1
        return {"number": self.number, **usual, "event": event, **more}

    def make_target(self, path: str, **more: Any) -> Body:
        """Of a version of its own, unless told otherwise: the same one always says the same."""
        self._version += 1
        deliver = self.sink.deliver_json(self.action, path)
        usual = {"subscription": "s", "version": self._version, "timeout_ms": 30_000}
        return {**usual, "deliver": deliver, **more}

    def deliver(self, path: str = "/ok", target: Body | None = None, **more: Any) -> int:
        """One delivery; its lease."""
        delivery = self.make_delivery(**more)
        targets = [self.make_target(path, **(target or {}))]
        self.say("DELIVER", {"targets": targets, "deliveries": [delivery]})
        lease: int = delivery["lease"]
        return lease

    def settled(self, *leases: int) -> None:
        self.say("SETTLED", {"leases": list(leases)})

    #   ---- hearing

    def hear(self, seconds: float) -> None:
        """For so long, with heartbeats."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            self._beat(now)
            if self._socket.poll(int(min(until - now, 0.02) * 1000) + 1):
                self._take(self._socket.recv_multipart())

    def _beat(self, now: float) -> None:
        if self.session and not self.is_silent and now >= self._beat_at:
            self.say("HEARTBEAT", self.beats_with)
            self._beat_at = now + INTERVAL

    def _take(self, frames: list[bytes]) -> None:
        peer, *rest = frames
        if not peer.startswith(b"\0"):
            raise Fault(f"the socket has an identity of its own: {peer!r}")
        command, body = decode(rest)
        said = Said(peer, command, body, time.monotonic())
        self.said.append(said)
        if peer == self.peer and command not in ("HELLO", "ERROR"):
            self._check_session(said)

    def _check_session(self, said: Said) -> None:
        if said.body.get("session") != self.session:
            raise Fault(f"another session than {self.session}: {said}")
        if said.command == "CREDIT":
            total = said.body["deliveries_granted"]
            if total < self.granted:
                raise Fault(f"the total fell from {self.granted}: {said}")
            self.granted = total

    def expect(
        self,
        *commands: str,
        where: Callable[[Body], Any] = lambda _: True,
        other_than: bytes = b"",  # a connection
        seconds: float = DEADLINE,
    ) -> Said:
        """The next one of these, after what was expected last."""
        until = time.monotonic() + seconds
        while True:
            has_ended = self.worker.poll() is not None
            self.hear(0.2 if has_ended else 0.01)
            for place in range(self._seen, len(self.said)):
                said = self.said[place]
                if said.command in commands and where(said.body) and said.peer != other_than:
                    self._seen = place + 1
                    return said
            if has_ended:
                raise Fault(f"no {' or '.join(commands)}: it ended with {self.worker.returncode}")
            if time.monotonic() > until:
                raise Fault(f"no {' or '.join(commands)} as expected within {seconds:g} s")

    def expect_rejoin(self, seconds: float = DEADLINE) -> Said:
        """HELLO by a new socket, and a new session."""
        return self.welcome(self.expect("HELLO", other_than=self.peer, seconds=seconds))

    def look_again(self) -> None:
        """What is expected from here on comes from here on."""
        self.hear(0.0)
        self._seen = len(self.said)

    def since(self, place: int, *commands: str) -> list[Said]:
        return [said for said in self.said[place:] if said.command in commands]

    def expect_settlement(self, lease: int) -> Body:
        def has(body: Body) -> bool:
            return any(each["lease"] == lease for each in body["settlements"])

        said = self.expect("SETTLE", where=has)
        found: Body = next(each for each in said.body["settlements"] if each["lease"] == lease)
        return found

    def has_settled(self, lease: int) -> Body | None:
        """What it has said of this one so far."""
        for said in self.said:
            for each in said.body["settlements"] if said.command == "SETTLE" else ():
                if each["lease"] == lease:
                    found: Body = each
                    return found
        return None

    def expect_end_of(self, lease: int) -> None:
        """Settled or given back, in whatever order they come."""

        def has_ended() -> bool:
            released = (said.body["leases"] for said in self.said if said.command == "RELEASE")
            return any(lease in leases for leases in released) or bool(self.has_settled(lease))

        self.wait_until(has_ended, f"lease {lease} is settled or given back")
        self.settled(lease)

    def expect_end(self) -> None:
        """The worker ends by itself, well."""
        until = time.monotonic() + DEADLINE
        while self.worker.poll() is None:
            if time.monotonic() > until:
                raise Fault("the worker does not end")
            self.hear(0.02)
        if self.worker.returncode != 0:
            raise Fault(f"the worker ended with {self.worker.returncode}")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > until:
                raise Fault(f"in vain: {what}")
            self.hear(0.02)

    #   ---- what many rules ask

    def goes_on(self) -> None:
        """The worker lives, in the same session, and works."""
        lease = self.deliver()
        settlement = self.expect_settlement(lease)
        if settlement["outcome"] != "ok":
            raise Fault(f"it settled {settlement}")
        self.settled(lease)
        if self.worker.poll() is not None:
            raise Fault(f"the worker ended with {self.worker.returncode}")

    def signal(self, number: int) -> None:
        self.worker.send_signal(number)
