"""manners - what a worker must live with: what it does not know, and what nobody should send."""

import random
from typing import Any

import msgpack

from broker import INTERVAL, SLACK, Broker
from rule import rule
from words import COMMANDS, Body, encode

REFUSALS = ("BAD_MESSAGE", "TOO_LARGE")


def refuses(broker: Broker, frames: list[bytes]) -> str:
    """It is answered with ERROR; its sentence."""
    broker.look_again()
    broker.say_frames(frames)
    said = broker.expect("ERROR", seconds=SLACK + INTERVAL)
    assert said.body["status"] in REFUSALS, said
    return str(said.body.get("text", ""))


def nested(levels: int) -> bytes:
    return b"\x91" * levels + b"\xc0"


def with_strange_members(body: Body) -> bytes:
    """Keys that nobody knows, of kinds that are no key elsewhere, and values of every kind."""
    strange: list[tuple[bytes, bytes]] = [
        (msgpack.packb("schemas"), msgpack.packb({"deep": [{"er": [1.5, None, -3, b"x"]}]})),
        (msgpack.packb(-7), msgpack.packb(1.25)),
        (msgpack.packb(None), b"\xc0"),
        (msgpack.packb([1, 2]), msgpack.packb({})),
        (msgpack.packb({"a": {}}), msgpack.packb([[]])),
        (msgpack.packb(b"session"), msgpack.packb("no key of ours")),
        (msgpack.packb("twice"), b"\x01"),
        (msgpack.packb("twice"), b"\x02"),
        (msgpack.packb("ext"), b"\xd4\x05\x00"),
        (msgpack.packb("time"), b"\xc7\x03\xff\x00\x00\x00"),  # a timestamp that is none
        (msgpack.packb("no-utf8"), b"\xa2\xff\xfe"),
        (msgpack.packb("deeper"), nested(2000)),
        (msgpack.packb("uint64"), b"\xcf" + b"\xff" * 8),
    ]
    pairs = [(msgpack.packb(key), msgpack.packb(value)) for key, value in body.items()]
    pairs = strange[:6] + pairs + strange[6:]
    head = b"\xde" + len(pairs).to_bytes(2, "big")
    return head + b"".join(key + value for key, value in pairs)


@rule("4.3")
def members_that_it_does_not_know_are_passed_over(broker: Broker) -> None:
    hello = broker.expect("HELLO")
    broker.action, broker.peer, broker.session = hello.body["actions"][0], hello.peer, 77
    welcome = {"session": 77, "heartbeat_ms": int(INTERVAL * 1000)}
    broker.say("WELCOME", with_strange_members(welcome))
    broker.expect("CREDIT")
    broker.say("HEARTBEAT", with_strange_members({"session": 77}))
    broker.goes_on()
    lease = broker.make_delivery()
    body: Body = {"session": 77, "targets": [broker.make_target("/ok")], "deliveries": [lease]}
    lease["event"]["colour"] = {"of": ["no", "concern", None, -1.5]}
    body["targets"][0]["more"] = [[-1]]
    broker.say("DELIVER", with_strange_members(body))
    assert broker.expect_settlement(lease["lease"])["outcome"] == "ok"
    broker.say("SETTLED", with_strange_members({"session": 77, "leases": [lease["lease"]]}))
    broker.expect("HEARTBEAT")
    beat = broker.expect("HEARTBEAT", seconds=2 * INTERVAL + SLACK)
    assert lease["lease"] not in beat.body.get("leases", []), "the SETTLED was not understood"


@rule("3")
def every_format_of_a_number_is_understood(broker: Broker) -> None:
    """A number may be written longer than it must be, also as a signed one."""
    broker.welcome()
    lease = broker.deliver()
    broker.expect_settlement(lease)
    wide = b"\xcf" + lease.to_bytes(8, "big")
    signed = b"\xd3" + broker.session.to_bytes(8, "big")
    leases = b"\xdd\x00\x00\x00\x01" + wide
    key = b"\xda\x00\x07session"
    broker.say("SETTLED", b"\xdf\x00\x00\x00\x02" + key + signed + b"\xd9\x06leases" + leases)
    broker.expect("HEARTBEAT")
    beat = broker.expect("HEARTBEAT", seconds=2 * INTERVAL + SLACK)
    assert lease not in beat.body.get("leases", []), "the SETTLED was not understood"


