"""The action `kinto`, against a real Kinto: what it writes, and how it bears what Kinto does."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kinto_http
import pytest
import requests
from kinto_http.exceptions import KintoException

from harness.client import Json
from harness.kinto import Kinto, by_plugin
from harness.tocsin import Daemons, run
from harness.waiting import until

RECORDS = "/buckets/results/collections/builds/records"
PLACE = {"name": "kinto", "server": "main", "bucket": "results", "collection": "builds"}
QUICK = {"min_backoff_ms": 10, "max_backoff_ms": 50, "max_attempts": 100}
WRITER = {"user": "alice", "password": "wonderland"}


@pytest.fixture
def tells(daemons: Daemons) -> dict[str, str]:
    return by_plugin(daemons.url, daemons.make_token("events:write"))


def make_place(kinto: Kinto) -> None:
    """Bucket `results`, collection `builds`."""
    kinto.wait_until_it_serves()
    #   A client each: one that was asked for a pause (Backoff) would say nothing more.
    kinto.client().create_bucket(id="results")
    kinto.client(bucket="results").create_collection(id="builds")


@pytest.fixture
def kinto(tells: dict[str, str], tmp_path: Path) -> Iterator[Kinto]:
    #   In memory it has no transactions: of two at once both may find that If-Match holds.
    kinto = Kinto(tmp_path, tells, threads=1)
    try:
        make_place(kinto)
        yield kinto
    finally:
        kinto.process.end()


@pytest.fixture
def builds(kinto: Kinto) -> kinto_http.Client:
    return kinto.client(bucket="results", collection="builds")


def settings_for(kinto: Kinto, **more: Any) -> dict[str, Any]:
    """Of a worker that may write there."""
    settings = {"url": kinto.url, **WRITER, **more}
    return {f"worker/kinto/main/{key}": value for key, value in settings.items()}


def start_worker(daemons: Daemons, kinto: Kinto, **more: Any) -> str:
    name = daemons.start_worker(**settings_for(kinto, **more))
    daemons.wait_for_workers(name)
    return name


@pytest.fixture
def worker(daemons: Daemons, kinto: Kinto) -> str:
    return start_worker(daemons, kinto)


def subscribe(daemons: Daemons, **more: Any) -> None:
    action = {**PLACE, **more.pop("action", {})}
    subscription = {"id": "writes", "match": {"type": "build.*"}, "action": action}
    daemons.client().subscribe({**subscription, "breaker": {"failures": 0}, "retry": QUICK, **more})


def publish(daemons: Daemons, **event: Any) -> str:
    event.setdefault("type", "build.done")
    made: str = daemons.client().publish(**event)["id"]
    return made


def outcome(daemons: Daemons, event: str, status: str) -> Json:
    """The last attempt at an event, once its delivery has that status."""
    attempts = daemons.client().wait_for_delivery(event, "writes", status)["attempts"]
    last: Json = attempts[-1]
    shown = run("show", event, f"--url={daemons.url}", f"--token={daemons.token}").stdout
    assert (last.get("error") or "  ok  HTTP ") in shown
    return last


def failure(daemons: Daemons, event: str) -> Json:
    return daemons.client().wait_for_attempt(event, "writes")


def data_of(client: kinto_http.Client, record: str) -> Json:
    """A record without what Kinto adds."""
    data = client.get_record(id=record)["data"]
    return {key: value for key, value in data.items() if key not in ("id", "last_modified")}


@pytest.mark.usefixtures("worker")
def test_the_data_is_written_as_a_record_of_the_events_id(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    subscribe(daemons)
    event = publish(daemons, id="build-1", data={"ok": True, "seconds": 7})
    attempt = outcome(daemons, event, "delivered")
    record = builds.get_record(id="build-1")["data"]
    assert (record["ok"], record["seconds"]) == (True, 7)
    assert attempt["result"] == {
        "uri": f"{RECORDS}/build-1",
        "changed": True,
        "last_modified": record["last_modified"],
    }
    assert attempt["http_status"] == 201


@pytest.mark.usefixtures("worker")
def test_a_template_makes_the_record_and_its_name(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    subscribe(daemons, action={"record": "{/addon}", "object": {"n": "{/n}", "of": "{type}: {/n}"}})
    outcome(daemons, publish(daemons, data={"addon": "bell", "n": 7}), "delivered")
    assert data_of(builds, "bell") == {"n": 7, "of": "build.done: 7"}
    unnamed = outcome(daemons, publish(daemons, data={"n": 7}), "dead")
    assert "{/addon}" in unnamed["error"]


@pytest.mark.usefixtures("worker")
def test_each_mode_does_with_what_is_there_as_it_says(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    for mode in ("create", "replace", "merge"):
        builds.create_record(id=mode, data={"old": {"a": 1}, "gone": 1})
        action = {**PLACE, "mode": mode, "record": mode}
        match = {"type": f"build.{mode}"}
        daemons.client().subscribe({"id": mode, "match": match, "action": action})
    data = {"old": {"b": 2}, "gone": None}
    event = publish(daemons, type="build.create", data=data)
    created = daemons.client().wait_for_delivery(event, "create", "dead")
    assert created["attempts"][0]["error"] == f"{RECORDS}/create is there already, and is another"
    for mode in ("replace", "merge"):
        event = publish(daemons, type=f"build.{mode}", data=data)
        daemons.client().wait_for_delivery(event, mode, "delivered")
    assert data_of(builds, "create") == {"old": {"a": 1}, "gone": 1}
    assert data_of(builds, "replace") == {"old": {"b": 2}, "gone": None}
    assert data_of(builds, "merge") == {"old": {"a": 1, "b": 2}}


@pytest.mark.usefixtures("worker")
def test_what_is_there_already_is_not_written_again(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    subscribe(daemons, action={"record": "one"})
    builds.create_record(id="one", data={"n": 1, "m": 2})
    before = builds.get_record(id="one")["data"]["last_modified"]
    attempt = outcome(daemons, publish(daemons, data={"n": 1}), "delivered")
    assert attempt["result"]["changed"] is False
    assert builds.get_record(id="one")["data"]["last_modified"] == before


def test_writers_who_meet_lose_nothing_of_each_other(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client
) -> None:
    start_worker(daemons, kinto, batch=1)
    subscribe(daemons, action={"record": "one"}, limits={"in_flight": 16, "adaptive": False})
    builds.create_record(id="one", data={"rival": 0})
    done = threading.Event()

    def rival() -> int:
        """Writes as fast as it can, and never over what it has not seen."""
        written = 0
        while not done.is_set():
            mine = kinto.client(bucket="results", collection="builds")
            now = mine.get_record(id="one")["data"]
            try:
                mine.update_record(
                    data={**now, "rival": written + 1}, if_match=now["last_modified"], safe=True
                )
                written += 1
            except KintoException as error:
                if error.response.status_code != 412:
                    raise
        return written

    count: list[int] = []
    thread = threading.Thread(target=lambda: count.append(rival()))
    thread.start()
    events = [publish(daemons, data={f"n{number}": number}) for number in range(30)]
    for event in events:
        outcome(daemons, event, "delivered")
    done.set()
    thread.join()
    expected = {f"n{number}": number for number in range(30)}
    assert data_of(builds, "one") == {**expected, "rival": count[0]}


@pytest.mark.usefixtures("worker")
def test_what_kinto_finds_wrong_is_final_and_named(
    daemons: Daemons, builds: kinto_http.Client
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "number"}}}
    builds.patch_collection(id="builds", data={"schema": schema})
    subscribe(daemons)
    attempt = outcome(daemons, publish(daemons, data={"n": "many"}), "dead")
    assert attempt["http_status"] == 400
    assert attempt["error"] == "answered 400: 'many' is not of type 'number'"


@pytest.mark.usefixtures("worker")
def test_a_collection_that_is_not_there_is_final(daemons: Daemons) -> None:
    subscribe(daemons, action={"collection": "nowhere"})
    attempt = outcome(daemons, publish(daemons, data={"n": 1}), "dead")
    assert attempt["http_status"] == 404


def test_a_wrong_password_is_named_and_what_waits_goes_on_when_it_is_mended(
    daemons: Daemons, tells: dict[str, str], tmp_path: Path
) -> None:
    accounts = "kinto.plugins.accounts"
    policy = f"{accounts}.authentication.AccountsAuthenticationPolicy"
    kinto = Kinto(
        tmp_path,
        tells,
        kinto__includes=f"kinto_tocsin {accounts}",
        multiauth__policies="account",
        multiauth__policy__account__use=policy,
        kinto__account_create_principals="system.Everyone",
    )
    try:
        kinto.wait_until_it_serves()
        account = {"data": {"password": WRITER["password"]}}
        requests.put(f"{kinto.url}/accounts/alice", json=account, timeout=10).raise_for_status()
        make_place(kinto)
        wrong = start_worker(daemons, kinto, password="looking-glass")
        subscribe(daemons)
        event = publish(daemons, id="one", data={"n": 1})
        failed = failure(daemons, event)
        assert (failed["outcome"], failed["http_status"]) == ("retry", 401)
        assert "look at the worker's credentials for this server" in failed["error"]
        daemons.workers[wrong].stop()
        start_worker(daemons, kinto)
        outcome(daemons, event, "delivered")
        assert data_of(kinto.client(bucket="results", collection="builds"), "one") == {"n": 1}
    finally:
        kinto.process.end()


def test_a_kinto_that_was_down_gets_everything(daemons: Daemons, kinto: Kinto, worker: str) -> None:
    assert worker
    subscribe(daemons)
    kinto.process.kill()
    events = [publish(daemons, data={"n": number}) for number in range(10)]
    for event in events:
        assert f"connection refused by 127.0.0.1:{kinto.port}" in failure(daemons, event)["error"]
    daemons.client().post("/v1/subscriptions/writes/pause").raise_for_status()
    kinto.start()  # in memory: it has forgotten where they go
    make_place(kinto)
    daemons.client().post("/v1/subscriptions/writes/resume").raise_for_status()
    for event in events:
        outcome(daemons, event, "delivered")
    builds = kinto.client(bucket="results", collection="builds")
    assert sorted(each["n"] for each in builds.get_records()) == list(range(10))


def test_a_kinto_that_hangs_is_given_up_in_time(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client, worker: str
) -> None:
    assert worker
    subscribe(daemons, retry={**QUICK, "timeout_ms": 300})
    kinto.process.freeze()
    event = publish(daemons, id="one", data={"n": 1})
    assert "no answer" in failure(daemons, event)["error"]
    kinto.process.thaw()
    outcome(daemons, event, "delivered")
    assert data_of(builds, "one") == {"n": 1}


def test_a_kinto_that_asks_for_a_pause_gets_it(
    daemons: Daemons, tells: dict[str, str], tmp_path: Path
) -> None:
    kinto = Kinto(tmp_path, tells, kinto__backoff="1")
    try:
        make_place(kinto)
        start_worker(daemons, kinto)
        subscribe(daemons)
        first = outcome(daemons, publish(daemons, data={"n": 1}), "delivered")
        second = outcome(daemons, publish(daemons, data={"n": 2}), "delivered")
        assert first["duration_ms"] > 500  # between its own two requests, too
        assert second["duration_ms"] > 500
    finally:
        kinto.process.end()


@pytest.mark.usefixtures("worker")
def test_an_answer_that_is_too_large_is_a_failure(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client, worker: str
) -> None:
    daemons.workers[worker].stop()
    start_worker(daemons, kinto, answer_bytes=2000)
    builds.create_record(id="one", data={"text": "x" * 4000})
    subscribe(daemons, action={"record": "one"})
    attempt = outcome(daemons, publish(daemons, data={"n": 1}), "dead")
    assert attempt["error"] == (
        "the answer is longer than 2000 bytes: raise answer_bytes of this server"
    )


def test_many_writes_go_together_and_each_is_told_whence_it_comes(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client, worker: str
) -> None:
    assert worker
    daemons.client().subscribe(
        {"id": "heard", "match": {"type": "kinto.record.*"}, "action": {"name": "counter"}}
    )
    subscribe(daemons, paused=True, limits={"in_flight": 64, "adaptive": False})
    events = [publish(daemons, id=f"build-{number}", data={"n": number}) for number in range(60)]
    daemons.client().post("/v1/subscriptions/writes/resume").raise_for_status()
    for event in events:
        outcome(daemons, event, "delivered")
    assert sorted(each["n"] for each in builds.get_records()) == list(range(60))

    def told() -> list[Json] | None:
        page = daemons.client().get("/v1/events?type=kinto.record.create&_limit=100").json()
        heard: list[Json] = page["data"]
        return heard if len(heard) == 60 else None

    for each in until(told, "Kinto has told of each"):
        cause = each["subject"].rpartition("/")[2]
        assert (each["causation"], each["root"], each["hops"]) == (cause, cause, 1)


def test_a_worker_that_is_killed_is_followed_by_another(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client, worker: str
) -> None:
    subscribe(daemons, action={"mode": "create"}, retry={**QUICK, "timeout_ms": 20000})
    kinto.process.freeze()
    events = [publish(daemons, data={"n": number}) for number in range(5)]
    until(lambda: daemons.metric("tocsin_leases") >= 5, "all are under way")
    daemons.workers[worker].kill()
    kinto.process.thaw()
    start_worker(daemons, kinto)
    for event in events:
        outcome(daemons, event, "delivered")
    assert sorted(each["n"] for each in builds.get_records()) == list(range(5))


def test_a_restarted_broker_has_it_written_again_and_it_is_there_once(
    daemons: Daemons, kinto: Kinto, builds: kinto_http.Client, worker: str
) -> None:
    subscribe(daemons, action={"mode": "create"}, retry={**QUICK, "timeout_ms": 20000})
    kinto.process.freeze()
    events = [publish(daemons, data={"n": number}) for number in range(5)]
    until(lambda: daemons.metric("tocsin_leases") >= 5, "all are under way")
    daemons.broker.kill()
    kinto.process.thaw()
    daemons.start_broker()
    daemons.wait_for_workers(worker)
    for event in events:
        outcome(daemons, event, "delivered")
    assert sorted(each["n"] for each in builds.get_records()) == list(range(5))


def test_a_worker_that_is_stopped_gives_up_what_is_not_answered(
    daemons: Daemons, kinto: Kinto
) -> None:
    name = daemons.start_worker(**settings_for(kinto), worker__drain_ms=100)
    daemons.wait_for_workers(name)
    subscribe(daemons, retry={"max_attempts": 1})
    kinto.process.freeze()
    event = publish(daemons, data={"n": 1})
    worker = daemons.workers[name]
    until(lambda: worker.is_connected_to(kinto.port), "it is under way")
    worker.stop()
    attempt = outcome(daemons, event, "dead")
    assert attempt["error"] == "the worker stopped before main had answered"
