"""keys - files of `tocsin keygen`, and the options of a socket that come of them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import zmq
from zmq.utils.monitor import recv_monitor_message

LINE = re.compile(r'^([a-z-]+)[ \t]*=[ \t]*"([^"]*)"')
KEY_CHARACTERS = 40
TROUBLES = {
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refuses this worker's key: copy its .public file into "
    "keys/allowed of that broker; the log of the broker says more",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "and this worker do not both have keys",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "broke off before it said who it is: is broker_key that "
    "broker's .public file of today?",
}


def read(path: str | PathLike[str], *wanted: str) -> list[str]:
    """The keys of these names that a file holds."""
    lines = (LINE.match(line) for line in Path(path).read_text().splitlines())
    found = {line[1]: line[2] for line in lines if line}
    for name in wanted:
        if len(found.get(name, "")) != KEY_CHARACTERS:
            raise ValueError(f"{path} has no {name}: it is no such file of `tocsin keygen`")
    return [found[name] for name in wanted]


def check_is_here(endpoint: str) -> None:
    """Without keys only this machine is spoken with, as every part of Tocsin has it."""
    scheme, _, place = endpoint.partition("://")
    if scheme in ("ipc", "inproc") and place:
        return
    if scheme != "tcp" or ":" not in place:
        raise ValueError(f"{endpoint!r} is no endpoint: write tcp://HOST:PORT or ipc://PATH")
    host = place.rpartition(":")[0].strip("[]")
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = host == "localhost"  # any other name may be anybody's
    if not is_here:
        raise ValueError(
            f"{endpoint} is another host, and without keys only this machine is spoken with: give "
            "own_key and broker_key (`tocsin keygen`, docs/keys.md), or write 127.0.0.1 or ::1"
        )


@dataclass(frozen=True)
class Keys:
    """Of this worker, and of the broker at one endpoint."""

    public: str
    secret: str
    broker: str

    @classmethod
    def of(cls, own: str | PathLike[str], broker: str | PathLike[str]) -> Keys:
        if Path(own).stat().st_mode & 0o077:
            raise ValueError(f"{own} can be read by others, and it is a secret: chmod 600 {own}")
        public, secret = read(own, "public-key", "secret-key")
        return cls(public, secret, read(broker, "public-key")[0])

    def lock(self, socket: zmq.Socket[bytes]) -> None:
        """Before it connects."""
        socket.curve_serverkey = self.broker.encode()
        socket.curve_publickey = self.public.encode()
        socket.curve_secretkey = self.secret.encode()


def trouble(monitor: zmq.Socket[bytes]) -> str:
    """What its socket's handshakes failed for last, in words; empty: they did not."""
    words = ""
    while monitor.poll(0):
        words = TROUBLES.get(zmq.Event(int(recv_monitor_message(monitor)["event"])), words)
    return words