@rule("4.4")
def other_frames_than_two_are_refused(broker: Broker) -> None:
    broker.welcome()
    head, body = encode("HEARTBEAT", {"session": broker.session})
    for frames in ([head], [head, body, b""], [b"", head, body], [b""], [b"", b""], [head] * 50):
        refuses(broker, frames)
    for bad in (b"\x01", head + b"\x00", head * 1000):
        refuses(broker, [bad, body])
    broker.goes_on()


@rule("4.7")
def another_version_is_refused_in_words(broker: Broker) -> None:
    broker.welcome()
    for version in (0, 2, 255):
        frames = encode("HEARTBEAT", {"session": broker.session}, version)
        assert refuses(broker, frames), "no sentence"
    broker.goes_on()


@rule("4.4")
def commands_that_it_does_not_know_are_refused(broker: Broker) -> None:
    broker.welcome()
    for octet in (0x00, 0x03, 0x26, 0x35, 0x43, 0x7F, 0xFF):
        refuses(broker, encode(octet, {"session": broker.session}))
    broker.goes_on()


@rule("4.5")
def commands_that_are_not_a_workers_to_hear_are_refused(broker: Broker) -> None:
    broker.welcome()
    session = {"session": broker.session}
    refuses(broker, encode("CONFIRM", {"request": 1, "confirmations": []}))
    refuses(broker, encode("HELLO", {"name": "a broker"}))
    refuses(broker, encode("CREDIT", {**session, "deliveries_granted": 1, "bytes_granted": 1}))
    broker.goes_on()


@rule("4.6")
def an_error_is_never_answered_with_an_error(broker: Broker) -> None:
    broker.welcome()
    place = len(broker.said)
    bodies = [{}, {"status": "FULL", "text": "no"}, {"status": "NEVER_HEARD_OF"}, {"status": 7}]
    for body in bodies:
        broker.say_frames(encode("ERROR", body))
    for bad in (b"", b"\xc1", b"\xdf\xff\xff\xff\xff", nested(3), bytes(1000)):
        broker.say_frames(encode("ERROR", bad))
        broker.say_frames(encode("ERROR", bad, version=9))
    broker.say_frames([b"\x01\x42"])
    broker.say_frames([b"\x01\x42", b"\x80", b"\x80"])
    broker.say_frames([b"\x01\x42\x00", b"\x80"])
    broker.goes_on()
    broker.expect("HEARTBEAT")
    errors = broker.since(place, "ERROR")
    assert not errors, f"an ERROR was answered: {errors[0]}"


@rule("4.4")
def bodies_that_are_no_map_are_refused(broker: Broker) -> None:
    broker.welcome()
    whole = msgpack.packb({"session": broker.session, "leases": [1]})
    bodies = [
        b"",
        b"\xc1",
        b"\xc0",
        b"\x90",
        b"\x93\x01\x02\x03",
        whole + b"\x00",
        whole + whole,
        whole[:-1],
        b"\x81",
        b"\x81\xa7session",
        b"\x81\xd9\xffsession",
        nested(100),
        nested(100_000),
        b"\x81" * 100_000,
        b"\xdf\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff" + b"\xc0" * 100_000,
        b"\xdd\xff\xff\xff\xff" * 1000,
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xffsession",
        b"\xc9\xff\xff\xff\xff\x01",
    ]
    for body in bodies:
        refuses(broker, encode("SETTLED", body))
    broker.goes_on()


