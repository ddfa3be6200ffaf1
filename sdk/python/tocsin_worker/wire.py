"""wire - messages of proto/wire/PROTOCOL.md as two frames, checked when they are read."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgpack

VERSION = 1
COMMANDS = {
    "PUBLISH": 0x01, "CALL": 0x02, "CONFIRM": 0x11, "REFUSE": 0x12, "REPLY": 0x13,
    "HELLO": 0x21, "CREDIT": 0x22, "SETTLE": 0x23, "RELEASE": 0x24, "BYE": 0x25,
    "LISTEN": 0x26, "CATCH_UP": 0x27, "PROGRESS": 0x28,
    "WELCOME": 0x31, "DELIVER": 0x32, "SETTLED": 0x33, "RESET": 0x34, "FEEDS": 0x35,
    "PAGE": 0x36, "CANCEL": 0x37, "HEARTBEAT": 0x41, "ERROR": 0x42, "FEED": 0x51,
}  # fmt: skip
NAMES = {octet: name for name, octet in COMMANDS.items()}

LIST_MOST = 4096  # entries of any list
FRAME_BYTES = 8_388_608
NAME_BYTES = 120
TEXT_BYTES = 65_536
PROGRESS_BYTES = 256
DATA_BYTES = 1_048_576
NUMBER_MOST = (1 << 63) - 1
DEEP = 8  # levels of a body that are looked at; what is known of a DELIVER has five


class BadMessage(Exception):
    """It does nothing and is answered with ERROR: its status, and where it is bad."""

    def __init__(self, text: str, status: str = "BAD_MESSAGE") -> None:
        super().__init__(text)
        self.status = status


def encode(command: str, body: dict[str, Any]) -> list[bytes]:
    return [bytes([VERSION, COMMANDS[command]]), msgpack.packb(body)]


def decode(frames: list[bytes]) -> tuple[str, dict[str, Any]]:
    """The command and what is known of its body; of an ERROR whatever can be read."""
    head = frames[0]
    if len(head) >= 2 and head[1] == COMMANDS["ERROR"]:
        return "ERROR", error_body(frames)
    if len(frames) != 2:
        raise BadMessage(f"{len(frames)} frames, there are two in a message")
    if len(head) != 2:
        raise BadMessage(f"the command frame has {len(head)} bytes, there are two")
    if head[0] != VERSION:
        raise BadMessage(f"version {head[0]}, this worker speaks version {VERSION}")
    name = NAMES.get(head[1])
    if name is None:
        raise BadMessage(f"unknown command 0x{head[1]:02x}")
    if name not in BODIES:
        raise BadMessage(f"{name} is not for a worker")
    return name, BODIES[name](unpack(frames[1]), name)


def decode_feed(frames: list[bytes]) -> dict[str, Any]:
    """A message of the feed: its topic, which is passed over, and what is told."""
    head = bytes([VERSION, COMMANDS["FEED"]])
    if len(frames) != 3 or frames[1] != head:
        raise BadMessage("a message of the feed has a topic, the command FEED and a body")
    body: dict[str, Any] = FEED(unpack(frames[2]), "FEED")
    return body


def error_body(frames: list[bytes]) -> dict[str, Any]:
    """Never refused, for an ERROR is not answered with an ERROR."""
    try:
        pairs = unpack(frames[1])
    except (BadMessage, IndexError):
        return {}
    if not isinstance(pairs, Pairs):
        return {}
    return {key: value for key, value in pairs if isinstance(key, str)}


#   ---- MessagePack


class Pairs(list):  # type: ignore[type-arg]
    """A map as it came: a key may come twice, and may be what no dict can have as a key."""


def unpack(body: bytes) -> Any:
    """One value with nothing after it; unusual ones are read again with what is deep cut off."""
    try:
        return unpackb(body)
    except Exception:  # msgpack has many, also for values that are only to be passed over
        return unpackb(pruned(body))


def unpackb(body: bytes) -> Any:
    return msgpack.unpackb(
        body, object_pairs_hook=Pairs, strict_map_key=False, unicode_errors="surrogateescape"
    )


SIZED = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
EXTENSIONS = {0xC7: ">B", 0xC8: ">H", 0xC9: ">I"}
LISTS = {0xDC: ">H", 0xDD: ">I"}
MAPS = {0xDE: ">H", 0xDF: ">I"}
FIXED = {
    **dict.fromkeys((0xC0, 0xC2, 0xC3), 1),
    **{0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9},
    **{0xD0: 2, 0xD1: 3, 0xD2: 5, 0xD3: 9, 0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18},
}
NIL = b"\xc0"


def item_at(body: bytes, at: int) -> tuple[int, int]:
    """Bytes of the item's own that start there, and how many items it holds."""
    octet = body[at]
    if octet <= 0x7F or octet >= 0xE0:
        return 1, 0
    if octet <= 0x8F:
        return 1, 2 * (octet & 0x0F)
    if octet <= 0x9F:
        return 1, octet & 0x0F
    if octet <= 0xBF:
        return 1 + (octet & 0x1F), 0
    if octet in FIXED:
        return FIXED[octet], 0
    for formats, own, holds in ((SIZED, 0, 0), (EXTENSIONS, 1, 0), (LISTS, 0, 1), (MAPS, 0, 2)):
        if octet in formats:
            (count,) = struct.unpack_from(formats[octet], body, at + 1)
            head = 1 + struct.calcsize(formats[octet])
            return (head, count * holds) if holds else (head + own + count, 0)
    raise BadMessage(f"0x{octet:02x} is no MessagePack")


