"""joining - HELLO and WELCOME, heartbeats, credit, and how a session is lost."""

import itertools
import json
import signal
import threading

from broker import INTERVAL, SLACK, Broker, Said
from rule import rule
from words import Fault, encode


def hello_times(broker: Broker, count: int) -> list[float]:
    for _ in range(count):
        broker.expect("HELLO")
    return [said.at for said in broker.said if said.command == "HELLO"][:count]


@rule("6.1")
def hello_is_repeated_with_growing_pauses_and_nothing_else_is_said(broker: Broker) -> None:
    times = hello_times(broker, 6)
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert pauses[-1] > 2 * pauses[0], f"the pauses do not grow: {pauses}"
    assert max(pauses) < 5 + SLACK, f"a pause is longer than 5 s: {pauses}"
    strange = [said for said in broker.said if said.command != "HELLO"]
    assert not strange, f"it speaks of a session that it has not: {strange[0]}"
    broker.welcome()
    broker.goes_on()


@rule("6.1")
def workers_do_not_say_hello_in_step(broker: Broker) -> None:
    """The fifth pause of four workers: with jitter they are hardly alike."""
    pauses: list[float] = []
    faults: list[Exception] = []

    def listen() -> None:
        try:
            with Broker(broker.command) as other:
                times = hello_times(other, 6)
                pauses.append(times[5] - times[4])
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=listen) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    assert max(pauses) - min(pauses) > 0.02, f"all the same: {pauses}"


@rule("7")
def after_some_hellos_without_an_answer_it_takes_a_new_socket(broker: Broker) -> None:
    first = broker.expect("HELLO").peer
    broker.welcome(broker.expect("HELLO", other_than=first))
    broker.goes_on()


@rule("6.1")
def hello_says_who_it_is_and_what_it_performs(broker: Broker) -> None:
    body = broker.expect("HELLO").body
    assert body["actions"], "it performs nothing"


@rule("6.9")
def what_it_brings_is_named_and_has_a_revision(broker: Broker) -> None:
    for text in broker.expect("HELLO").body.get("subscriptions", []):
        document = json.loads(text)
        assert isinstance(document["id"], str), f"it has no id: {text}"
        assert isinstance(document["revision"], int), f"it has no revision: {text}"


@rule("6.9")
def an_error_about_what_it_brings_leaves_it_a_member(broker: Broker) -> None:
    broker.welcome()
    said = {"status": "BAD_SUBSCRIPTION", "text": "HELLO: subscriptions[0]: match: it is missing"}
    broker.say("ERROR", {"session": broker.session, **said})
    broker.goes_on()


@rule("6.2")
def a_welcome_is_followed_by_credit_and_a_heartbeat(broker: Broker) -> None:
    broker.welcome()
    broker.expect("HEARTBEAT", seconds=INTERVAL + SLACK)
    assert broker.granted > 0, "it granted nothing"


@rule("6.1")
def a_repeated_welcome_changes_nothing(broker: Broker) -> None:
    broker.welcome()
    granted = broker.granted
    broker.say("WELCOME", {"heartbeat_ms": int(INTERVAL * 1000)})
    broker.goes_on()
    assert broker.granted >= granted


@rule("7")
def a_welcome_with_another_session_ends_this_one(broker: Broker) -> None:
    broker.welcome()
    other = {"session": broker.session ^ 1, "heartbeat_ms": int(INTERVAL * 1000)}
    broker.say("WELCOME", other)
    broker.expect_rejoin()
    broker.goes_on()


@rule("6.5")
def a_heartbeat_comes_every_interval_whatever_else_is_said(broker: Broker) -> None:
    broker.welcome()
    place = len(broker.said)
    until = broker.said[-1].at + 6 * INTERVAL
    while broker.said[-1].at < until:
        broker.goes_on()
        broker.hear(INTERVAL / 5)
    beats = len(broker.since(place, "HEARTBEAT"))
    assert 3 <= beats <= 9, f"{beats} heartbeats in 6 intervals"


@rule("6.2")
def what_is_granted_is_bounded_while_nothing_comes(broker: Broker) -> None:
    broker.welcome()
    broker.expect("HEARTBEAT")
    granted = broker.granted
    for _ in range(4):
        broker.expect("CREDIT", seconds=INTERVAL + SLACK)
    assert broker.granted == granted, f"it grew from {granted} to {broker.granted}"
    assert granted <= 4096, f"{granted} deliveries at once"


