"""Broadcasts without sockets or clocks: what is told, asked for and performed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin_worker.delivery import Delivery
from tocsin_worker.feeds import HELD_MOST, Feeds, Topic
from tocsin_worker.places import Places


class Play:
    """A worker with one session, and what it says."""

    def __init__(self, places: Places | None = None) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.topics: list[str] = []
        self.abandoned: list[Delivery] = []
        self.feeds = Feeds(self, places or Places())
        self.now = 100.0
        self.version = 1
        self.feeds.in_session(7, 1.0, self.now)
        self.feeds.tick(self.now)

    def send(self, command: str, body: dict[str, Any]) -> None:
        self.said.append((command, body))

    def connect_feed(self, endpoint: str) -> None:
        self.topics.clear()

    def listen_to(self, topics: str) -> None:
        self.topics.append(topics)

    def leave(self, topics: str) -> None:
        self.topics.remove(topics)

    def abandon_run(self, run: Delivery) -> None:
        self.abandoned.append(run)

    def heard(self) -> list[str]:
        said, self.said = self.said, []
        return [command for command, _ in said]

    def begin(self, seq: int = 0, last: int = 0, first: int = 1, **document: Any) -> Play:
        told = {"action": {"name": "a"}, "retry": {"max_attempts": 2, "schedule_ms": [500]}}
        feed = {"subscription": "s", "version": self.version, "created_ms": 5, "seqs": [seq]}
        feed["document"] = json.dumps({**told, **document})
        ends = {"firsts": [first], "lasts": [last]}
        self.feeds.hear("FEEDS", {"endpoint": "tcp://x:1", "feeds": [feed], **ends}, self.now)
        self.feeds.tick(self.now)
        return self

    def tell(self, seq: int, prev: int) -> None:
        body = {"subscription": "s", "prev": prev, "event": event(seq)}
        self.feeds.hear_event(body, self.now)

    def page(self, above: int, reached: int, first: int = 1) -> None:
        events = [event(seq) for seq in range(max(above + 1, first), reached + 1)]
        place = {"subscription": "s", "above": above, "reached": reached, "first": first}
        self.feeds.hear("PAGE", {**place, "events": events}, self.now)

    def beat(self, seq: int, last: int) -> None:
        entry = {"subscription": "s", "version": self.version, "seqs": [seq]}
        body = {"feeds": [entry], "tells_feeds": True, "lasts": [last]}
        self.now += 1
        self.feeds.hear("HEARTBEAT", body, self.now)
        self.feeds.tick(self.now)

    def perform(self, outcome: str = "ok") -> list[int]:
        """All that may begin, one after the other."""
        done = []
        while run := self.feeds.begin(self.now):
            done.append(run.event.seq)
            self.feeds.finish(run, {"outcome": outcome}, self.now)
        return done

    def place(self) -> int:
        return self.feeds.topics()[0].done


def event(seq: int) -> dict[str, Any]:
    words = {"id": f"e{seq}", "type": "a.b", "subject": "/s", "time": "2026-11-27T03:00:00Z"}
    return {**words, "seq": seq}


def test_listen_is_repeated_until_feeds_come() -> None:
    play = Play()
    play.feeds.tick(play.now + 0.9)
    play.feeds.tick(play.now + 1.0)
    assert play.heard() == ["LISTEN", "LISTEN"]
    play.begin()
    play.feeds.tick(play.now + 9)
    assert (play.heard(), play.topics) == ([], ["s/"])


def test_what_follows_is_performed_in_order_and_a_repeat_is_not() -> None:
    play = Play().begin()
    for seq, prev in ((1, 0), (3, 1), (3, 1), (2, 1), (7, 2)):
        play.tell(seq, prev)
    assert play.perform() == [1, 3, 7]
    assert play.place() == 7


def test_a_gap_is_filled_before_what_follows_it() -> None:
    play = Play().begin()
    play.heard()
    play.tell(1, 0)
    play.tell(4, 3)
    assert play.said[-1] == (
        "CATCH_UP",
        {"session": 7, "subscription": "s", "partition": 0, "above": 1},
    )
    assert play.perform() == [1]
    play.page(0, 3)  # of another question
    assert play.perform() == []
    play.page(1, 4)
    assert play.perform() == [2, 3, 4]


def test_a_lost_tail_shows_in_the_second_heartbeat() -> None:
    play = Play().begin()
    play.heard()
    play.beat(3, 3)
    assert play.heard() == []
    play.beat(3, 3)
    assert play.heard() == ["CATCH_UP"]
    play.page(0, 3)
    assert play.perform() == [1, 2, 3]


def test_where_nothing_is_lacking_the_place_rises_with_the_log() -> None:
    play = Play().begin()
    play.beat(0, 40)
    assert play.place() == 40
    play.tell(50, 30)
    assert play.perform() == [50]


def test_one_that_fails_is_tried_again_and_then_given_up() -> None:
    play = Play().begin()
    play.tell(1, 0)
    play.tell(2, 1)
    assert play.perform("retry") == [1]
    play.now += 0.6
    assert play.perform("retry") == [1, 2]
    assert play.place() == 1
    play.now += 0.6
    assert play.perform() == [2]


def test_what_comes_while_there_is_no_room_is_asked_for_later() -> None:
    play = Play().begin()
    play.heard()
    for seq in range(1, HELD_MOST + 3):
        play.tell(seq, seq - 1)
    assert play.heard() == []
    assert len(play.perform()) == HELD_MOST
    play.feeds.tick(play.now)
    assert play.heard() == ["CATCH_UP"]
    play.page(HELD_MOST, HELD_MOST + 2)
    assert play.perform() == [HELD_MOST + 1, HELD_MOST + 2]


def test_a_worker_goes_on_from_the_place_it_has_kept(tmp_path: Path) -> None:
    places = Places(tmp_path / "places")
    play = Play(places).begin(start="earliest")
    play.tell(1, 0)
    play.tell(2, 1)
    assert play.perform() == [1, 2]
    places.save(play.now)
    play = Play(Places(tmp_path / "places")).begin(seq=4, last=9)
    assert play.heard() == ["LISTEN", "CATCH_UP"]
    play.page(2, 9)
    assert play.perform() == list(range(3, 10))


def test_a_log_that_no_longer_reaches_back_is_told(caplog: pytest.LogCaptureFixture) -> None:
    play = Play().begin(seq=9, last=9, first=1, start="earliest")
    play.page(0, 9, first=6)
    assert "5 of the log are gone" in caplog.text
    assert play.perform() == [6, 7, 8, 9]


def test_what_is_told_faster_than_feeds_is_of_the_same_log_and_another_log_begins_anew() -> None:
    play = Play().begin()
    play.tell(1, 0)
    play.begin(last=0)  # it was written before
    assert (play.perform(), play.place()) == ([1], 1)
    play.feeds.in_session(0, 1.0, play.now)
    play.feeds.in_session(8, 1.0, play.now)
    play.begin(last=0)
    assert play.place() == 0


def test_one_that_is_paused_or_gone_begins_nothing() -> None:
    play = Play().begin()
    play.tell(1, 0)
    play.version = 2
    play.begin(paused=True)
    assert play.perform() == []
    play.version = 3
    play.begin()
    run = play.feeds.begin(play.now)
    play.feeds.hear("HEARTBEAT", {"feeds": [], "tells_feeds": True, "lasts": [1]}, play.now)
    assert (play.abandoned, play.topics) == ([run], [])


def test_nothing_is_due_while_it_waits_for_room_or_for_feeds() -> None:
    play = Play().begin(1, 1)
    play.tell(2, 1)
    assert play.feeds.due(has_room=True) <= play.now < play.feeds.due(has_room=False)
    play.tell(9, 8)  # what lies between will be asked for, once FEEDS has come again
    play.feeds.in_session(0, 1.0, play.now)
    play.feeds.in_session(8, 1.0, play.now)
    play.feeds.tick(play.now)
    assert play.feeds.due(has_room=False) > play.now


def test_topics_take_turns() -> None:
    play = Play().begin(1, 1)
    play.tell(2, 1)
    play.tell(3, 2)
    first = play.feeds.topics()[0]
    second = Topic(first.feed, 1, done=0, known=2, held=first.held.copy())
    first.feed.topics[1] = second
    begun = []
    while run := play.feeds.begin(play.now):
        begun.append(next(each for each in play.feeds.topics() if each.run is run))
        play.feeds.finish(run, {"outcome": "ok"}, play.now)
    assert begun == [first, second, first, second]
