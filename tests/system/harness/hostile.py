"""A worker that is scripted, frame by frame: what no worker of ours would say can be said, too."""

import itertools
import time
from typing import Any

import msgpack
import zmq

from harness.tocsin import Daemons
from harness.waiting import DEADLINE_SECONDS, until

HELLO, CREDIT, SETTLE, RELEASE, BYE = 0x21, 0x22, 0x23, 0x24, 0x25
WELCOME, DELIVER, SETTLED, RESET = 0x31, 0x32, 0x33, 0x34
HEARTBEAT, ERROR = 0x41, 0x42


class Scripted:
    """One connection, which hears what the broker says and answers nothing by itself."""

    def __init__(self, daemons: Daemons, name: str, *actions: str) -> None:
        self.name = name
        self.actions = actions
        self.session = 0
        self.heard: list[tuple[int, dict[str, Any]]] = []
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(str(daemons.settings["broker/back"]))

    def close(self) -> None:
        self._socket.close()

    def say_frames(self, *frames: bytes) -> None:
        self._socket.send_multipart(frames)

    def say(self, command: int, **body: Any) -> None:
        self.say_frames(bytes([1, command]), msgpack.packb(body))

    def hello(self) -> None:
        self.say(HELLO, name=self.name, actions=self.actions, capacity=8)

    def hears(self, seconds: float = 0) -> None:
        """Takes what there is, waiting so long for the first."""
        while self._socket.poll(int(seconds * 1000)):
            head, body = self._socket.recv_multipart()
            self.heard.append((head[1], msgpack.unpackb(body)))
            seconds = 0

    def wait_for_more(self, command: int) -> None:
        """One more of these than it has heard so far."""
        known = self.count(command)

        def look() -> bool:
            self.hears()
            return self.count(command) > known

        until(look, f"{self.name} hears another 0x{command:02x}")

    def count(self, command: int) -> int:
        return sum(1 for said, _ in self.heard if said == command)

    def wait_for(self, command: int, seconds: float = DEADLINE_SECONDS) -> dict[str, Any]:
        """The first of these that is heard; meanwhile it lives, as far as the broker can tell."""
        deadline = time.monotonic() + seconds
        for at in itertools.count():
            while at == len(self.heard):
                assert time.monotonic() < deadline, f"{self.name} never heard 0x{command:02x}"
                self.beat()
                self.hears(0.1)
            if self.heard[at][0] == command:
                return self.heard[at][1]
        raise AssertionError("not reached")

    def beat(self) -> None:
        if self.session:
            leases = [
                delivery["lease"]
                for said, body in self.heard
                for delivery in body.get("deliveries", [])
                if said == DELIVER
            ]
            self.say(HEARTBEAT, session=self.session, leases=leases, received=len(leases))

    def join(self, credit: int) -> None:
        self.hello()
        self.session = self.wait_for(WELCOME)["session"]
        self.say(CREDIT, session=self.session, deliveries_granted=credit, bytes_granted=1 << 30)