@rule("6.2")
def what_is_granted_comes_to_an_end_while_it_works_on_all_of_it(broker: Broker) -> None:
    """It may hold more than it works on, but not without end."""
    broker.welcome()
    leases = []
    while broker.number < broker.granted:
        while broker.number < broker.granted:
            leases.append(broker.deliver("/hold"))
        assert len(leases) <= 4096, f"all {len(leases)} hold, and it wants more"
        broker.expect("HEARTBEAT", where=lambda body: set(leases) <= set(body["leases"]))
        broker.expect("CREDIT")
        broker.expect("CREDIT")
    held = broker.granted
    broker.sink.release()
    broker.wait_until(lambda: all(map(broker.has_settled, leases)), "all are settled")
    broker.settled(*leases)
    broker.wait_until(lambda: broker.granted > held, "there is credit again")


@rule("6.1")
def reset_makes_it_join_again_with_a_new_socket(broker: Broker) -> None:
    broker.welcome()
    broker.say("RESET")
    broker.expect_rejoin()
    broker.goes_on()


@rule("6.1")
def a_reset_of_another_session_is_passed_over(broker: Broker) -> None:
    broker.welcome()
    broker.say("RESET", {"session": broker.session ^ 1})
    broker.goes_on()


@rule("6.1")
def nothing_of_a_lost_session_is_said_in_the_next(broker: Broker) -> None:
    broker.welcome()
    old = broker.deliver("/hold")
    broker.wait_until(lambda: "/hold" in broker.sink.paths, "the action begins")
    broker.say("RESET")
    broker.expect_rejoin()
    place = len(broker.said)
    broker.sink.release()
    broker.goes_on()
    broker.expect("HEARTBEAT")
    broker.expect("HEARTBEAT")
    for said in broker.since(place, "HEARTBEAT"):
        assert old not in said.body.get("leases", []), f"the old lease: {said}"
    for said in broker.since(place, "SETTLE"):
        settled = [each["lease"] for each in said.body["settlements"]]
        assert old not in settled, f"the old lease: {said}"


def settles(said: Said, lease: int) -> bool:
    return said.command == "SETTLE" and any(
        each["lease"] == lease for each in said.body["settlements"]
    )


def lose_unsettled(broker: Broker) -> tuple[int, Said]:
    """A lease whose success was said and not SETTLED, and the HELLO after the loss."""
    broker.welcome()
    old = broker.deliver()
    broker.expect_settlement(old)
    broker.say("RESET")
    return old, broker.expect("HELLO", other_than=broker.peer)


@rule("6.1")
def an_outcome_that_was_not_settled_is_dropped_where_welcome_names_no_former(
    broker: Broker,
) -> None:
    old, hello = lose_unsettled(broker)
    place = len(broker.said)
    broker.welcome(hello)
    broker.goes_on()
    for _ in range(4):
        listed = broker.expect("HEARTBEAT").body.get("leases", [])
        assert old not in listed, f"it lists the old lease {old}"
    said = [each for each in broker.said[place:] if settles(each, old)]
    assert not said, f"the old lease: {said[0]}"


@rule("6.1")
def a_former_session_is_the_last_one_that_was_welcomed(broker: Broker) -> None:
    """In each HELLO, or in none."""
    first = broker.welcome()
    assert "former" not in first.body, f"it had none: {first}"
    names_it = None
    for _ in range(2):
        broker.say("RESET")
        had, peer = broker.session, broker.peer
        for _ in range(2):
            hello = broker.expect("HELLO", other_than=peer)
            assert hello.body.get("former", had) == had, f"it had {had}: {hello}"
            before, names_it = names_it, "former" in hello.body
            assert "instance" in hello.body or not names_it, f"whose session? {hello}"
            assert before in (None, names_it), f"it names it in some: {hello}"
        broker.welcome(hello)
        broker.goes_on()


