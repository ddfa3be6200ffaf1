"""leaving - BYE, of the broker and of the worker."""

import signal

from broker import INTERVAL, SLACK, Broker
from rule import rule
from words import encode
from work import leases_of, lists


@rule("6.6")
def after_the_brokers_bye_it_settles_what_it_has_and_begins_nothing(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.say("BYE")
    late = broker.deliver("/ok")
    broker.expect("RELEASE", where=lists(late))
    broker.sink.release()
    assert broker.expect_settlement(lease)["outcome"] == "ok"
    broker.settled(lease)
    assert broker.sink.paths == ["/hold"], f"it began something: {broker.sink.paths}"


@rule("6.6")
def after_the_brokers_bye_it_grants_nothing_more(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.say("BYE")
    late = broker.deliver("/ok")
    broker.expect("RELEASE", where=lists(late))  # so it has heard the BYE
    granted = broker.granted
    broker.sink.release()
    broker.expect_settlement(lease)
    broker.settled(lease)
    broker.expect("HEARTBEAT")
    broker.expect("HEARTBEAT")
    assert broker.granted == granted, f"it grew from {granted} to {broker.granted}"


@rule("6.6")
def after_the_brokers_bye_it_looks_for_one_when_it_is_silent(broker: Broker) -> None:
    broker.welcome()
    broker.say("BYE")
    broker.hear(2 * INTERVAL)
    broker.is_silent = True
    hello = broker.expect("HELLO", other_than=broker.peer)
    broker.is_silent = False
    broker.welcome(hello)
    broker.goes_on()


def is_over(broker: Broker, lease: int) -> None:
    """A new socket, after a while, and not a word on what was held."""
    broker.is_silent = True
    hello = broker.expect("HELLO", other_than=broker.peer, seconds=5 + SLACK)
    broker.is_silent = False
    broker.welcome(hello)
    broker.sink.release()
    broker.goes_on()
    for said in broker.said:
        settled = [each["lease"] for each in said.body.get("settlements", [])]
        assert said.peer != broker.peer or lease not in settled, f"it settled an old lease: {said}"


@rule("4.9")
def a_bye_with_a_status_is_the_end_of_the_session(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.say("BYE", {"status": "SHUNNED", "text": "100 wrong messages"})
    is_over(broker, lease)


@rule("4.9")
def a_bye_with_a_status_may_come_without_the_session(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.say_frames(encode("BYE", {"status": "A_NEW_ONE"}))
    is_over(broker, lease)


@rule("6.6")
def sigterm_with_nothing_at_hand_says_bye_and_ends(broker: Broker) -> None:
    broker.welcome()
    broker.signal(signal.SIGTERM)
    broker.expect("BYE")
    broker.expect_end()


@rule("6.6")
def sigterm_finishes_what_has_begun_and_waits_for_settled(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.signal(signal.SIGTERM)
    broker.expect("BYE")
    broker.expect("HEARTBEAT", where=lists(lease))
    broker.expect("BYE", seconds=2 * INTERVAL + SLACK)  # repeated with heartbeats
    broker.sink.release()
    assert broker.expect_settlement(lease)["outcome"] == "ok"
    broker.expect("HEARTBEAT", where=lists(lease))
    assert broker.worker.poll() is None, "it left before SETTLED"
    broker.settled(lease)
    broker.expect_end()


@rule("7")
def what_comes_to_a_worker_that_leaves_is_released(broker: Broker) -> None:
    broker.welcome()
    held = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.signal(signal.SIGTERM)
    broker.expect("BYE")
    late = broker.deliver("/ok")
    said = broker.expect("RELEASE", "SETTLE", where=lambda body: late in leases_of(body))
    assert said.command == "RELEASE", f"it was performed: {said}"
    broker.sink.release()
    broker.expect_settlement(held)
    broker.settled(held)
    broker.expect_end()


@rule("7")
def a_worker_that_leaves_and_is_reset_ends(broker: Broker) -> None:
    broker.welcome()
    broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.signal(signal.SIGTERM)
    broker.expect("BYE")
    broker.say("RESET")
    broker.expect_end()


@rule("6.6")
def sigterm_before_a_welcome_ends(broker: Broker) -> None:
    broker.expect("HELLO")
    broker.signal(signal.SIGTERM)
    broker.expect_end()