@rule("4.3")
def a_member_that_comes_twice_is_refused(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver()
    broker.expect_settlement(lease)
    session = msgpack.packb("session") + msgpack.packb(broker.session)
    leases = msgpack.packb("leases") + msgpack.packb([lease])
    refuses(broker, encode("SETTLED", b"\x83" + session + leases + leases))
    refuses(broker, encode("SETTLED", b"\x83" + session + leases + session))
    beat = broker.expect("HEARTBEAT")
    assert lease in beat.body["leases"], "a bad SETTLED was taken"
    broker.settled(lease)
    broker.goes_on()


def bad_bodies(broker: Broker) -> list[tuple[str, Any]]:
    """Of each command, what breaks one rule."""
    session = {"session": broker.session}
    good = broker.make_delivery()
    targets = [broker.make_target("/retry")]

    def deliver(**more: Any) -> Body:
        return {**session, "targets": targets, "deliveries": [good], **more}

    def changed(**more: Any) -> Body:
        return deliver(deliveries=[{**good, **more}])

    def event(**more: Any) -> Body:
        return changed(event={**good["event"], **more})

    def without(name: str) -> Body:
        return deliver(deliveries=[{key: good[key] for key in good if key != name}])

    broker.number -= 1  # nothing of all this comes to be
    bodies: list[tuple[str, Any]] = [
        ("SETTLED", session),
        ("SETTLED", {"leases": [1]}),
        ("SETTLED", {"session": "1", "leases": [1]}),
        ("SETTLED", {"session": -1, "leases": [1]}),
        ("SETTLED", {"session": 1.0, "leases": [1]}),
        ("SETTLED", {"session": True, "leases": [1]}),
        ("SETTLED", {"session": None, "leases": [1]}),
        ("SETTLED", {"session": 1 << 63, "leases": [1]}),
        ("SETTLED", {**session, "leases": {}}),
        ("SETTLED", {**session, "leases": ["1"]}),
        ("SETTLED", {**session, "leases": list(range(4097))}),
        ("WELCOME", {**session, "heartbeat_ms": 9}),
        ("WELCOME", {**session, "heartbeat_ms": 60_001}),
        ("WELCOME", session),
        ("HEARTBEAT", {**session, "received": -1}),
        ("BYE", {"session": b"1"}),
        ("RESET", {"session": [1]}),
        ("DELIVER", deliver(deliveries=[])),
        ("DELIVER", deliver(targets=[])),
        ("DELIVER", deliver(deliveries=[7])),
        ("DELIVER", deliver(targets=[targets[0]] * 4097)),
        ("DELIVER", changed(target=1)),
        ("DELIVER", changed(attempt=1 << 31)),
        ("DELIVER", changed(lease="1")),
        ("DELIVER", without("event")),
        ("DELIVER", without("number")),
        ("DELIVER", event(id="")),
        ("DELIVER", event(id="a b")),
        ("DELIVER", event(id="x" * 65)),
        ("DELIVER", event(type="a..b")),
        ("DELIVER", event(subject="")),
        ("DELIVER", event(subject="a\nb")),
        ("DELIVER", event(subject="a\0b")),
        ("DELIVER", event(source="\x9f")),
        ("DELIVER", event(time="yesterday")),
        ("DELIVER", event(phase="later")),
        ("DELIVER", event(data="a text")),
        ("DELIVER", event(data=bytes((1 << 20) + 1))),
        ("DELIVER", event(content_type="x" * 121)),
        ("DELIVER", deliver(targets=[{**targets[0], "subscription": "x" * 121}])),
        ("DELIVER", deliver(targets=[{**targets[0], "deliver": b"{}"}])),
    ]
    no_utf8 = msgpack.packb(event(subject="/abc")).replace(b"/abc", b"/\xff\xfec")
    return [*bodies, ("DELIVER", no_utf8)]


@rule("4.4")
def members_that_are_missing_or_wrong_or_too_large_are_refused(broker: Broker) -> None:
    broker.welcome()
    for command, body in bad_bodies(broker):
        try:
            refuses(broker, encode(command, body))
        except AssertionError as fault:
            raise AssertionError(f"{fault}: {command} {body!r:.600}") from None
    broker.goes_on()
    assert "/retry" not in broker.sink.paths, "a bad delivery was performed"


@rule("4.4")
def random_bytes_harm_nobody(broker: Broker) -> None:
    """Always the same ones: half of them whole messages with some bytes changed."""
    broker.welcome()
    chance = random.Random(17)
    targets = [broker.make_target("/retry", version=2)]
    delivery = broker.make_delivery(number=1)
    good = msgpack.packb({"session": 3, "targets": targets, "deliveries": [delivery]})
    for _ in range(300):
        body = bytearray(good)
        for _ in range(chance.randint(1, 8)):
            body[chance.randrange(len(body))] = chance.randrange(256)
        broker.say_frames(encode("DELIVER", bytes(body)))
        head = bytes([1, chance.choice([0x31, 0x32, 0x33, 0x41])])
        broker.say_frames([head, chance.randbytes(chance.randint(0, 60))])
        broker.hear(0.0)
    broker.number = 1 << 20  # if one of them was a delivery of this session all the same
    broker.goes_on()


@rule("7")
def what_another_session_is_sent_does_nothing(broker: Broker) -> None:
    broker.welcome()
    session = broker.session
    lease = broker.deliver()
    broker.expect_settlement(lease)
    other = {"session": session ^ 1}
    delivery = broker.make_delivery(number=50)
    targets = [broker.make_target("/retry")]
    broker.say("DELIVER", {**other, "targets": targets, "deliveries": [delivery]})
    broker.say("SETTLED", {**other, "leases": [lease]})
    broker.say("BYE", other)
    broker.say("HEARTBEAT", {**other, "received": 1 << 40})
    beat = broker.expect("HEARTBEAT")
    beat = broker.expect("HEARTBEAT", seconds=2 * INTERVAL + SLACK)
    assert lease in beat.body["leases"], "another session's SETTLED was taken"
    assert beat.body.get("received") == 1, f"another session's number was taken: {beat}"
    assert "/retry" not in broker.sink.paths, "another session's delivery was performed"
    broker.settled(lease)
    broker.goes_on()


@rule("7")
def a_stranger_passes_over_what_belongs_to_a_session(broker: Broker) -> None:
    hello = broker.expect("HELLO")
    broker.peer, broker.action = hello.peer, hello.body["actions"][0]
    place = len(broker.said)
    targets, delivery = [broker.make_target("/retry")], broker.make_delivery()
    broker.number = 0
    for command, body in (
        ("DELIVER", {"session": 5, "targets": targets, "deliveries": [delivery]}),
        ("SETTLED", {"session": 5, "leases": [1]}),
        ("HEARTBEAT", {"session": 5, "received": 3}),
        ("RESET", {"session": 5}),
        ("BYE", {"session": 5}),
        ("BYE", {}),
    ):
        broker.say_frames(encode(command, body))
    broker.expect("HELLO")
    for said in broker.since(place, *COMMANDS):
        assert said.command == "HELLO", f"it answered: {said}"
    broker.look_again()
    broker.welcome()
    broker.goes_on()
    assert "/retry" not in broker.sink.paths, "it performed a stranger's delivery"


@rule("6.2")
def more_than_was_granted_is_held_or_given_back(broker: Broker) -> None:
    """A broker that does not count: none is lost, and none is done twice."""
    broker.welcome()
    leases = {broker.deliver("/ok") for _ in range(min(3 * broker.granted, 1000))}
    ended: set[int] = set()

    def look() -> bool:
        for said in broker.since(0, "SETTLE", "RELEASE"):
            for each in said.body.get("settlements", []):
                ended.add(each["lease"])
            ended.update(said.body.get("leases", []))
        return leases <= ended

    broker.wait_until(look, "each is settled or released")
    broker.settled(*leases)
    broker.number = max(broker.number, broker.granted - 1)
    broker.goes_on()
