"""work - deliveries, settlements, leases and the numbers that they have."""

import time
from collections.abc import Callable

from broker import INTERVAL, SLACK, Broker
from rule import rule
from words import Body


def lists(lease: int, name: str = "leases") -> Callable[[Body], bool]:
    return lambda body: lease in body.get(name, [])


@rule("6.4")
def a_delivery_is_performed_and_settled(broker: Broker) -> None:
    broker.welcome()
    before = time.time()
    settlement = broker.expect_settlement(broker.deliver())
    assert settlement["outcome"] == "ok", settlement
    assert broker.sink.paths == ["/ok"], broker.sink.paths
    began = settlement["time_ms"] / 1000
    assert before - 1 < began < time.time() + 1, f"time_ms is {settlement['time_ms']}"


@rule("6.4")
def what_may_go_well_later_is_settled_as_retry(broker: Broker) -> None:
    broker.welcome()
    settlement = broker.expect_settlement(broker.deliver("/retry"))
    assert settlement["outcome"] == "retry", settlement
    assert settlement.get("error"), f"no words for people: {settlement}"
    assert settlement.get("retry_after_ms") == 7000, f"the consumer said 7 s: {settlement}"


@rule("6.4")
def what_never_will_is_settled_as_fail(broker: Broker) -> None:
    broker.welcome()
    settlement = broker.expect_settlement(broker.deliver("/fail"))
    assert settlement["outcome"] == "fail", settlement
    assert settlement.get("disables") is True, f"the consumer said 410: {settlement}"


