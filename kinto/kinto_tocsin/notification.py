"""What is told of a change, ready to be kept and POSTed: a notification in pieces of JSON text.

A piece is made once, in the request, and never parsed again: the relay puts them together.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kinto.core.utils import json

Json = dict[str, Any]

#   Tocsin takes 1,000 events and 4 MiB in a request, 1 MiB in an event. An entry of the outbox
#   stays
#   well below, so that a page of them fits into memory.
MOST_OBJECTS = 500
MOST_BYTES = 1 << 20
MOST_EVENT_BYTES = (1 << 20) - (4 << 10)  # of an event's data, with room for its frame


@dataclass(frozen=True)
class Piece:
    """One impacted object."""

    last_modified: int  # of what it is now, in ms
    text: str  # {"new": …, "old": …}


@dataclass(frozen=True)
class Notification:
    """What one entry keeps: a payload, and impacted objects in the order of last_modified."""

    payload: str  # JSON
    source: str
    request_id: str
    pieces: tuple[Piece, ...]
    causation: Json | None = None  # id, root and hops of the event that caused it

    @property
    def first_ms(self) -> int:
        return self.pieces[0].last_modified

    def to_json(self) -> Json:
        entry = {
            "payload": self.payload,
            "source": self.source,
            "request_id": self.request_id,
            "objects": [[piece.last_modified, piece.text] for piece in self.pieces],
        }
        return {**entry, "causation": self.causation} if self.causation else entry

    @classmethod
    def from_json(cls, entry: Json) -> "Notification":
        pieces = tuple(Piece(last_modified, text) for last_modified, text in entry["objects"])
        causation = entry.get("causation")
        return cls(entry["payload"], entry["source"], entry["request_id"], pieces, causation)

    def body(self, pieces: Iterable[Piece]) -> bytes:
        """Of the POST that tells Tocsin of these pieces."""
        objects = ",".join(piece.text for piece in pieces)
        source = json.dumps(self.source)
        text = f'"payload":{self.payload},"impacted_objects":[{objects}],"source":{source}'
        if self.causation:
            text += f',"causation":{json.dumps(self.causation)}'
        return f"{{{text}}}".encode()


def make_piece(impacted: Json, payload_bytes: int) -> Piece:
    """`old` is left out where an event would be too large with it."""
    last_modified = int(impacted["new"]["last_modified"])
    text = json.dumps(impacted)
    if "old" in impacted and len(text.encode()) + payload_bytes > MOST_EVENT_BYTES:
        text = json.dumps({"new": impacted["new"]})
    return Piece(last_modified, text)


def groups(pieces: list[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Neighbours, as many as an entry may have."""
    group: list[Piece] = []
    size = 0
    for piece in pieces:
        if group and (len(group) == MOST_OBJECTS or size + len(piece.text) > MOST_BYTES):
            yield tuple(group)
            group, size = [], 0
        group.append(piece)
        size += len(piece.text)
    if group:
        yield tuple(group)


def make(
    payload: Json,
    impacted: Iterable[Json],
    source: str,
    request_id: str,
    causation: Json | None = None,
) -> Iterator[Notification]:
    """As many as are needed, each small enough for an entry and a POST."""
    text = json.dumps(payload)
    pieces = [make_piece(each, len(text.encode())) for each in impacted]
    pieces.sort(key=lambda piece: piece.last_modified)
    for group in groups(pieces):
        yield Notification(text, source, request_id, group, causation)
