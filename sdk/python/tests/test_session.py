"""Transcripts of a session: what comes and what time it is, and what is said then."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin_worker.session import Held, Session, State
from tocsin_worker.wire import encode

TARGET = {
    "subscription": "s",
    "version": 1,
    "deliver": '{"action": {"name": "a"}}',
    "timeout_ms": 1000,
}
EVENT = {
    "id": "e1",
    "type": "a.b",
    "subject": "/s",
    "time": "2026-11-24T03:00:00Z",
    "partition": 0,
    "seq": 1,
    "accepted_ms": 1,
    "data": b"{}",
}


class Play:
    """A session without a network: it is the port, and keeps what is said."""

    def __init__(self, room: int = 4) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.sockets = 1
        self.abandoned: list[int] = []
        self.most = room
        self.now = 100.0
        self.session = Session(self, {"name": "w", "actions": ["a"], "capacity": room}, self.now)

    def send(self, command: str, body: dict[str, Any]) -> None:
        self.said.append((command, body))

    def renew(self) -> None:
        self.sockets += 1

    def performs(self, action: str) -> bool:
        return action == "a"

    def room(self) -> int:
        return self.most

    def abandon(self, held: Held) -> None:
        self.abandoned.append(held.lease)

    def tick(self, seconds: float = 0.0) -> list[str]:
        """Time goes on; the commands that are said."""
        self.now += seconds
        self.session.tick(self.now)
        return self.heard()

    def hear(self, command: str, **body: Any) -> list[str]:
        self.session.hear(encode(command, body), self.now)
        return self.heard()

    def heard(self) -> list[str]:
        commands = [command for command, _ in self.said]
        self.last = dict(self.said)
        self.said.clear()
        return commands

    def join(self) -> Play:
        self.tick()
        assert self.hear("WELCOME", session=7, heartbeat_ms=1000) == ["CREDIT"]
        return self

    def deliver(
        self, *numbers: int, deadline_ms: int = 60_000, phase: str = "post", **target: Any
    ) -> list[str]:
        deliveries = [
            {
                "lease": 100 + number,
                "number": number,
                "attempt": 1,
                "deadline_ms": deadline_ms,
                "target": 0,
                "event": {**EVENT, "phase": phase},
            }
            for number in numbers
        ]
        return self.hear(
            "DELIVER", session=7, targets=[{**TARGET, **target}], deliveries=deliveries
        )

    def begin(self, lease: int) -> Held:
        held = self.session.held[lease]
        held.is_begun = True
        return held

    def finish(self, lease: int) -> list[str]:
        return self.end(self.session.held[lease])

    def end(self, held: Held, outcome: str = "ok") -> list[str]:
        self.session.settle([(held, {"lease": held.lease, "outcome": outcome})], self.now)
        return self.heard()

    def work(self, *numbers: int) -> list[Held]:
        """These have come and begun."""
        self.deliver(*numbers)
        return [self.begin(100 + number) for number in numbers]

    def lose(self) -> Play:
        assert self.hear("RESET") == []
        return self

    def join_again(self, session: int, **more: Any) -> list[str]:
        assert self.tick(1) == ["HELLO"]
        return self.hear("WELCOME", session=session, heartbeat_ms=1000, **more)

    def settled(self) -> list[int]:
        """The leases of the last SETTLE."""
        return [each["lease"] for each in self.last["SETTLE"]["settlements"]]


def test_hello_is_repeated_and_the_fourth_goes_by_a_new_socket() -> None:
    play = Play()
    assert play.tick() == ["HELLO"]
    assert play.tick(0.01) == []
    assert play.tick(0.1) == ["HELLO"]
    assert play.tick(0.2) == ["HELLO"]
    assert play.sockets == 1
    assert play.tick(0.4) == ["HELLO"]
    assert play.sockets == 2


def test_a_delivery_is_listed_until_it_is_settled() -> None:
    play = Play().join()
    assert play.deliver(1) == []
    play.begin(101)
    assert play.tick(1) == ["HEARTBEAT", "CREDIT"]
    assert play.last["HEARTBEAT"]["leases"] == play.last["HEARTBEAT"]["begun"] == [101]
    assert play.finish(101) == ["SETTLE", "CREDIT"]
    play.hear("HEARTBEAT", session=7)
    assert play.tick(1) == ["HEARTBEAT", "CREDIT"]
    assert play.last["HEARTBEAT"]["leases"] == [101]
    assert play.last["HEARTBEAT"]["begun"] == []
    assert play.tick(1) == ["HEARTBEAT", "CREDIT", "SETTLE"]
    play.hear("SETTLED", session=7, leases=[101])
    assert play.tick(1) == ["HEARTBEAT", "CREDIT"]
    assert play.last["HEARTBEAT"]["leases"] == []


def test_what_is_cancelled_is_given_back_and_abandoned_and_what_has_ended_is_not() -> None:
    play = Play().join()
    play.deliver(1, 2, 3)
    play.begin(101)
    play.begin(102)
    play.finish(101)
    assert "RELEASE" in play.hear("CANCEL", session=7, leases=[101, 102, 103, 999])
    assert play.last["RELEASE"]["leases"] == [102, 103]
    assert play.abandoned == [102]
    assert list(play.session.held) == [101]


def test_of_what_is_said_on_progress_the_last_word_of_each_second_goes_out() -> None:
    play = Play().join()
    play.deliver(1)
    held = play.begin(101)
    play.session.progress(held, 1, "a", play.now)
    play.session.progress(held, 2, "b", play.now)
    play.session.progress(held, 3, "", play.now)
    assert play.heard() == ["PROGRESS"]
    assert play.last["PROGRESS"] == {"session": 7, "lease": 101, "percent": 1, "text": "a"}
    assert play.session.due() <= play.now + 1
    assert "PROGRESS" in play.tick(1)
    assert play.last["PROGRESS"] == {"session": 7, "lease": 101, "percent": 3}
    play.session.progress(held, 0, "c", play.now)
    play.finish(101)
    assert "PROGRESS" not in play.tick(1)


def test_skipped_numbers_are_granted_again_with_the_most_that_they_can_have_had() -> None:
    play = Play(room=4).join()
    before = play.last["CREDIT"]
    assert before["deliveries_granted"] == 4
    assert play.deliver(3) == ["CREDIT"]
    assert play.last["CREDIT"]["deliveries_granted"] == 3 + 3
    assert play.last["CREDIT"]["bytes_granted"] == before["bytes_granted"] + 2 * (1 << 20)


def test_a_lost_tail_is_known_at_the_second_heartbeat() -> None:
    play = Play(room=4).join()
    assert play.hear("HEARTBEAT", session=7, received=3) == []
    assert play.hear("HEARTBEAT", session=7, received=4) == ["CREDIT"]
    assert play.last["CREDIT"]["deliveries_granted"] == 3 + 4


def test_what_cannot_end_in_time_or_is_nobodys_here_is_released() -> None:
    play = Play().join()
    assert play.deliver(1, deadline_ms=500) == ["RELEASE", "CREDIT"]
    assert play.deliver(2, deliver='{"action": {"name": "b"}}') == ["RELEASE", "CREDIT"]
    assert play.deliver(3, deliver="no JSON") == ["RELEASE", "CREDIT"]
    assert play.deliver(4, deadline_ms=2500) == []
    play.hear("HEARTBEAT", session=7)
    assert "RELEASE" in play.tick(2)


def test_a_question_may_begin_until_its_deadline() -> None:
    play = Play().join()
    assert play.deliver(1, deadline_ms=900, phase="pre") == []
    assert play.session.held[101].delivery.is_question
    play.hear("HEARTBEAT", session=7)
    assert "RELEASE" not in play.tick(0.8)
    assert "RELEASE" in play.tick(0.2)


def test_reset_drops_everything_and_joins_again_later() -> None:
    play = Play().join()
    play.deliver(1, 2)
    held = play.begin(101)
    assert play.hear("RESET", session=8) == []
    assert play.hear("RESET") == []
    assert (play.session.state, play.sockets) == (State.STRANGER, 2)
    assert play.abandoned == [101, 102]
    play.session.settle([(held, {"lease": 101, "outcome": "ok"})], play.now)
    assert play.heard() == []
    assert play.tick(1) == ["HELLO"]


def test_a_bye_that_says_why_is_the_end_of_the_session_and_hello_has_time() -> None:
    play = Play().join()
    play.deliver(1)
    play.begin(101)
    assert play.hear("BYE", status="SHUNNED", text="100 wrong messages") == []
    assert (play.session.state, play.sockets) == (State.STRANGER, 2)
    assert play.abandoned == [101]
    assert play.tick(0.9) == []
    assert play.tick(4.2) == ["HELLO"]


def test_silence_of_the_broker_or_of_oneself_loses_the_session() -> None:
    play = Play().join()
    for _ in range(3):
        play.tick(1)
    assert play.sockets == 1
    play.tick(0.1)
    assert (play.session.state, play.sockets) == (State.STRANGER, 2)

    play = Play().join()
    play.now += 3.1
    assert play.hear("HEARTBEAT", session=7) == []
    assert play.session.state is State.STRANGER


def test_the_brokers_bye_releases_what_has_not_begun() -> None:
    play = Play().join()
    play.deliver(1, 2)
    play.begin(101)
    assert play.hear("BYE", session=7) == ["RELEASE"]
    assert play.last["RELEASE"]["leases"] == [102]
    assert play.finish(101) == ["SETTLE"]
    assert play.deliver(3) == ["RELEASE"]


def test_leaving_waits_until_all_is_settled() -> None:
    play = Play().join()
    play.deliver(1, 2)
    play.begin(101)
    play.session.leave(play.now)
    assert play.heard() == ["BYE", "RELEASE"]
    assert play.tick(1) == ["HEARTBEAT", "CREDIT", "BYE"]
    assert play.finish(101) == ["SETTLE"]
    play.hear("SETTLED", session=7, leases=[101])
    assert play.session.state is State.ENDED


def test_large_results_go_in_several_messages() -> None:
    play = Play(room=40).join()
    play.deliver(*range(1, 41))
    ended = [
        (held, {"lease": held.lease, "outcome": "ok", "result": "x" * 65_536})
        for held in play.session.held.values()
    ]
    play.session.settle(ended, play.now)
    assert play.heard().count("SETTLE") == 3


def test_a_smaller_capacity_gives_back_what_it_has_no_room_for() -> None:
    play = Play().join()
    play.deliver(1, 2)
    play.begin(101)
    play.most = 1
    assert play.hear("WELCOME", session=7, heartbeat_ms=1000, capacity=1) == ["RELEASE"]
    assert play.last["RELEASE"]["leases"] == [102]
    assert play.deliver(3) == ["RELEASE"]  # by credit that was given before
    assert play.last["RELEASE"]["leases"] == [103]
    assert play.tick(1)[0] == "HEARTBEAT"
    assert play.last["HEARTBEAT"]["capacity"] == 1
    play.finish(101)
    assert play.deliver(4) == []
    assert 104 in play.session.held


def test_a_larger_capacity_is_granted_at_once_and_ends_with_the_session() -> None:
    play = Play().join()
    play.most = 6
    assert play.hear("WELCOME", session=7, heartbeat_ms=1000, capacity=6) == ["CREDIT"]
    assert play.last["CREDIT"]["deliveries_granted"] == 6
    assert play.hear("WELCOME", session=7, heartbeat_ms=1000, capacity=6) == []
    play.tick(1)
    assert play.last["HEARTBEAT"]["capacity"] == 6
    play.hear("RESET")
    play.tick(1)
    play.hear("WELCOME", session=8, heartbeat_ms=1000)
    play.tick(1)
    assert play.last["HEARTBEAT"]["capacity"] == 4


def test_what_went_well_and_was_not_settled_is_said_in_the_next_session_before_credit() -> None:
    play = Play().join()
    first, second, badly, late = play.work(1, 2, 3, 4)
    play.end(first)
    play.end(second)
    play.end(badly, "retry")
    play.lose()
    assert play.abandoned == [104]
    assert play.end(late) == []
    assert play.join_again(8, former=7) == ["SETTLE", "CREDIT"]
    assert play.last["SETTLE"]["session"] == 8
    assert play.settled() == [101, 102]
    assert play.last["CREDIT"]["deliveries_granted"] == 4
    play.hear("SETTLED", session=8, leases=[101])
    assert play.tick(1) == ["HEARTBEAT", "CREDIT"]
    assert play.last["HEARTBEAT"]["leases"] == [102]
    assert "SETTLE" in play.tick(1)
    assert play.settled() == [102]
    play.hear("SETTLED", session=8, leases=[102])
    play.tick(1)
    assert play.last["HEARTBEAT"]["leases"] == []


def test_hello_names_the_session_before_each_time() -> None:
    play = Play()
    play.tick()
    assert "former" not in play.last["HELLO"]
    play.hear("WELCOME", session=7, heartbeat_ms=1000)
    play.lose()
    for _ in range(2):
        assert play.tick(1) == ["HELLO"]
        assert play.last["HELLO"] == {"name": "w", "actions": ["a"], "capacity": 4, "former": 7}
    play.hear("WELCOME", session=(1 << 63) - 1, heartbeat_ms=1000)
    play.lose()
    play.tick(1)
    assert play.last["HELLO"]["former"] == (1 << 63) - 1


def test_of_an_attempt_that_ends_after_its_session_was_lost_nothing_is_said() -> None:
    play = Play().join()
    stranger, member, badly = play.work(1, 2, 3)
    play.lose()
    assert play.end(stranger) == []
    assert play.join_again(8, former=7) == ["CREDIT"]
    assert play.end(member) == []
    assert play.end(badly, "retry") == []
    assert play.tick(1) == ["HEARTBEAT", "CREDIT"]
    assert play.last["HEARTBEAT"]["leases"] == []
    play.lose()
    assert play.join_again(9, former=8) == ["CREDIT"]


@pytest.mark.parametrize("named", [{}, {"former": 6}])
def test_where_the_broker_names_no_such_session_nothing_of_it_is_said(
    named: dict[str, int],
) -> None:
    play = Play().join()
    well, late = play.work(1, 2)
    play.end(well)
    play.lose()
    assert play.join_again(8, **named) == ["CREDIT"]
    assert play.end(late) == []
    assert not play.session.held


def test_nothing_is_kept_for_longer_than_one_session() -> None:
    play = Play().join()
    said, unsaid = play.work(1, 2)
    play.end(said)
    play.lose()
    assert play.join_again(8, former=7) == ["SETTLE", "CREDIT"]
    play.lose()
    assert play.end(unsaid) == []
    assert play.join_again(9, former=8) == ["CREDIT"]
    assert not play.session.held


def test_what_was_cancelled_is_not_said_later() -> None:
    play = Play().join()
    (held,) = play.work(1)
    play.hear("CANCEL", session=7, leases=[101])
    play.lose()
    assert play.end(held) == []
    assert play.join_again(8, former=7) == ["CREDIT"]


def test_who_leaves_keeps_nothing() -> None:
    play = Play().join()
    said, unsaid = play.work(1, 2)
    play.end(said)
    play.session.leave(play.now)
    play.heard()
    play.lose()
    assert play.session.state is State.ENDED
    assert play.end(unsaid) == []
    assert play.tick(1) == []

    play = Play().join()
    (late,) = play.work(1)
    play.lose()
    play.join_again(8, former=7)
    play.session.leave(play.now)
    assert play.heard() == ["BYE"]
    assert play.session.state is State.ENDED
    assert play.end(late) == []


def test_a_session_that_was_lost_by_silence_or_another_welcome_leaves_its_outcomes_too() -> None:
    play = Play().join()
    play.end(play.work(1)[0])
    play.now += 3.1
    play.tick()
    assert play.join_again(8, former=7) == ["SETTLE", "CREDIT"]
    assert play.settled() == [101]

    play = Play().join()
    play.end(play.work(1)[0])
    play.hear("WELCOME", session=8, heartbeat_ms=1000)
    assert play.join_again(9, former=7) == ["SETTLE", "CREDIT"]
    assert play.settled() == [101]
