"""small_broker - enough of a broker to give a worker something to do."""

from __future__ import annotations

import json
import time
from typing import Any

import msgpack
import zmq
from zmq.auth import CURVE_ALLOW_ANY
from zmq.auth.thread import ThreadAuthenticator

from tocsin_worker.wire import NAMES, encode

DEADLINE_SECONDS = 20.0
EVENT = {
    "type": "a.b",
    "subject": "/s",
    "time": "2026-11-24T03:00:00Z",
    "partition": 0,
    "accepted_ms": 1,
    "data": b'{"n": 1}',
}


class SmallBroker:
    def __init__(self, keys: tuple[bytes, bytes] | None = None) -> None:
        """keys: public and secret of a broker that takes whoever has any."""
        self._context = zmq.Context()
        self._guard = ThreadAuthenticator(self._context) if keys else None
        self._socket = self._context.socket(zmq.ROUTER)
        if self._guard and keys:
            self._guard.start()
            self.allow("")
            self._socket.curve_publickey, self._socket.curve_secretkey = keys
            self._socket.curve_server = True
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self._peer = b""
        self._session = 0
        self._number = 0
        self._beat_at = 0.0
        self.settlements: dict[int, dict[str, Any]] = {}
        self.credit = 0
        self.progress: list[dict[str, Any]] = []

    def allow(self, directory: str) -> None:
        """Whose keys are certificates of ZeroMQ there; all, if it is empty."""
        assert self._guard
        self._guard.configure_curve(location=directory or CURVE_ALLOW_ANY)

    def close(self) -> None:
        if self._guard:
            self._guard.stop()
        self._context.destroy(linger=0)

    def say(self, command: str, **body: Any) -> None:
        message = encode(command, {"session": self._session, **body})
        self._socket.send_multipart([self._peer, *message])

    def hear(self) -> str:
        """The next command; it is answered as a broker would."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self._socket.poll(50):
            assert time.monotonic() < deadline, "the worker says nothing"
            if self._session and time.monotonic() > self._beat_at:
                self.say("HEARTBEAT")
                self._beat_at = time.monotonic() + 0.5
        peer, head, body = self._socket.recv_multipart()
        command = NAMES[head[1]]
        self._answer(command, peer, msgpack.unpackb(body))
        return command

    def _answer(self, command: str, peer: bytes, body: dict[str, Any]) -> None:
        if command == "HELLO":
            former = body.get("former", 0)  # it remembers every session
            self._peer, self._session = peer, former + 1 if former else 7
            self._number = 0
            self.say("WELCOME", heartbeat_ms=500, former=former)
        elif command == "CREDIT":
            self.credit = body["deliveries_granted"] - self._number
        elif command == "PROGRESS":
            self.progress.append(body)
        elif command == "SETTLE":
            self.settlements |= {each["lease"]: each for each in body["settlements"]}
            self.say("SETTLED", leases=[each["lease"] for each in body["settlements"]])

    def expect(self, command: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.hear() != command:
            assert time.monotonic() < deadline, f"no {command}"

    def deliver(self, action: str, timeout_ms: int = 10_000) -> int:
        """Its lease."""
        self._number += 1
        lease = 100 * self._session + self._number
        deliver = json.dumps({"action": {"name": action}, "deliver": {"width": 7}})
        target = {"subscription": "s", "version": 1, "deliver": deliver, "timeout_ms": timeout_ms}
        event = {**EVENT, "id": f"e{lease}", "seq": lease}
        delivery = {"lease": lease, "number": self._number, "attempt": 1, "deadline_ms": 60_000}
        self.say(
            "DELIVER", targets=[target], deliveries=[{**delivery, "target": 0, "event": event}]
        )
        return lease

    def settlement(self, lease: int) -> dict[str, Any]:
        while lease not in self.settlements:
            self.expect("SETTLE")
        return self.settlements[lease]