@rule("6.1")
def what_went_well_in_the_former_session_is_said_before_credit_and_until_it_is_settled(
    broker: Broker,
) -> None:
    old, hello = lose_unsettled(broker)
    if "former" not in hello.body:
        broker.welcome(hello)
        broker.goes_on()
        return
    place = len(broker.said)
    broker.welcome(hello, former=hello.body["former"])
    said = next(each for each in broker.said[place:] if each.command in ("SETTLE", "CREDIT"))
    assert settles(said, old), f"not of {old} first: {said}"
    broker.expect("HEARTBEAT", where=lambda body: old in body.get("leases", []))
    assert broker.expect_settlement(old)["outcome"] == "ok"
    broker.settled(old)
    broker.expect("HEARTBEAT", where=lambda body: old not in body.get("leases", []))
    place = len(broker.said)
    broker.goes_on()
    for _ in range(5):
        broker.expect("HEARTBEAT")
    assert not any(settles(each, old) for each in broker.said[place:]), "SETTLED, and said again"


@rule("6.1")
def of_an_attempt_that_ends_later_only_who_has_named_its_session_says_anything(
    broker: Broker,
) -> None:
    """Nor need that one: where actions may end because they were told to, nothing is to be said."""
    broker.welcome()
    old = broker.deliver("/hold")
    broker.wait_until(lambda: "/hold" in broker.sink.paths, "the action begins")
    broker.say("RESET")
    hello = broker.expect("HELLO", other_than=broker.peer)
    names_it = "former" in hello.body
    broker.welcome(hello, **({"former": hello.body["former"]} if names_it else {}))
    broker.sink.release()
    broker.goes_on()
    for _ in range(4):
        broker.expect("HEARTBEAT")
        if settlement := broker.has_settled(old):
            assert names_it, f"of a session that it has not named: {settlement}"
            broker.settled(old)
    broker.expect("HEARTBEAT", where=lambda body: old not in body.get("leases", []))
    broker.goes_on()


@rule("4.1")
def a_broker_that_is_silent_for_three_intervals_is_left(broker: Broker) -> None:
    broker.welcome()
    broker.hear(2 * INTERVAL)
    broker.is_silent = True
    hello = broker.expect("HELLO", other_than=broker.peer, seconds=4 * INTERVAL + 2 * SLACK)
    broker.is_silent = False
    broker.welcome(hello)
    broker.goes_on()


@rule("4.2")
def a_worker_that_was_stopped_for_an_interval_keeps_its_session(broker: Broker) -> None:
    broker.welcome()
    broker.expect("HEARTBEAT")
    broker.signal(signal.SIGSTOP)
    broker.hear(1.5 * INTERVAL)
    broker.signal(signal.SIGCONT)
    broker.goes_on()


@rule("6.1")
def a_worker_that_was_stopped_for_three_intervals_joins_again(broker: Broker) -> None:
    broker.welcome()
    broker.signal(signal.SIGSTOP)
    broker.hear(4 * INTERVAL)
    broker.signal(signal.SIGCONT)
    broker.expect_rejoin()
    broker.goes_on()


@rule("1")
def a_frame_above_the_limit_ends_the_connection_and_the_worker_comes_back(broker: Broker) -> None:
    broker.welcome()
    broker.say("WELCOME", bytes(9 << 20))
    said = broker.expect("HELLO", "HEARTBEAT", "CREDIT", other_than=broker.peer)
    if said.command != "HELLO":  # the old session by a new connection is not known
        broker.say_frames(encode("RESET", {"session": broker.session}), said.peer)
        said = broker.expect("HELLO", other_than=said.peer)
    broker.welcome(said)
    broker.goes_on()


@rule("6.1")
def a_hello_without_room_for_it_is_repeated(broker: Broker) -> None:
    hello = broker.expect("HELLO")
    broker.say_frames(encode("ERROR", {"status": "FULL", "text": "full"}), hello.peer)
    if broker.expect("HELLO", "ERROR").command == "ERROR":
        raise Fault("an ERROR was answered with an ERROR")
    broker.welcome()
    broker.goes_on()


@rule("6.5")
def an_instance_is_the_same_in_every_hello(broker: Broker) -> None:
    """Who does not tell one is a stranger each time."""
    first = broker.welcome()
    broker.say("RESET")
    again = broker.expect_rejoin()
    assert again.body.get("instance") == first.body.get("instance"), f"{first} and {again}"
    broker.goes_on()