@rule("6.4")
def settle_is_repeated_until_settled(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver()
    first = broker.expect_settlement(lease)
    assert broker.expect_settlement(lease) == first, "the second says something else"
    broker.expect("HEARTBEAT", where=lists(lease))
    broker.settled(lease)
    broker.goes_on()
    place = len(broker.said)
    for _ in range(4):
        broker.expect("HEARTBEAT")
    for said in broker.since(place, "SETTLE"):
        assert lease not in [each["lease"] for each in said.body["settlements"]], said
    last = broker.since(place, "HEARTBEAT")[-1]
    assert lease not in last.body.get("leases", []), f"it is SETTLED: {last}"


@rule("6.5")
def a_lease_is_listed_while_it_is_held_and_as_begun_while_at_work(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    for _ in range(4):
        beat = broker.expect("HEARTBEAT", where=lists(lease), seconds=2 * INTERVAL + SLACK)
        if beat.body.get("tells_begun"):
            broker.expect("HEARTBEAT", where=lists(lease, "begun"), seconds=2 * INTERVAL + SLACK)
    broker.sink.release()
    broker.expect_settlement(lease)
    beat = broker.expect("HEARTBEAT", where=lists(lease))
    assert lease not in beat.body.get("begun", []), f"it has ended: {beat}"


@rule("6.5")
def heartbeats_tell_the_highest_number(broker: Broker) -> None:
    broker.welcome()
    for _ in range(3):
        broker.settled(broker.deliver())
    broker.expect("HEARTBEAT", where=lambda body: body.get("received") == 3)


@rule("6.7")
def what_is_cancelled_is_settled_or_given_back_and_held_no_more(broker: Broker) -> None:
    """Whether its action can be stopped is the worker's affair; that it goes on working is not."""
    broker.welcome()
    lease = broker.deliver("/hold")
    broker.wait_until(lambda: bool(broker.sink.paths), "the action begins")
    broker.say("CANCEL", {"leases": [lease, lease + 1000]})
    broker.say("CANCEL", {"leases": [lease]})
    broker.expect("HEARTBEAT")
    broker.goes_on()
    broker.sink.release()
    broker.wait_until(lambda: is_let_go(broker, lease), "a heartbeat no longer lists it")
    broker.goes_on()


@rule("6.7")
def what_is_cancelled_after_its_end_is_settled_as_ever(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver()
    first = broker.expect_settlement(lease)
    broker.say("CANCEL", {"leases": [lease]})
    assert broker.expect_settlement(lease) == first, "the second says something else"
    broker.settled(lease)
    broker.goes_on()


def is_let_go(broker: Broker, lease: int) -> bool:
    """What was settled of it, if anything was, is SETTLED as ever."""
    if broker.has_settled(lease):
        broker.settled(lease)
    beats = [said for said in broker.said if said.command == "HEARTBEAT"]
    return lease not in beats[-1].body.get("leases", [])


@rule("6.2")
def credit_grows_with_what_is_settled(broker: Broker) -> None:
    broker.welcome()
    granted = broker.granted
    for _ in range(granted + 5):
        broker.wait_until(lambda: broker.granted > broker.number, "credit for one more")
        lease = broker.deliver()
        broker.expect_settlement(lease)
        broker.settled(lease)


def has_capacity(count: int) -> Callable[[Body], bool]:
    return lambda body: body.get("capacity") == count


@rule("6.2")
def a_capacity_that_is_wanted_is_had_by_who_tells_it(broker: Broker) -> None:
    """Who does not tell how much it works on at a time is not bound by what is wanted of it."""
    hello = broker.welcome(capacity=3)
    if "capacity" not in broker.expect("HEARTBEAT").body:
        broker.goes_on()
        return
    broker.expect("HEARTBEAT", where=has_capacity(3))
    leases = [broker.deliver("/hold") for _ in range(broker.granted)]
    broker.wait_until(lambda: bool(broker.sink.paths), "it begins")
    broker.expect("HEARTBEAT")
    broker.expect("HEARTBEAT")
    assert len(broker.sink.paths) <= 3, f"three were wanted: {broker.sink.paths}"

    broker.greet(capacity=8)
    broker.expect("HEARTBEAT", where=has_capacity(8))
    broker.wait_until(lambda: broker.granted > broker.number, "credit for more")
    leases += [broker.deliver("/hold") for _ in range(broker.granted - broker.number)]
    broker.wait_until(lambda: len(broker.sink.paths) > 3, "it begins more")
    assert len(broker.sink.paths) <= 8, f"eight were wanted: {broker.sink.paths}"
    broker.sink.release()
    for lease in leases:
        broker.expect_end_of(lease)

    broker.greet()
    broker.expect("HEARTBEAT", where=has_capacity(hello.body["capacity"]))
    broker.goes_on()


@rule("6.2")
def of_a_smaller_capacity_nothing_more_is_begun_until_there_is_room(broker: Broker) -> None:
    broker.welcome()
    if "capacity" not in broker.expect("HEARTBEAT").body:
        broker.goes_on()
        return
    leases = [broker.deliver("/hold") for _ in range(4)]
    broker.wait_until(lambda: len(broker.sink.paths) == 4, "all four are begun")
    broker.greet(capacity=2)
    broker.expect("HEARTBEAT", where=has_capacity(2))
    leases += [broker.deliver("/hold") for _ in range(min(broker.granted - broker.number, 20))]
    broker.expect("HEARTBEAT")
    broker.expect("HEARTBEAT")
    assert len(broker.sink.paths) == 4, f"two were wanted, and four had begun: {broker.sink.paths}"
    broker.sink.release()
    for lease in leases:
        broker.expect_end_of(lease)
    broker.goes_on()


@rule("6.3")
def many_in_one_message_are_all_performed(broker: Broker) -> None:
    broker.welcome()
    targets = [broker.make_target("/ok"), broker.make_target("/retry")]
    count = min(broker.granted, 50)
    some = [broker.make_delivery(target=place % 2) for place in range(count)]
    broker.say("DELIVER", {"targets": targets, "deliveries": some})
    leases = [each["lease"] for each in some]
    broker.wait_until(lambda: all(map(broker.has_settled, leases)), "all are settled")
    for place, lease in enumerate(leases):
        outcome = (broker.has_settled(lease) or {})["outcome"]
        assert outcome == ("retry" if place % 2 else "ok"), f"{place}: {outcome}"


@rule("6.3")
def a_repeated_number_is_passed_over(broker: Broker) -> None:
    broker.welcome()
    for _ in range(2):
        broker.goes_on()
    again = broker.deliver("/retry", number=2)
    broker.goes_on()
    beat = broker.expect("HEARTBEAT")
    assert again not in beat.body.get("leases", []), f"number 2 came twice: {beat}"
    assert "/retry" not in broker.sink.paths, "it was performed"


@rule("6.3")
def the_credit_of_skipped_numbers_is_granted_again(broker: Broker) -> None:
    broker.welcome()
    window = broker.granted
    broker.number = window - 1  # all but the last one are lost
    broker.goes_on()
    broker.wait_until(lambda: broker.granted >= 2 * window, f"all {window} are granted again")
    broker.expect("HEARTBEAT", where=lambda body: body.get("received") == window)


@rule("6.5")
def a_lost_tail_is_granted_again_at_the_second_heartbeat(broker: Broker) -> None:
    broker.welcome()
    window = broker.granted
    broker.number = window
    broker.beats_with = {"received": window}
    broker.wait_until(lambda: broker.granted >= 2 * window, f"all {window} are granted again")
    broker.goes_on()


@rule("6.3")
def data_that_was_lost_does_not_eat_up_the_credit_in_bytes(broker: Broker) -> None:
    """1 MiB of data each, were lost, again and again; the broker has counted them."""
    broker.welcome()
    sent = 0
    for _ in range(40):
        broker.number += 1
        sent += 1 << 20
        broker.goes_on()

    def has_room(body: Body) -> bool:
        return bool(body["bytes_granted"] > sent)

    broker.expect("CREDIT", where=has_room, seconds=4 * INTERVAL + SLACK)


@rule("6.3")
def what_nobody_here_performs_is_not_performed(broker: Broker) -> None:
    """It is given back, or settled as what did not go well."""
    broker.welcome()
    deliver = broker.sink.deliver_json("no-such-action", "/ok")
    lease = broker.deliver(target={"deliver": deliver})
    said = broker.expect("RELEASE", "SETTLE", where=lambda body: lease in leases_of(body))
    if said.command == "SETTLE":
        outcome = (broker.has_settled(lease) or {})["outcome"]
        assert outcome != "ok", f"it performed what it does not offer: {said}"
        broker.settled(lease)
    assert not broker.sink.paths, f"it performed what it does not offer: {broker.sink.paths}"
    broker.goes_on()
    broker.expect("HEARTBEAT")
    beat = broker.expect("HEARTBEAT", seconds=2 * INTERVAL + SLACK)
    assert lease not in beat.body.get("leases", []), f"it is not held any more: {beat}"


def leases_of(body: Body) -> list[int]:
    return body.get("leases") or [each["lease"] for each in body["settlements"]]


@rule("3")
def an_attempt_ends_with_its_timeout(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold", target={"timeout_ms": 300}, deadline_ms=20_000)
    settlement = broker.expect_settlement(lease)
    assert settlement["outcome"] == "retry", settlement
    assert settlement.get("error"), f"no words for people: {settlement}"


@rule("6.3")
def what_cannot_end_before_its_deadline_is_given_back_or_settled(broker: Broker) -> None:
    broker.welcome()
    lease = broker.deliver("/hold", target={"timeout_ms": 2000}, deadline_ms=100)
    broker.expect("RELEASE", "SETTLE", where=lambda body: lease in leases_of(body))
    broker.goes_on()


@rule("6.9")
def a_question_may_begin_until_its_deadline(broker: Broker) -> None:
    broker.welcome()
    question = broker.make_delivery(deadline_ms=20_000)
    question["event"] = {**question["event"], "phase": "pre"}
    del question["event"]["seq"], question["event"]["accepted_ms"]
    target = broker.make_target("/ok", timeout_ms=20_000)
    broker.say("DELIVER", {"targets": [target], "deliveries": [question]})
    settlement = broker.expect_settlement(question["lease"])
    assert settlement["outcome"] == "ok", settlement
    broker.settled(question["lease"])
    broker.goes_on()


@rule("6.3")
def of_a_batch_each_delivery_is_settled_by_itself(broker: Broker) -> None:
    broker.welcome()
    deliveries = [broker.make_delivery(batch=9) for _ in range(3)]
    target = broker.make_target("/ok")
    broker.say("DELIVER", {"targets": [target], "deliveries": deliveries})
    for delivery in deliveries:
        assert broker.expect_settlement(delivery["lease"])["outcome"] == "ok"
    assert 1 <= len(broker.sink.paths) <= 3, broker.sink.paths
    broker.settled(*[delivery["lease"] for delivery in deliveries])
    broker.goes_on()


@rule("6.4")
def settled_of_what_it_does_not_hold_does_nothing(broker: Broker) -> None:
    broker.welcome()
    broker.settled(1, 2, 3)
    broker.goes_on()


@rule("3")
def an_event_with_all_it_may_have_is_taken(broker: Broker) -> None:
    broker.welcome()
    delivery = broker.make_delivery(attempt=7)
    more = {
        "given_id": "g" * 512,
        "source": "https://example.com/ü",
        "key": "k",
        "phase": "pre",
        "content_type": "application/octet-stream",
        "data": bytes(range(256)) * 4096,
        "causation": "c" * 64,
        "root": "r" * 64,
        "via": "S~results",
        "hops": 65535,
    }
    delivery["event"].update(more)
    broker.say("DELIVER", {"targets": [broker.make_target("/ok")], "deliveries": [delivery]})
    assert broker.expect_settlement(delivery["lease"])["outcome"] == "ok"
