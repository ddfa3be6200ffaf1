"""The action `balrog`, against a Balrog made of its rules; a second opinion is balrogclient's."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from harness.balrog import Balrog, Fault, Outsider, Release, addon, blob_of
from harness.client import Json
from harness.tocsin import Daemons, run
from harness.waiting import until

RELEASE = "SystemAddons-hotfix@1"
QUICK = {"min_backoff_ms": 10, "max_backoff_ms": 10}


@pytest.fixture
def balrog() -> Iterator[Balrog]:
    balrog = Balrog()
    yield balrog
    balrog.end()


@pytest.fixture
def release(balrog: Balrog) -> Release:
    """One that is there already."""
    balrog.releases[RELEASE] = Release(blob_of(RELEASE, bell="1.0"), "SystemAddons")
    return balrog.releases[RELEASE]


@pytest.fixture
def worker(daemons: Daemons, balrog: Balrog) -> str:
    name = daemons.start_worker(**balrog.settings())
    daemons.wait_for_workers(name)
    return name


def subscribe(daemons: Daemons, **more: Any) -> None:
    action = {
        "name": "balrog",
        "server": "main",
        "release": RELEASE,
        "blob": {"addons": "{/addons}"},
    }
    action |= more.pop("action", {})
    match = {"type": "addon.*"}
    daemons.client().subscribe(
        {"id": "balrog", "match": match, "action": action, "retry": QUICK} | more
    )


def publish(daemons: Daemons, **addons: str) -> str:
    data = {"addons": {key: addon(version) for key, version in addons.items()}}
    event: str = daemons.client().publish(type="addon.released", data=data)["id"]
    return event


def outcome(daemons: Daemons, event: str, status: str) -> list[Json]:
    """The attempts at an event, once its delivery has that status."""
    attempts: list[Json] = daemons.client().wait_for_delivery(event, "balrog", status)["attempts"]
    shown = run("show", event, f"--url={daemons.url}", f"--token={daemons.token}").stdout
    assert (attempts[-1].get("error") or "  ok  HTTP ") in shown
    return attempts


def versions(blob: Json) -> dict[str, str]:
    return {key: each["version"] for key, each in blob["addons"].items()}


@pytest.mark.usefixtures("release", "worker")
def test_an_add_on_becomes_part_of_a_release(daemons: Daemons, balrog: Balrog) -> None:
    subscribe(daemons)
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "delivered")
    assert attempt["result"] == {"changed": True, "data_versions": {".": 2}}
    outsider = Outsider(balrog)
    read = outsider.request("get", RELEASE)
    assert versions(read["blob"]) == {"bell": "1.0", "clock": "2.0"}
    assert outsider.blob(RELEASE) == (read["blob"], 2)


@pytest.mark.usefixtures("release")
def test_the_outsider_finds_the_rules_as_they_are(balrog: Balrog) -> None:
    outsider = Outsider(balrog)
    read = outsider.request("get", RELEASE)
    change = {"blob": blob_of(RELEASE, bell="3.0"), "old_data_versions": read["data_versions"]}
    assert outsider.request("put", RELEASE, change) == {".": 2}
    with pytest.raises(requests.HTTPError) as stale:
        outsider.request("put", RELEASE, change)
    assert stale.value.response.status_code == 400
    assert stale.value.response.json()["detail"] == "OutdatedDataError"


@pytest.mark.usefixtures("worker")
def test_a_release_that_is_not_there_is_made_if_its_product_is_said(
    daemons: Daemons, balrog: Balrog
) -> None:
    action = {"name": "balrog", "server": "main", "release": "{/name}", "product": "SystemAddons"}
    match = {"type": "release.*"}
    daemons.client().subscribe({"id": "balrog", "match": match, "action": action})
    blob = blob_of("SystemAddons-new", bell="1.0")
    event = daemons.client().publish(type="release.made", data=blob)["id"]
    outcome(daemons, event, "delivered")
    assert Outsider(balrog).blob("SystemAddons-new") == (blob, 1)


@pytest.mark.usefixtures("worker")
def test_a_release_without_a_product_is_not_made(daemons: Daemons) -> None:
    subscribe(daemons)
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "dead")
    assert attempt["error"] == (
        "there is no such release: to make one, say its product in action.product"
    )


@pytest.mark.usefixtures("worker")
def test_who_was_slower_than_another_merges_anew(
    daemons: Daemons, balrog: Balrog, release: Release
) -> None:
    rivals = iter(range(3))

    def change(name: str) -> None:
        number = next(rivals, None)
        if number is not None:
            blob = balrog.releases[name].blob | {"uninstall": bool(number % 2 == 0)}
            balrog.releases[name] = Release(
                blob, release.product, balrog.releases[name].version + 1
            )

    balrog.reads.append(change)
    subscribe(daemons)
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "delivered")
    assert attempt["result"]["data_versions"] == {".": 5}
    after = balrog.releases[RELEASE].blob
    assert (versions(after), after["uninstall"]) == ({"bell": "1.0", "clock": "2.0"}, True)
    assert balrog.requests == {"GET": 4, "PUT": 4}


@pytest.mark.usefixtures("release", "worker")
def test_many_at_once_lose_nothing_of_each_other(daemons: Daemons, balrog: Balrog) -> None:
    subscribe(daemons)
    events = [publish(daemons, **{f"addon{number}": "1.0"}) for number in range(20)]
    for event in events:
        outcome(daemons, event, "delivered")
    assert set(versions(balrog.releases[RELEASE].blob)) == {
        "bell",
        *(f"addon{number}" for number in range(20)),
    }
    assert balrog.token_fetches == 1


@pytest.mark.usefixtures("release", "worker")
def test_a_change_that_wants_a_sign_off_is_a_dead_letter_that_says_so(
    daemons: Daemons, balrog: Balrog
) -> None:
    balrog.signed_off.add("SystemAddons")
    subscribe(daemons)
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "dead")
    assert attempt["error"] == (
        "Signoff Required: a person has to sign off this change: "
        "Signoff is required, cannot update Release directly"
    )
    assert attempt["http_status"] == 400


@pytest.mark.usefixtures("release", "worker")
def test_a_change_may_be_scheduled_for_a_sign_off(daemons: Daemons, balrog: Balrog) -> None:
    balrog.signed_off.add("SystemAddons")
    subscribe(daemons, action={"when": "{/when}"})
    data = {"addons": {"clock": addon("2.0")}, "when": 1900000000000}
    event = daemons.client().publish(type="addon.released", data=data)["id"]
    outcome(daemons, event, "delivered")
    (scheduled,) = balrog.scheduled
    assert (scheduled["when"], versions(scheduled["blob"])["clock"]) == (1900000000000, "2.0")


@pytest.mark.usefixtures("release", "worker")
def test_what_balrog_finds_wrong_is_final_and_named(daemons: Daemons) -> None:
    subscribe(daemons, action={"blob": {"addons": {"bad": {"platforms": {"p": {}}}}}})
    (attempt,) = outcome(daemons, publish(daemons), "dead")
    assert attempt["error"] == "answered 400: Invalid Blob: platforms"


@pytest.mark.usefixtures("release", "worker")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_errors_of_the_moment_are_tried_again(
    daemons: Daemons, balrog: Balrog, status: int
) -> None:
    balrog.faults.append(Fault(status, "not now"))
    subscribe(daemons)
    first, second = outcome(daemons, publish(daemons, clock="2.0"), "delivered")
    assert (first["outcome"], first["http_status"]) == ("retry", status)
    assert first["error"] == f"answered {status}: not now"
    assert second["outcome"] == "ok"


@pytest.mark.usefixtures("release", "worker")
def test_a_balrog_that_was_down_gets_everything(daemons: Daemons, balrog: Balrog) -> None:
    subscribe(daemons, breaker={"failures": 0})
    balrog.goes_down()
    event = publish(daemons, clock="2.0")
    failed = daemons.client().wait_for_attempt(event, "balrog")
    assert f"connection refused by {balrog.host}" in failed["error"]
    balrog.comes_up()
    outcome(daemons, event, "delivered")
    assert versions(balrog.releases[RELEASE].blob)["clock"] == "2.0"


@pytest.mark.usefixtures("release", "worker")
def test_a_token_that_was_taken_back_is_replaced_within_the_attempt(
    daemons: Daemons, balrog: Balrog
) -> None:
    subscribe(daemons)
    outcome(daemons, publish(daemons, clock="1.0"), "delivered")
    balrog.revoke_tokens()
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "delivered")
    assert attempt["outcome"] == "ok"
    assert balrog.token_fetches == 2


@pytest.mark.usefixtures("release", "worker")
def test_a_token_is_renewed_before_it_expires(daemons: Daemons, balrog: Balrog) -> None:
    balrog.token_seconds = 0.4
    subscribe(daemons)
    outcome(daemons, publish(daemons, clock="1.0"), "delivered")
    before = balrog.token_fetches

    def renewed() -> bool:
        event = publish(daemons, clock="2.0")
        outcome(daemons, event, "delivered")
        return balrog.token_fetches > before

    until(renewed, "another token is fetched")


@pytest.mark.usefixtures("release")
def test_wrong_credentials_are_named_and_may_be_mended(daemons: Daemons, balrog: Balrog) -> None:
    name = daemons.start_worker(**balrog.settings(client_secret="sesame"))
    daemons.wait_for_workers(name)
    subscribe(daemons, breaker={"failures": 0})
    event = publish(daemons, clock="2.0")
    failed = daemons.client().wait_for_attempt(event, "balrog")
    assert failed["error"].startswith(f"no token from http://{balrog.host}/oauth/token: ")
    assert "answered 401: Unauthorized" in failed["error"]
    daemons.workers[name].stop()
    daemons.start_worker(**balrog.settings())
    outcome(daemons, event, "delivered")


@pytest.mark.usefixtures("release")
def test_a_worker_that_is_killed_between_its_requests_is_followed_by_another(
    daemons: Daemons, balrog: Balrog, worker: str
) -> None:
    def kill(_: str) -> None:
        balrog.reads.clear()
        daemons.workers[worker].kill()

    balrog.reads.append(kill)
    subscribe(daemons)
    event = publish(daemons, clock="2.0")
    until(lambda: not daemons.workers[worker].is_running(), "the worker was killed")
    daemons.start_worker(**balrog.settings())
    outcome(daemons, event, "delivered")
    assert versions(balrog.releases[RELEASE].blob) == {"bell": "1.0", "clock": "2.0"}


@pytest.mark.usefixtures("release")
def test_a_restarted_broker_has_it_changed_again_and_it_is_changed_once(
    daemons: Daemons, balrog: Balrog, worker: str
) -> None:
    def restart(_: str) -> None:
        balrog.reads.clear()
        daemons.broker.kill()
        daemons.start_broker()

    balrog.reads.append(restart)
    subscribe(daemons)
    event = publish(daemons, clock="2.0")
    until(lambda: not balrog.reads, "the broker was killed")
    daemons.wait_for_workers(worker)
    outcome(daemons, event, "delivered")
    assert Outsider(balrog).blob(RELEASE) == (balrog.releases[RELEASE].blob, 2)


@pytest.mark.usefixtures("release", "worker")
def test_a_balrog_that_hangs_is_given_up_in_time(daemons: Daemons, balrog: Balrog) -> None:
    hangs = threading.Event()
    balrog.reads.append(lambda _: not hangs.wait(20))
    subscribe(daemons, retry={**QUICK, "timeout_ms": 300})
    event = publish(daemons, clock="2.0")
    failed = daemons.client().wait_for_attempt(event, "balrog")
    assert "no answer within" in failed["error"]
    hangs.set()
    outcome(daemons, event, "delivered")


@pytest.mark.usefixtures("release")
def test_an_answer_that_is_too_large_is_a_failure(daemons: Daemons, balrog: Balrog) -> None:
    daemons.wait_for_workers(daemons.start_worker(**balrog.settings(answer_bytes=2000)))
    balrog.releases[RELEASE].blob["addons"] = {f"a{n}": addon("1.0") for n in range(20)}
    subscribe(daemons)
    (attempt,) = outcome(daemons, publish(daemons, clock="2.0"), "dead")
    assert attempt["error"] == (
        "the answer is longer than 2000 bytes: raise answer_bytes of this server"
    )


@pytest.mark.usefixtures("release")
def test_a_worker_that_is_stopped_gives_up_what_is_not_answered(
    daemons: Daemons, balrog: Balrog
) -> None:
    hangs = threading.Event()
    balrog.reads.append(lambda _: not hangs.wait(20))
    name = daemons.start_worker(**balrog.settings(), worker__drain_ms=100)
    daemons.wait_for_workers(name)
    subscribe(daemons, retry={"max_attempts": 1})
    event = publish(daemons, clock="2.0")
    until(lambda: balrog.requests["GET"], "Balrog is asked")
    daemons.workers[name].stop()
    hangs.set()
    (attempt,) = outcome(daemons, event, "dead")
    assert attempt["error"] == "the worker stopped before main had answered"
