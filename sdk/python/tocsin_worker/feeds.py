"""feeds - broadcasts of one broker as a worker sees them: section 6.10 of PROTOCOL.md, without
sockets or clocks. Every event that a subscription matches is performed, in the order of the log."""

from __future__ import annotations

import collections
import json
import logging
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

from tocsin_worker.delivery import Delivery, Event
from tocsin_worker.places import Places

log = logging.getLogger("tocsin_worker")

HELD_MOST = 1024  # events of a subscription in a partition; what comes beyond is a gap
SILENCE = 3  # intervals, until a question that was not answered is asked again
RETRY = {"max_attempts": 12, "min_backoff_ms": 1000, "max_backoff_ms": 3_600_000}
TIMEOUT_MS = 15_000


@dataclass(eq=False)
class Topic:
    """A subscription in a partition."""

    feed: Feed
    partition: int
    done: int  # up to this seq all is performed
    known: int  # up to this seq all that there is of it is performed or held
    held: collections.deque[Event] = field(default_factory=collections.deque)
    lacking: int = 0  # a seq that was told and is not here
    suspect: int = 0  # one that the last heartbeat told of; it may still be on its way
    attempts: int = 0  # of the first held one
    due_at: float = 0.0  # when it may be tried again
    run: Delivery | None = None
    turn: int = 0  # of the last one that began: topics take turns
    sure: int = 0  # known when this session began: a log that ends before is another; 0: it is not

    def needs_more(self) -> bool:
        return self.lacking > self.known

    def may_begin(self) -> bool:
        return bool(self.held) and not self.run and self.feed.goes

    def rise(self, last: int) -> None:
        """Nothing of it lies between what is known and this end of the log."""
        if not self.needs_more():
            self.known = max(self.known, last)
            self.settle_place()

    def settle_place(self) -> None:
        self.done = self.held[0].seq - 1 if self.held else self.known
        self.feed.places.note(self.feed.key, self.partition, self.done)

    def end_first(self) -> None:
        self.held.popleft()
        self.attempts = 0
        self.due_at = 0.0
        self.settle_place()


@dataclass(eq=False)
class Feed:
    """A broadcast subscription. Another one of its name is another feed."""

    id: str
    version: int
    created_ms: int
    document: dict[str, Any]
    places: Places
    topics: dict[int, Topic] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.id} {self.created_ms}"

    @property
    def goes(self) -> bool:
        return not (self.document.get("paused") or self.document.get("disabled"))

    def delivery(self, event: Event, attempt: int) -> Delivery:
        document = self.document
        return Delivery(
            event=event,
            subscription=self.id,
            action=document.get("action") or {},
            deliver=document.get("deliver") or {},
            attempt=attempt,
            timeout_ms=(document.get("retry") or {}).get("timeout_ms", TIMEOUT_MS),
        )


class FeedPort(Protocol):
    """What the feeds want of the worker around them."""

    def send(self, command: str, body: dict[str, Any]) -> None:
        """In the session of the moment; the answer may not come."""

    def connect_feed(self, endpoint: str) -> None:
        """A new SUB, as the broker has bound it, instead of the old one."""

    def listen_to(self, topics: str) -> None:
        """All that begin so, on that SUB."""

    def leave(self, topics: str) -> None:
        """No more."""

    def abandon_run(self, run: Delivery) -> None:
        """Its outcome is wanted no more."""


