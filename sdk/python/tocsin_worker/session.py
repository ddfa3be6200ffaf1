"""session - one broker as a worker sees it: the state table of PROTOCOL.md, without sockets or
clocks. It is told what comes and what time it is; it says what is to be sent through its port."""

from __future__ import annotations

import enum
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tocsin_worker.delivery import Delivery, Event
from tocsin_worker.former import Former
from tocsin_worker.wire import DATA_BYTES, LIST_MOST, BadMessage, decode

log = logging.getLogger("tocsin_worker")

SHUNNED_SECONDS = (1.0, 5.0)  # before HELLO, after a BYE that said why
HELLO_SECONDS = (0.1, 5.0)  # the first wait for an answer, and the longest
HELLOS_A_SOCKET = 3  # without an answer; then a new one, for the name may mean another address
SILENCE = 3  # intervals
SETTLE_MOST_SECONDS = 30.0
SETTLE_BYTES = 1 << 20  # of results and errors in one message, or one of them
PROGRESS_SECONDS = 1.0  # between two words on one lease
BYTES_AT_HAND = 8 << 20  # of data, in deliveries that are not settled


class State(enum.Enum):
    STRANGER = "stranger"
    MEMBER = "member"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass
class Held:
    """A lease, until the broker has SETTLED it or it is given back."""

    lease: int
    delivery: Delivery
    begin_by: float  # else it could not end in time
    is_begun: bool = False
    settlement: dict[str, Any] | None = None
    settle_at: float = 0.0  # when it is said again
    settle_wait: float = 0.0
    is_former: bool = False  # of the session before
    word: tuple[int, str] | None = None  # how far it is: percent, text; not said yet
    word_at: float = 0.0  # when it may be said


class Port(Protocol):
    """What a session wants of the worker around it."""

    def send(self, command: str, body: dict[str, Any]) -> None:
        """Does not wait; what cannot be sent is lost, as anything may be."""

    def renew(self) -> None:
        """A new socket instead of the old one, whose unsent messages are dropped."""

    def performs(self, action: str) -> bool:
        """Whether the worker has this action."""

    def room(self) -> int:
        """How many deliveries this broker may have under way, all in all."""

    def abandon(self, held: Held) -> None:
        """Its outcome is wanted no more."""


def nobody_listens(_command: str, _body: dict[str, Any], _now: float) -> None:
    """What is said of feeds is for who has asked for it."""


