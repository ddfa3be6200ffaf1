"""What comes over the wire is understood to the letter, or refused with a place and a reason."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from tocsin_worker.wire import BadMessage, decode, encode, pruned

EVENT = {
    "id": "e1",
    "type": "a.b",
    "subject": "/s",
    "time": "2026-11-24T03:00:00Z",
    "partition": 0,
    "seq": 1,
    "accepted_ms": 1,
}


def delivery(**more: Any) -> dict[str, Any]:
    event = {**EVENT, **more}
    each = {"lease": 1, "number": 1, "attempt": 1, "deadline_ms": 9, "target": 0, "event": event}
    target = {"subscription": "s", "version": 1, "deliver": "{}", "timeout_ms": 1}
    return {"session": 7, "targets": [target], "deliveries": [each]}


def test_the_examples_of_the_document_are_what_is_sent_and_understood() -> None:
    hello = {"name": "w", "actions": ["webhook"], "capacity": 256}
    head, body = encode("HELLO", hello)
    assert head.hex(" ") == "01 21"
    assert body[:10].hex(" ").upper() == "83 A4 6E 61 6D 65 A1 77 A7 61"
    settled = bytes.fromhex("82A773657373696F6E07A66C65617365739201CD012C")
    assert decode([b"\x01\x33", settled]) == ("SETTLED", {"session": 7, "leases": [1, 300]})


def test_unknown_members_are_passed_over_whatever_they_are() -> None:
    strange = msgpack.packb([1]) + b"\xd4\x05\x00" + msgpack.packb(None) + b"\x91" * 3000 + b"\xc0"
    body = b"\x83" + msgpack.packb("session") + b"\x07" + strange
    assert decode([b"\x01\x25", body]) == ("BYE", {"session": 7})


def test_what_is_deep_is_cut_off() -> None:
    deep = b"\x91" * 100_000 + b"\xc0"
    assert len(pruned(b"\x92\x01" + deep)) < 12
    assert msgpack.unpackb(pruned(b"\x92\x01" + deep))[0] == 1


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([b"\x01\x33"], "1 frames"),
        ([b"\x02\x33", b"\x80"], "version 2"),
        ([b"\x01\x99", b"\x80"], "unknown command 0x99"),
        ([b"\x01\x21", b"\x80"], "HELLO is not for a worker"),
        ([b"\x01\x33", b"\x80\x00"], "1 bytes after the body"),
        ([b"\x01\x33", b"\x81\xa7session"], "ends early"),
        ([b"\x01\x33", b"\xdf\xff\xff\xff\xff"], "ends early"),
        (
            [b"\x01\x33", b"\x82\xa7session\x01\xa7session\x01"],
            "SETTLED.session: it is there twice",
        ),
        ([b"\x01\x33", b"\x81\xa7session\x01"], "SETTLED.leases: it is missing"),
        ([b"\x01\x33", b"\x81\xa7session\xff"], "SETTLED.session: no number"),
    ],
)
def test_a_bad_message_is_refused_in_words(frames: list[bytes], said: str) -> None:
    with pytest.raises(BadMessage, match=said):
        decode(frames)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("id", "a b"),
        ("type", "a..b"),
        ("subject", ""),
        ("subject", "a\nb"),
        ("time", "today"),
        ("phase", "later"),
        ("data", "text"),
        ("seq", -1),
    ],
)
def test_what_is_no_event_makes_the_message_a_bad_one(member: str, value: Any) -> None:
    with pytest.raises(BadMessage, match=rf"deliveries\[0\]\.event\.{member}"):
        decode(encode("DELIVER", delivery(**{member: value})))


def test_too_much_data_is_too_large() -> None:
    with pytest.raises(BadMessage) as refused:
        decode(encode("DELIVER", delivery(data=bytes((1 << 20) + 1))))
    assert refused.value.status == "TOO_LARGE"


@pytest.mark.parametrize("frames", [[b"\x09\x42"], [b"\x01\x42", b"\xc1"], [b"\x01\x42\x00", b""]])
def test_an_error_is_never_refused(frames: list[bytes]) -> None:
    assert decode(frames) == ("ERROR", {})
