"""words - what a worker may say, checked to the letter: PROTOCOL.md sections 2 and 3."""

from typing import Any

import msgpack

VERSION = 1
COMMANDS = {
    "CONFIRM": 0x11, "HELLO": 0x21, "CREDIT": 0x22, "SETTLE": 0x23, "RELEASE": 0x24, "BYE": 0x25,
    "LISTEN": 0x26, "CATCH_UP": 0x27, "PROGRESS": 0x28, "WELCOME": 0x31, "DELIVER": 0x32,
    "SETTLED": 0x33, "RESET": 0x34, "FEEDS": 0x35, "PAGE": 0x36, "CANCEL": 0x37, "HEARTBEAT": 0x41,
    "ERROR": 0x42, "FEED": 0x51,
}  # fmt: skip
NAMES = {octet: name for name, octet in COMMANDS.items()}
MOST = 4096
SMALL = (1 << 31) - 1
LARGE = (1 << 63) - 1

Body = dict[str, Any]


class Fault(AssertionError):
    """The worker broke a rule."""


def encode(command: str | int, body: Any, version: int = VERSION) -> list[bytes]:
    octet = COMMANDS[command] if isinstance(command, str) else command
    return [bytes([version, octet]), body if isinstance(body, bytes) else msgpack.packb(body)]


def unique(pairs: list[tuple[Any, Any]]) -> Body:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Fault(f"a key comes twice: {keys}")
    return dict(pairs)


def decode(frames: list[bytes]) -> tuple[str, Body]:
    if len(frames) != 2 or len(frames[0]) != 2:
        raise Fault(f"a message is two frames, the first of two bytes: {frames!r:.200}")
    if frames[0][0] != VERSION or frames[0][1] not in NAMES:
        raise Fault(f"no version and command of a worker: {frames[0].hex()}")
    command = NAMES[frames[0][1]]
    try:
        body = msgpack.unpackb(frames[1], object_pairs_hook=unique)
    except (ValueError, msgpack.UnpackException) as problem:
        raise Fault(f"{command}: the body is no MessagePack: {problem}") from None
    if not isinstance(body, dict):
        raise Fault(f"{command}: the body is no map: {body!r:.200}")
    check_members(command, body, MEMBERS.get(command))
    return command, body


#   ---- kinds: least and most of a number, most bytes of a text, entries of a list

Kind = tuple[str, int, Any]

NUMBER: Kind = ("number", 0, LARGE)
SHORT: Kind = ("number", 0, SMALL)
SESSION: Kind = ("number", 1, LARGE)
NAME: Kind = ("text", 0, 120)
LABEL: Kind = ("text", 3, 129)
DOCUMENT: Kind = ("text", 2, 65_536)
LONG: Kind = ("text", 0, 65_536)
FLAG: Kind = ("flag", 0, 0)
LEASES: Kind = ("list", 0, NUMBER)
SETTLEMENT = {
    "lease!": NUMBER, "outcome!": ("text", 1, 5), "retry_after_ms": NUMBER, "disables": FLAG,
    "time_ms": NUMBER, "duration_ms": NUMBER, "http_status": SHORT, "connect_us": SHORT,
    "tls_us": SHORT, "first_byte_us": SHORT, "error": LONG, "result": LONG,
    "counts": FLAG, "counted": ("text", 0, 1024),
}  # fmt: skip

#   A name with `!` must be there; others may be.
MEMBERS: dict[str, dict[str, Kind]] = {
    "HELLO": {
        "name!": ("text", 1, 120),
        "version": NAME,
        "actions": ("list", 0, NAME),
        "capacity": NUMBER,
        "instance": NUMBER,
        "former": SESSION,
        "labels": ("list", 0, LABEL),
        "subscriptions": ("list", 0, DOCUMENT),
    },
    "CREDIT": {"session!": SESSION, "deliveries_granted!": NUMBER, "bytes_granted!": NUMBER},
    "SETTLE": {"session!": SESSION, "settlements!": ("list", 1, SETTLEMENT)},
    "RELEASE": {"session!": SESSION, "leases!": ("list", 1, NUMBER)},
    "LISTEN": {"session!": SESSION},
    "CATCH_UP": {
        "session!": SESSION,
        "subscription!": ("text", 1, 120),
        "partition": SHORT,
        "above": NUMBER,
    },
    "PROGRESS": {
        "session!": SESSION,
        "lease!": NUMBER,
        "percent": ("number", 0, 100),
        "text": ("text", 0, 256),
    },
    "BYE": {"session": SESSION},
    "HEARTBEAT": {
        "session": SESSION,
        "leases": LEASES,
        "received": NUMBER,
        "begun": LEASES,
        "tells_begun": FLAG,
        "capacity": NUMBER,
    },
    "ERROR": {"status!": ("text", 1, 64), "text": LONG, "request": NUMBER, "session": NUMBER},
}


def check_members(where: str, body: Body, members: dict[str, Kind] | None) -> None:
    if members is None:
        raise Fault(f"{where} is not a worker's to say")
    for name, kind in members.items():
        bare = name.rstrip("!")
        if bare in body:
            check_value(f"{where}.{bare}", body[bare], kind)
        elif name != bare:
            raise Fault(f"{where}.{bare} is missing")


def check_value(where: str, value: Any, kind: Kind | dict[str, Kind]) -> None:
    if isinstance(kind, dict):
        check_members(where, value, kind)
        outcome = value["outcome"]
        if outcome not in ("ok", "retry", "fail"):
            raise Fault(f"{where}.outcome is {outcome}")
        return
    what, least, most = kind
    if what == "number":
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    elif what == "flag":
        good = isinstance(value, bool)
    elif what == "text":
        good = isinstance(value, str) and "\0" not in value and least <= len(value.encode()) <= most
    else:
        good = isinstance(value, list) and least <= len(value) <= MOST
        for each in value if good else ():
            check_value(f"{where}[…]", each, most)
    if not good:
        raise Fault(f"{where} is {value!r:.100}, which is no {what} of {least} to {most}")