def pruned(body: bytes) -> bytes:
    """The same value, but nil for extensions and for what is nested deeper than DEEP."""
    kept = bytearray()
    open_items = [1]  # of each level, how many are still to come
    at = 0
    while open_items:
        if open_items[-1] == 0:
            open_items.pop()
            continue
        try:
            size, holds = item_at(body, at)
        except (IndexError, struct.error):
            raise BadMessage("the body ends early") from None
        if at + size > len(body) or holds > len(body) - at:
            raise BadMessage("the body ends early")
        open_items[-1] -= 1
        if len(open_items) <= DEEP:
            is_passed_over = 0xC7 <= body[at] <= 0xC9 or 0xD4 <= body[at] <= 0xD8
            too_deep = len(open_items) == DEEP and holds
            kept += NIL if is_passed_over or too_deep else body[at : at + size]
        at += size
        open_items.append(holds)
    if at != len(body):
        raise BadMessage(f"{len(body) - at} bytes after the body")
    return bytes(kept)


#   ---- kinds of values: each takes a value and where it stands, and gives it back

Kind = Callable[[Any, str], Any]


def number(least: int = 0, most: int = NUMBER_MOST) -> Kind:
    def check(value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadMessage(f"{where}: no number")
        if value < least or value > most:
            raise BadMessage(f"{where}: {value}, it is {least} to {most}", "TOO_LARGE")
        return value

    return check


def flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadMessage(f"{where}: neither true nor false")
    return value


def text(most: int = FRAME_BYTES, pattern: str = "") -> Kind:
    compiled = re.compile(pattern, re.DOTALL) if pattern else None

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or "\0" in value:
            raise BadMessage(f"{where}: no text")
        try:
            size = len(value) if value.isascii() else len(value.encode())
        except UnicodeEncodeError:
            raise BadMessage(f"{where}: no UTF-8") from None
        if size > most:
            raise BadMessage(f"{where}: {size} bytes, at most {most}", "TOO_LARGE")
        if compiled and not compiled.fullmatch(value):
            raise BadMessage(f"{where}: {value[:60]!r} is none")
        return value

    return check


def data(value: Any, where: str) -> bytes:
    if not isinstance(value, bytes):
        raise BadMessage(f"{where}: no bytes")
    if len(value) > DATA_BYTES:
        raise BadMessage(f"{where}: {len(value)} bytes, at most {DATA_BYTES}", "TOO_LARGE")
    return value


def list_of(kind: Kind, least: int = 0) -> Kind:
    def check(value: Any, where: str) -> list[Any]:
        if not isinstance(value, list) or isinstance(value, Pairs):
            raise BadMessage(f"{where}: no list")
        if len(value) > LIST_MOST:
            raise BadMessage(f"{where}: {len(value)} entries, at most {LIST_MOST}", "TOO_LARGE")
        if len(value) < least:
            raise BadMessage(f"{where}: it is empty")
        return [kind(each, f"{where}[{place}]") for place, each in enumerate(value)]

    return check


@dataclass(frozen=True)
class MapOf:
    """Its known members, the ones that must be there and the others."""

    needed: dict[str, Kind]
    optional: dict[str, Kind]

    def __call__(self, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, Pairs):
            raise BadMessage(f"{where}: no map")
        found: dict[str, Any] = {}
        for key, each in value:
            kind = self._kind_of(key)
            if kind is None:
                continue
            if key in found:
                raise BadMessage(f"{where}.{key}: it is there twice")
            found[key] = kind(each, f"{where}.{key}")
        for key in self.needed:
            if key not in found:
                raise BadMessage(f"{where}.{key}: it is missing")
        return found

    def _kind_of(self, key: Any) -> Kind | None:
        if not isinstance(key, str):
            return None
        return self.needed.get(key) or self.optional.get(key)


#   ---- what a worker reads

PLAIN = r"[^\x00-\x1f\x7f-\x9f]"  # no control characters
ID = r"[A-Za-z0-9_-]{1,64}"
TYPE = r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*"
TIME = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
SMALL = number(most=(1 << 31) - 1)

EVENT = MapOf(
    {
        "id": text(64, ID),
        "type": text(180, TYPE),
        "subject": text(1024, f"{PLAIN}+"),
        "time": text(64, TIME),
    },
    {
        "given_id": text(512, f"{PLAIN}*"),
        "source": text(1024, f"{PLAIN}*"),
        "key": text(1024, f"{PLAIN}*"),
        "phase": text(16, "post|pre"),
        "content_type": text(120, f"{PLAIN}*"),
        "data": data,
        "partition": SMALL,
        "seq": number(),
        "accepted_ms": number(),
        "causation": text(64, f"({ID})?"),
        "root": text(64, f"({ID})?"),
        "via": text(NAME_BYTES, f"{PLAIN}*"),
        "hops": number(most=65_535),
    },
)
TARGET = MapOf(
    {
        "subscription": text(NAME_BYTES),
        "version": number(),
        "deliver": text(),
        "timeout_ms": number(),
    },
    {},
)
DELIVERY = MapOf(
    {
        "lease": number(),
        "number": number(),
        "attempt": SMALL,
        "deadline_ms": number(),
        "target": number(),
        "event": EVENT,
    },
    {},
)
SESSION = {"session": number()}
LEASES = {"leases": list_of(number())}
DELIVER = MapOf(
    {**SESSION, "targets": list_of(TARGET, least=1), "deliveries": list_of(DELIVERY, least=1)}, {}
)


def deliver(value: Any, where: str) -> dict[str, Any]:
    body = DELIVER(value, where)
    for place, each in enumerate(body["deliveries"]):
        if each["target"] >= len(body["targets"]):
            raise BadMessage(f"{where}.deliveries[{place}].target: {each['target']} is not there")
    return body


NUMBERS = list_of(number())
FEED_ENTRY = MapOf(
    {"subscription": text(NAME_BYTES), "version": number(), "seqs": NUMBERS},
    {"created_ms": number(), "document": text()},
)
FEED = MapOf({"event": EVENT}, {"subscription": text(NAME_BYTES), "prev": number()})

BODIES: dict[str, Kind] = {
    "BYE": MapOf({}, {**SESSION, "status": text(64), "text": text(65_536)}),
    "WELCOME": MapOf(
        {**SESSION, "heartbeat_ms": number(10, 60_000)},
        {"capacity": number(), "former": number()},
    ),
    "DELIVER": deliver,
    "SETTLED": MapOf({**SESSION, **LEASES}, {}),
    "CANCEL": MapOf({**SESSION, **LEASES}, {}),
    "RESET": MapOf({}, SESSION),
    "HEARTBEAT": MapOf(
        {},
        {
            **SESSION,
            **LEASES,
            "received": number(),
            "feeds": list_of(FEED_ENTRY),
            "tells_feeds": flag,
            "lasts": NUMBERS,
        },
    ),
    "FEEDS": MapOf(
        {**SESSION, "firsts": NUMBERS, "lasts": NUMBERS},
        {"endpoint": text(TEXT_BYTES), "feeds": list_of(FEED_ENTRY)},
    ),
    "PAGE": MapOf(
        {**SESSION, "subscription": text(NAME_BYTES)},
        {
            "partition": SMALL,
            "above": number(),
            "reached": number(),
            "first": number(),
            "events": list_of(EVENT),
        },
    ),
}
