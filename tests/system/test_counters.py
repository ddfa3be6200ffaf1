"""What the action counter counts is kept by the broker: exactly, whatever is killed."""

from collections import Counter

import pytest

from harness.tocsin import Daemons, Tocsin, run
from harness.waiting import until

SUBJECTS = [f"/things/{number}" for number in range(7)]


def subscribe(tocsin: Tocsin, **more: object) -> None:
    tocsin.client().subscribe({"id": "count", "match": {}, "action": {"name": "counter"}} | more)


def counted(tocsin: Tocsin, query: str = "") -> dict[str, int]:
    answer = tocsin.client().get(f"/v1/subscriptions/count/counters{query}")
    assert answer.status_code == 200, answer.text
    return {row["key"]: row["count"] for row in answer.json()["data"]}


def command(tocsin: Tocsin, *words: str) -> str:
    done = run("counters", "count", *words, f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def worker(daemons: Daemons) -> str:
    name = daemons.start_worker()
    daemons.wait_for_workers(name)
    return name


def publish(tocsin: Tocsin, *subjects: str) -> None:
    """And all of them are delivered."""
    client = tocsin.client()
    events = [client.publish(subject=subject)["id"] for subject in subjects]
    for event in events:
        client.wait_for_delivery(event, "count", "delivered")


@pytest.mark.usefixtures("worker")
def test_what_was_counted_is_read_by_key_and_in_pages(daemons: Daemons) -> None:
    subscribe(daemons)
    assert counted(daemons) == {}
    assert command(daemons) == "count has counted nothing\n"
    publish(daemons, "/b", "/a", "/b", "/c d&e")
    assert list(counted(daemons).items()) == [("/a", 1), ("/b", 2), ("/c d&e", 1)]
    assert counted(daemons, "?key=/b") == {"/b": 2}
    assert counted(daemons, "?key=/") == {}
    first = daemons.client().get("/v1/subscriptions/count/counters?_limit=2")
    assert first.json()["data"] == [{"key": "/a", "count": 1}, {"key": "/b", "count": 2}]
    following = first.headers["Next-Page"].partition("?")[2]
    assert counted(daemons, f"?{following}") == {"/c d&e": 1}
    assert command(daemons) == "           1  /a\n           2  /b\n           1  /c d&e\n"
    assert command(daemons, "--key=/c d&e") == "           1  /c d&e\n"


def test_each_event_is_counted_once_whatever_is_killed(daemons: Daemons) -> None:
    """The results start anew with each worker; what the broker keeps does not."""
    workers = [daemons.start_worker() for _ in range(3)]
    daemons.wait_for_workers(*workers)
    subscribe(daemons, retry={"min_backoff_ms": 20, "max_backoff_ms": 100})
    client = daemons.client()
    accepted: list[str] = []
    for number in range(90):
        client.publish(subject=SUBJECTS[number % len(SUBJECTS)], id=f"event-{number}")
        accepted.append(f"event-{number}")
        if number % 15 == 5:
            name = workers.pop(0)
            daemons.workers[name].kill()
            workers.append(daemons.start_worker())
        if number % 30 == 20:
            daemons.broker.kill()
            daemons.start_broker()
            until(daemons.serves, "the gateway has found it")
    for event in accepted:
        client.wait_for_delivery(event, "count", "delivered")
    published = Counter(SUBJECTS[number % len(SUBJECTS)] for number in range(90))
    assert counted(daemons) == dict(published)


@pytest.mark.usefixtures("worker")
def test_counters_go_with_their_subscription(daemons: Daemons) -> None:
    subscribe(daemons)
    publish(daemons, "/a", "/a")
    assert daemons.client().delete("/v1/subscriptions/count").status_code == 200
    assert daemons.client().get("/v1/subscriptions/count/counters").status_code == 404
    subscribe(daemons)
    publish(daemons, "/a")
    assert counted(daemons) == {"/a": 1}


@pytest.mark.usefixtures("worker")
def test_a_replay_counts_nothing(daemons: Daemons) -> None:
    subscribe(daemons)
    publish(daemons, "/a")
    client = daemons.client()
    replays = "/v1/subscriptions/count/replays"
    assert client.post(replays, {"data": {"from": {"seq": 1}}}).status_code == 201

    def has_ended() -> bool:
        (replay,) = client.get(replays).json()["data"]
        return bool(replay["status"] == "ended")

    until(has_ended, "it has been replayed")
    assert counted(daemons) == {"/a": 1}