class Feeds:
    def __init__(self, port: FeedPort, places: Places) -> None:
        self._port = port
        self._places = places
        self.feeds: dict[str, Feed] = {}
        self._session = 0
        self._interval = 1.0
        self._is_listening = False  # FEEDS has come in this session
        self._listen_at: float | None = None  # None: all is known
        self._listened_at = float("-inf")
        self._asked: Topic | None = None
        self._asked_at = 0.0
        self._ask_at = 0.0
        self._turns = 0
        self._is_stopping = False

    def topics(self) -> list[Topic]:
        return [topic for feed in self.feeds.values() for topic in feed.topics.values()]

    def in_session(self, session: int, interval: float, now: float) -> None:
        """The session of the moment; 0: it is lost, or there is none yet."""
        if session == self._session:
            return
        self._session = session
        self._interval = interval
        self._is_listening = False
        self._asked = None
        self._listen_at = now if session else None
        self._listened_at = float("-inf")
        for topic in self.topics():
            topic.sure = topic.known

    def stop(self) -> None:
        """Begins nothing more."""
        self._is_stopping = True

    #   ---- time

    def due(self, has_room: bool) -> float:
        """When there is something to do; has_room: whether an attempt could begin."""
        times = [float("inf")]
        if self._session and not self._is_stopping:
            if self._listen_at is not None:
                times.append(max(self._listen_at, self._listened_at + self._interval))
            if self._asked:
                times.append(self._asked_at + SILENCE * self._interval)
            elif self._is_listening and any(map(self._may_ask, self.topics())):
                times.append(self._ask_at)
            if has_room:
                times += [each.due_at for each in self.topics() if each.may_begin()]
        return min(times)

    def tick(self, now: float) -> None:
        if not self._session or self._is_stopping:
            return
        listens = self._listen_at is not None and now >= self._listen_at
        if listens and now >= self._listened_at + self._interval:
            self._listened_at = now
            self._say("LISTEN", {})
        if self._asked and now >= self._asked_at + SILENCE * self._interval:
            self._asked = None
        if self._is_listening and not self._asked and now >= self._ask_at:
            self._ask(now)

    def _say(self, command: str, body: dict[str, Any]) -> None:
        self._port.send(command, {"session": self._session, **body})

    @staticmethod
    def _may_ask(topic: Topic) -> bool:
        return topic.needs_more() and len(topic.held) <= HELD_MOST // 2

    def _ask(self, now: float) -> None:
        topic = next((each for each in self.topics() if self._may_ask(each)), None)
        if not topic:
            return
        self._asked, self._asked_at = topic, now
        place = {"partition": topic.partition, "above": topic.known}
        self._say("CATCH_UP", {"subscription": topic.feed.id, **place})

    #   ---- what comes

    def hear(self, command: str, body: dict[str, Any], now: float) -> None:
        if command == "FEEDS":
            self._hear_feeds(body)
        elif command == "PAGE":
            self._hear_page(body, now)
        elif command == "HEARTBEAT" and body.get("tells_feeds"):
            self._hear_heartbeat(body, now)

    def _hear_feeds(self, body: dict[str, Any]) -> None:
        self._listen_at = None
        if not self._is_listening and body.get("endpoint"):
            self._is_listening = True
            self._port.connect_feed(body["endpoint"])
            for feed in self.feeds.values():
                self._port.listen_to(f"{feed.id}/")
        for told in body.get("feeds", []):
            self._learn(told, body["firsts"], body["lasts"])

    def _learn(self, told: dict[str, Any], firsts: list[int], lasts: list[int]) -> None:
        try:
            document = json.loads(told.get("document", ""))
        except ValueError:
            log.error("the broadcast %s cannot be read", told["subscription"])
            document = {}
        feed = self.feeds.get(told["subscription"])
        created_ms = told.get("created_ms", 0)
        if feed and feed.created_ms != created_ms:
            self._forget(feed)
            feed = None
        if not feed:
            feed = Feed(told["subscription"], 0, created_ms, {}, self._places)
            self.feeds[feed.id] = feed
            self._port.listen_to(f"{feed.id}/")
        feed.version = told["version"]
        feed.document = document if isinstance(document, dict) else {}
        for partition, (first, last) in enumerate(zip(firsts, lasts)):
            topic = self._topic(feed, partition, first, last)
            seq = told["seqs"][partition] if partition < len(told["seqs"]) else 0
            topic.lacking = max(topic.lacking, seq)
            topic.rise(last)

    def _topic(self, feed: Feed, partition: int, first: int, last: int) -> Topic:
        topic = feed.topics.get(partition)
        if topic and topic.sure <= last:
            topic.sure = 0
            return topic
        if topic:
            self._abandon(topic)
        place = self._places.find(feed.key, partition)
        if place is None:
            place = first - 1 if feed.document.get("start") == "earliest" else last
        elif place > last:
            log.warning("%s: the log ends at %d, before %d: another one", feed.id, last, place)
            place = last
        topic = Topic(feed, partition, place, place)
        feed.topics[partition] = topic
        topic.settle_place()
        return topic

    def _forget(self, feed: Feed) -> None:
        self._port.leave(f"{feed.id}/")
        for topic in feed.topics.values():
            self._abandon(topic)
        del self.feeds[feed.id]

    def _abandon(self, topic: Topic) -> None:
        if self._asked is topic:
            self._asked = None
        if topic.run:
            self._port.abandon_run(topic.run)

    def _hear_heartbeat(self, body: dict[str, Any], now: float) -> None:
        told = {each["subscription"]: each for each in body.get("feeds", [])}
        for feed in list(self.feeds.values()):
            if feed.id not in told:
                self._forget(feed)
        for entry in told.values():
            known = self.feeds.get(entry["subscription"])
            if not known or known.version != entry["version"]:
                self._listen_at = now
            if known:
                for topic in known.topics.values():
                    self._hear_ends(topic, entry["seqs"], body.get("lasts", []))

    @staticmethod
    def _hear_ends(topic: Topic, seqs: list[int], lasts: list[int]) -> None:
        """A tail that is not here is lost if it was told of by the heartbeat before, too."""
        seq = seqs[topic.partition] if topic.partition < len(seqs) else 0
        if topic.suspect > topic.known:
            topic.lacking = max(topic.lacking, topic.suspect)
        topic.suspect = seq
        if seq <= topic.known and topic.partition < len(lasts):
            topic.rise(lasts[topic.partition])

    def hear_event(self, body: dict[str, Any], now: float) -> None:
        """A message of the feed."""
        feed = self.feeds.get(body.get("subscription", ""))
        event = Event(**body["event"])
        topic = feed.topics.get(event.partition) if feed else None
        if not topic or event.seq <= topic.known:
            return
        if body.get("prev", 0) <= topic.known and len(topic.held) < HELD_MOST:
            topic.held.append(event)
            topic.known = event.seq
        else:
            topic.lacking = max(topic.lacking, event.seq)
            self.tick(now)

    def _hear_page(self, body: dict[str, Any], now: float) -> None:
        topic, self._asked = self._asked, None
        above = body.get("above", 0)
        is_ours = topic and (topic.feed.id, topic.partition, topic.known) == (
            body["subscription"],
            body.get("partition", 0),
            above,
        )
        if not topic or not is_ours:
            self._asked = topic
            return
        if body.get("first", 0) > above + 1:
            missed = body["first"] - 1 - above
            log.error("%s: %d of the log are gone that were not performed", topic.feed.id, missed)
            topic.known = body["first"] - 1
        for entry in body.get("events", []):
            if entry.get("seq", 0) > topic.known and len(topic.held) < HELD_MOST:
                topic.held.append(Event(**entry))
                topic.known = entry["seq"]
        if len(topic.held) < HELD_MOST:
            topic.known = max(topic.known, body.get("reached", 0))
        if not topic.held:
            topic.settle_place()
        has_new = topic.known > above
        self._ask_at = now if has_new else now + self._interval
        self.tick(now)

    #   ---- work

    def begin(self, now: float) -> Delivery | None:
        """The next attempt, if there is one; finish() is owed."""
        if self._is_stopping:
            return None
        some = [each for each in self.topics() if each.may_begin() and now >= each.due_at]
        if not some:
            return None
        topic = min(some, key=lambda each: each.turn)
        self._turns += 1
        topic.turn = self._turns
        topic.run = topic.feed.delivery(topic.held[0], topic.attempts + 1)
        return topic.run

    def finish(self, run: Delivery, settlement: dict[str, Any], now: float) -> None:
        topic = next((each for each in self.topics() if each.run is run), None)
        if not topic:
            return  # its feed has gone
        topic.run = None
        topic.attempts += 1
        if settlement["outcome"] != "ok":
            self._fail(topic, settlement, now)
        else:
            topic.end_first()

    @staticmethod
    def _fail(topic: Topic, settlement: dict[str, Any], now: float) -> None:
        policy = {**RETRY, **(topic.feed.document.get("retry") or {})}
        if settlement["outcome"] == "fail" or topic.attempts >= policy["max_attempts"]:
            event, error = topic.held[0], settlement.get("error", "")
            log.error("%s: %s is given up: %s", topic.feed.id, event.id, error)
            topic.end_first()
            return
        schedule = policy.get("schedule_ms")
        if schedule:
            wait_ms = schedule[min(topic.attempts, len(schedule)) - 1]
        else:
            longest = policy["min_backoff_ms"] << min(topic.attempts - 1, 40)
            wait_ms = random.uniform(0, min(longest, policy["max_backoff_ms"]))
        topic.due_at = now + max(wait_ms, settlement.get("retry_after_ms", 0)) / 1000
