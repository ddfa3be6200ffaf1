"""Networks of their own (namespaces of Linux), and wires between them that lose, delay and break.

A wire is two TUN devices and a thread that carries packets from one to the other, so that the loss
is ours to choose and real TCP has to live with it. Addresses are loopback ones, 127.9.…: links
between nodes take no others, and here they lie on a wire all the same. Only root may make these.
"""

import ctypes
import fcntl
import os
import random
import selectors
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.waiting import DEADLINE_SECONDS

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PACKET_BYTES = 65536
IDLE_SECONDS = 0.1
NAME_BYTES = 15  # of a device, at most
WITHOUT_A_QUESTION = ["nodad"]  # whether somebody else has this address: IPv6 would wait for it
libc = ctypes.CDLL(None, use_errno=True)


def must(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}; is this root?")


class Namespace:
    """A network in which there is nothing but its own loopback."""

    def __init__(self) -> None:
        self.file = -1
        maker = threading.Thread(target=self._make)  # for it is a thread that has a network
        maker.start()
        maker.join(DEADLINE_SECONDS)
        assert self.file >= 0, "no network namespace could be made; is this root?"

    def _make(self) -> None:
        must(libc.unshare(CLONE_NEWNET), "unshare")
        #   Of 127.0.0.0/8 only 127.0.0.1 is this network's, so that others may be elsewhere.
        run("ip", "link", "set", "lo", "up")
        run("ip", "route", "del", "table", "local", "local", "127.0.0.0/8", "dev", "lo")
        Path("/proc/sys/net/ipv4/conf/all/route_localnet").write_text("1")
        self.file = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread, and the processes and threads that it starts, are in this network."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            must(libc.setns(self.file, CLONE_NEWNET), "setns")
            yield
        finally:
            must(libc.setns(before, CLONE_NEWNET), "setns")
            os.close(before)

    def end(self) -> None:
        os.close(self.file)  # gone with the last process in it


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def device_name(peer: str) -> str:
    """Of the device that leads to this address: by its end, in which addresses differ."""
    return "wire-" + peer.replace(":", ".")[len("wire-") - NAME_BYTES :]


@dataclass
class Way:
    """One direction of a wire."""

    source: int  # a TUN device
    target: int
    under_way: deque[tuple[float, bytes]] = field(default_factory=deque)  # due when, in order
    carried: int = 0
    lost: int = 0
    loss: float = 0.0  # of all packets, 1.0: it is cut
    delay_seconds: float = 0.0


class Wire:
    """From a place (a network and an address in it) to another."""

    def __init__(
        self, here: tuple[Namespace, str], there: tuple[Namespace, str], seed: int = 0
    ) -> None:
        self._chance = random.Random(seed)
        self.devices = device_name(there[1]), device_name(here[1])  # at the one end and the other
        left = self._open(here, there[1])
        right = self._open(there, here[1])
        self.ways = Way(left, right), Way(right, left)  # there, and back
        self._is_over = False
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _open(self, place: tuple[Namespace, str], peer: str) -> int:
        namespace, address = place
        name = device_name(peer)
        with namespace.inside():
            device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            request = struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI)
            fcntl.ioctl(device, TUNSETIFF, request)
            run("ip", "link", "set", name, "up")
            run("ip", "address", "add", address, "peer", peer, "dev", name, *WITHOUT_A_QUESTION)
        return device

    #   Weather

    def is_clear(self) -> None:
        self.is_bad(0.0, 0.0)

    def is_bad(self, loss: float, delay_seconds: float) -> None:
        for way in self.ways:
            way.loss, way.delay_seconds = loss, delay_seconds

    def is_cut(self) -> None:
        self.is_bad(1.0, 0.0)

    def is_cut_one_way(self, index: int) -> None:
        self.ways[index].loss = 1.0

    def carried(self) -> int:
        return sum(way.carried for way in self.ways)

    def lost(self) -> int:
        return sum(way.lost for way in self.ways)

    #   Packets

    def _carry(self) -> None:
        with selectors.DefaultSelector() as selector:
            for way in self.ways:
                selector.register(way.source, selectors.EVENT_READ, way)
            while not self._is_over:
                for key, _ in selector.select(self._pause()):
                    self._take(key.data)
                for way in self.ways:
                    self._hand_over(way)

    def _pause(self) -> float:
        due = [way.under_way[0][0] for way in self.ways if way.under_way]
        return max(0.0, min(due) - time.monotonic()) if due else IDLE_SECONDS

    def _take(self, way: Way) -> None:
        packet = os.read(way.source, PACKET_BYTES)
        way.carried += 1
        if self._chance.random() < way.loss:
            way.lost += 1
            return
        way.under_way.append((time.monotonic() + way.delay_seconds, packet))

    def _hand_over(self, way: Way) -> None:
        while way.under_way and way.under_way[0][0] <= time.monotonic():
            _, packet = way.under_way.popleft()
            try:
                os.write(way.target, packet)
            except BlockingIOError:  # it is full, as wires are
                way.lost += 1

    def end(self) -> None:
        self._is_over = True
        self._thread.join(DEADLINE_SECONDS)
        for way in self.ways:
            os.close(way.source)