class Session:
    def __init__(self, port: Port, hello: dict[str, Any], now: float) -> None:
        self.state = State.STRANGER
        self.held: dict[int, Held] = {}
        self._port = port
        self._hello = hello
        self._hello_at = now
        self._hello_wait = HELLO_SECONDS[0]
        self._unanswered = 0
        self._session = 0
        self._former = Former()
        self._interval = 1.0
        self.tell_feeds: Callable[[str, dict[str, Any], float], object] = nobody_listens
        self._forget_session(now)

    @property
    def number(self) -> int:
        """Of the session that it is a member of; 0: of none."""
        return self._session if self.state is State.MEMBER else 0

    @property
    def interval(self) -> float:
        return self._interval

    def _forget_session(self, now: float) -> None:
        self._session = 0
        self._heard_at = self._said_at = self._beat_at = now
        self._received = 0
        self._told = 0  # the highest number that a heartbeat of the broker has told of
        self._bytes = 0  # of data, since WELCOME
        self._granted = (0, 0)  # deliveries, bytes
        self.capacity = 0  # that the broker wants; 0: as many as the worker likes
        self._shrunk_until = 0  # numbers up to this were granted when it was larger
        self._broker_leaves = False

    #   ---- time

    def due(self) -> float:
        """When tick() has something to do at the latest."""
        if self.state is State.STRANGER:
            return self._hello_at
        times = [self._beat_at, self._heard_at + SILENCE * self._interval]
        times += [each.settle_at for each in self.held.values() if each.settlement]
        times += [each.begin_by for each in self.waiting()]
        times += [each.word_at for each in self.working() if each.word]
        return min(times)

    def tick(self, now: float) -> None:
        """After all that waited was heard."""
        if self.state is State.STRANGER:
            if now >= self._hello_at:
                self._say_hello(now)
        elif self.state is not State.ENDED and not self._is_lost(now):
            self.release([each for each in self.waiting() if now > each.begin_by], now)
            if now >= self._beat_at:
                self._beat(now)
            self._settle_again(now)
            self._say_words(now)
            self._end_if_done()

    def _is_lost(self, now: float) -> bool:
        for since, who in ((self._heard_at, "the broker"), (self._said_at, "this worker")):
            if now - since > SILENCE * self._interval:
                self._lose(f"{who} was silent", now)
                return True
        return False

    def _say_hello(self, now: float) -> None:
        if self._unanswered >= HELLOS_A_SOCKET:
            self._port.renew()
            self._unanswered = 0
        former = {"former": self._former.session} if self._former.session else {}
        self._say("HELLO", {**self._hello, **former}, now)
        self._unanswered += 1
        self._hello_at = now + self._hello_wait * random.uniform(0.5, 1.0)
        self._hello_wait = min(self._hello_wait * 2, HELLO_SECONDS[1])

    def _beat(self, now: float) -> None:
        begun = [each.lease for each in self.held.values() if each.is_begun and not each.settlement]
        leases = list(self.held)
        said: dict[str, Any] = {"received": self._received, "leases": leases}
        said |= {"begun": begun, "tells_begun": True, "capacity": self._at_a_time()}
        self._say_in_session("HEARTBEAT", said, now)
        self.grant(now, always=True)
        if self.state is State.LEAVING:
            self._say_in_session("BYE", {}, now)
        self._beat_at = now + self._interval

    def _say(self, command: str, body: dict[str, Any], now: float) -> None:
        self._port.send(command, body)
        self._said_at = now

    def _say_in_session(self, command: str, body: dict[str, Any], now: float) -> None:
        self._say(command, {"session": self._session, **body}, now)

    #   ---- what comes

    def hear(self, frames: list[bytes], now: float) -> None:
        if self.state is State.ENDED:
            return
        if self.state is not State.STRANGER and now - self._said_at > SILENCE * self._interval:
            self._lose("this worker was silent", now)
            return
        self._heard_at = now
        self._unanswered = 0
        try:
            command, body = decode(frames)
        except BadMessage as bad:
            log.warning("a bad message of the broker: %s", bad)
            self._port.send("ERROR", {"status": bad.status, "text": str(bad)})
            return
        handler = getattr(self, f"_hear_{command.lower()}")
        if command in ("ERROR", "WELCOME") or (
            self.state is not State.STRANGER and body.get("session", self._session) == self._session
        ):
            handler(body, now)

    def _hear_error(self, body: dict[str, Any], _now: float) -> None:
        log.warning("the broker says %r: %r", body.get("status"), body.get("text", ""))

    def _hear_welcome(self, body: dict[str, Any], now: float) -> None:
        if self.state is not State.STRANGER:
            if body["session"] != self._session:
                self._lose("the broker gave another session", now)
            else:
                self._resize(body.get("capacity", 0), now)
            return
        self.state = State.MEMBER
        self._forget_session(now)
        self._session = body["session"]
        self._interval = body["heartbeat_ms"] / 1000
        self._hello_wait = HELLO_SECONDS[0]
        self._beat_at = now + self._interval * random.uniform(0.5, 1.0)
        self.capacity = min(body.get("capacity", 0), LIST_MOST)
        log.info("joined")
        kept = self._former.recall(body.get("former", 0))
        self.held.update((each.lease, each) for each in kept)  # leases of this one, from now on
        self._say_settle(kept, now, wait=2 * self._interval)
        self.grant(now, always=True)

    def _at_a_time(self) -> int:
        return self.capacity or int(self._hello.get("capacity", 0))

    def _resize(self, capacity: int, now: float) -> None:
        """Credit cannot be taken back: what comes by it and finds no room goes back instead."""
        before = self._at_a_time()
        self.capacity = min(capacity, LIST_MOST)
        if self._at_a_time() < before:
            self._shrunk_until = self._granted[0]
            self.release(self.waiting(), now)
        self.grant(now)

    def _hear_heartbeat(self, body: dict[str, Any], now: float) -> None:
        """What the last one told of and has not come by now was lost on the way."""
        self._take_number(self._told)
        self._told = body.get("received", 0)
        self.grant(now)
        self.tell_feeds("HEARTBEAT", body, now)

    def _hear_feeds(self, body: dict[str, Any], now: float) -> None:
        self.tell_feeds("FEEDS", body, now)

    def _hear_page(self, body: dict[str, Any], now: float) -> None:
        self.tell_feeds("PAGE", body, now)

    def _hear_reset(self, _body: dict[str, Any], now: float) -> None:
        self._lose("the broker does not know this session", now)

    def _hear_bye(self, body: dict[str, Any], now: float) -> None:
        if body.get("status", "OK") != "OK":
            self._lose(f"the broker hears no more of it: {body.get('text', '')!r}", now)
            self._hello_at = now + random.uniform(*SHUNNED_SECONDS)
            return
        log.info("the broker stops")
        self._broker_leaves = True
        self.release(self.waiting(), now)

    def _hear_settled(self, body: dict[str, Any], now: float) -> None:
        for lease in body["leases"]:
            held = self.held.pop(lease, None)
            if held and not held.settlement:
                self._port.abandon(held)
        self.grant(now)
        self._end_if_done()

    def _hear_cancel(self, body: dict[str, Any], now: float) -> None:
        """They have ended for everybody else; what was settled is SETTLED as ever."""
        some = [self.held[lease] for lease in body["leases"] if lease in self.held]
        self.release([each for each in some if not each.settlement], now)
        for held in some:
            if held.is_begun and not held.settlement:
                self._port.abandon(held)
        self.grant(now)
        self._end_if_done()

    def _hear_deliver(self, body: dict[str, Any], now: float) -> None:
        targets = [make_target(each) for each in body["targets"]]
        refused = []
        for each in body["deliveries"]:
            if each["number"] <= self._received:
                continue
            self._take_number(each["number"] - 1)
            self._received = each["number"]
            held = make_held(each, targets[each["target"]], now)
            self._bytes += len(held.delivery.event.data)
            if self._has_room(each["number"]) and self._can_take(held, now):
                self.held[held.lease] = held
            else:
                refused.append(held)
        self.release(refused, now)
        self.grant(now)

    def _has_room(self, number: int) -> bool:
        return number > self._shrunk_until or len(self.working()) < self._port.room()

    def _can_take(self, held: Held, now: float) -> bool:
        return (
            self.state is State.MEMBER
            and not self._broker_leaves
            and len(self.held) < LIST_MOST
            and now <= held.begin_by
            and self._port.performs(held.delivery.action.get("name", ""))
        )

    def _take_number(self, number: int) -> None:
        """Up to this one. What was skipped counts with the most data that it can have had."""
        lost = max(0, number - self._received)
        self._received += lost
        self._bytes += lost * DATA_BYTES

    #   ---- leases

    def waiting(self) -> list[Held]:
        return [each for each in self.held.values() if not each.is_begun]

    def working(self) -> list[Held]:
        """Those that are not settled."""
        return [each for each in self.held.values() if not each.settlement]

    def release(self, some: list[Held], now: float) -> None:
        for each in some:
            self.held.pop(each.lease, None)
        for start in range(0, len(some), LIST_MOST):
            leases = [each.lease for each in some[start : start + LIST_MOST]]
            self._say_in_session("RELEASE", {"leases": leases}, now)

    def grant(self, now: float, always: bool = False) -> None:
        """Says CREDIT when there is room for more than was said before."""
        if self.state is State.MEMBER and not self._broker_leaves:
            working = self.working()
            room = min(self._port.room() - len(working), LIST_MOST - len(self.held))
            at_hand = sum(len(each.delivery.event.data) for each in working)
            deliveries = max(self._granted[0], self._received + max(0, room))
            size = max(self._granted[1], self._bytes + max(0, BYTES_AT_HAND - at_hand))
            always = always or deliveries > self._granted[0]
            self._granted = (deliveries, size)
        if always and self.state in (State.MEMBER, State.LEAVING):
            deliveries, size = self._granted
            said = {"deliveries_granted": deliveries, "bytes_granted": size}
            self._say_in_session("CREDIT", said, now)

    def settle(self, ended: list[tuple[Held, dict[str, Any]]], now: float) -> None:
        """Attempts that have ended. Of those whose session was lost before that nothing is said."""
        ours = []
        for held, settlement in ended:
            if self.held.get(held.lease) is held and not held.settlement:
                held.settlement = settlement
                ours.append(held)
        self._say_settle(ours, now, wait=2 * self._interval)
        self.grant(now)

    def _settle_again(self, now: float) -> None:
        late = [each for each in self.held.values() if each.settlement and now >= each.settle_at]
        self._say_settle(late, now, wait=None)

    def _say_settle(self, some: list[Held], now: float, wait: float | None) -> None:
        batch: list[dict[str, Any]] = []
        size = 0
        for each in some:
            assert each.settlement
            doubled = min(each.settle_wait * 2, SETTLE_MOST_SECONDS)
            each.settle_wait = doubled if wait is None else wait
            each.settle_at = now + each.settle_wait
            batch.append(each.settlement)
            size += sum(len(each.settlement.get(name, "")) for name in ("result", "error"))
            if size >= SETTLE_BYTES or len(batch) == LIST_MOST:
                self._say_in_session("SETTLE", {"settlements": batch}, now)
                batch, size = [], 0
        if batch:
            self._say_in_session("SETTLE", {"settlements": batch}, now)

    def progress(self, held: Held, percent: int, text: str, now: float) -> None:
        """The last word of each second is said."""
        held.word = (percent, text)
        self._say_words(now)

    def _say_words(self, now: float) -> None:
        for each in self.working():
            if each.word and now >= each.word_at:
                percent, text = each.word
                each.word = None
                each.word_at = now + PROGRESS_SECONDS
                said: dict[str, Any] = {"lease": each.lease}
                if percent:
                    said["percent"] = percent
                if text:
                    said["text"] = text
                self._say_in_session("PROGRESS", said, now)

    #   ---- ends

    def leave(self, now: float) -> None:
        """In order: what has begun is finished and settled."""
        if self.state is State.STRANGER:
            self.state = State.ENDED
        elif self.state is State.MEMBER:
            self.state = State.LEAVING
            self._say_in_session("BYE", {}, now)
            self.release(self.waiting(), now)
            self._end_if_done()

    def _end_if_done(self) -> None:
        if self.state is State.LEAVING and not self.held:
            self.state = State.ENDED

    def _lose(self, why: str, now: float) -> None:
        log.warning("the session is lost: %s", why)
        for held in self.working():
            self._port.abandon(held)
        self._former.lose(self._session, self.held.values())
        self.held.clear()
        if self.state is State.LEAVING:
            self.state = State.ENDED
            return
        self.state = State.STRANGER
        self._port.renew()
        self._unanswered = 0
        self._hello_at = now + random.uniform(0.0, self._interval)
        self._forget_session(now)


def make_target(target: dict[str, Any]) -> dict[str, Any]:
    """With the JSON of `deliver` read; what is none has no action that anybody performs."""
    try:
        told = json.loads(target["deliver"])
    except ValueError:
        told = {}
    action, deliver = (
        ({}, {})
        if not isinstance(told, dict)
        else (
            part if isinstance(part, dict) else {}
            for part in (told.get("action"), told.get("deliver"))
        )
    )
    return {**target, "action": action, "deliver": deliver}


def make_held(each: dict[str, Any], target: dict[str, Any], now: float) -> Held:
    delivery = Delivery(
        event=Event(**each["event"]),
        subscription=target["subscription"],
        action=target["action"],
        deliver=target["deliver"],
        attempt=each["attempt"],
        timeout_ms=target["timeout_ms"],
    )
    #   A question has nothing but its deadline: what is begun late may still be in time.
    spare_ms = each["deadline_ms"]
    if not delivery.is_question:
        spare_ms -= target["timeout_ms"]
    begin_by = now + spare_ms / 1000
    return Held(each["lease"], delivery, begin_by)
