"""Actions in libraries that the worker loads: each end has its line in `tocsin show`."""

from typing import Any

import pytest

from harness.client import Client, Json
from harness.process import build_directory
from harness.tocsin import Daemons, run
from harness.waiting import until

PLUGINS = build_directory().parent / "plugins"
RETRIED_SOON = {"schedule_ms": [1], "max_attempts": 3}


def settings_of(library: str, **more: Any) -> dict[str, Any]:
    """Of a worker whose action `own` is that library's."""
    return {"worker/plugin/own/library": PLUGINS / f"{library}.so"} | {
        f"worker/plugin/own/{key}": value for key, value in more.items()
    }


@pytest.fixture
def client(daemons: Daemons) -> Client:
    return daemons.client()


@pytest.fixture
def worker(daemons: Daemons) -> str:
    name = daemons.start_worker(**settings_of("manners"))
    daemons.wait_for_workers(name)
    return name


def wait_for_end(daemons: Daemons, worker: str) -> None:
    until(lambda: not daemons.workers[worker].is_running(), f"{worker} ends")


def subscribe(client: Client, manner: str, **more: Any) -> None:
    client.subscribe(
        {"id": manner, "match": {}, "action": {"name": "own", "manner": manner}} | more
    )


def end_of(daemons: Daemons, manner: str, status: str, line: str, data: Any = None) -> Json:
    """Of one event, done in that manner; and `tocsin show` has that line."""
    event = daemons.client().publish(data=data)["id"]
    delivery = daemons.client().wait_for_delivery(event, manner, status)
    shown = run("show", event, f"--url={daemons.url}", f"--token={daemons.token}")
    assert line in shown.stdout
    return delivery


def test_a_plug_in_paints(daemons: Daemons, client: Client) -> None:
    daemons.wait_for_workers(daemons.start_worker(**settings_of("paint", settings="green")))
    client.subscribe({"id": "plain", "match": {}, "action": {"name": "own"}})
    blue = {"name": "own", "colour": "blue"}
    client.subscribe({"id": "blue", "match": {}, "action": blue})
    event = client.publish()["id"]
    for subscription, colour in (("plain", "green"), ("blue", "blue")):
        delivery = client.wait_for_delivery(event, subscription, "delivered")
        assert delivery["attempts"][0]["result"] == {"painted": colour}
    broken = client.publish(type="thing.broken")["id"]
    delivery = client.wait_for_delivery(broken, "plain", "dead")
    assert delivery["attempts"][0]["error"] == "own: what is broken is not painted"


def test_its_parameters_are_checked_when_a_subscription_is_written(
    daemons: Daemons, client: Client
) -> None:
    daemons.wait_for_workers(daemons.start_worker(**settings_of("paint")))
    action = {"name": "own", "colour": "plaid"}
    answer = client.post("/v1/subscriptions", {"data": {"match": {}, "action": action}})
    assert answer.status_code == 400
    assert answer.json()["message"] == 'action.colour: "plaid" is none; there are red, green, blue'
    action = {"name": "own", "shape": "round"}
    answer = client.post("/v1/subscriptions", {"data": {"match": {}, "action": action}})
    assert answer.json()["message"] == 'action: "shape" is no member of it'


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("manner", "status", "line"),
    [
        ("nothing", "skipped", "own: it does not say why"),
        ("giant", "dead", "own: its result of 67108864 bytes is larger than limits/result_bytes"),
        ("unknown", "dead", "own gave 17, which is no outcome"),
        ("busy", "delivered", "own: not now"),
    ],
)
def test_each_end_has_its_line(
    daemons: Daemons, client: Client, manner: str, status: str, line: str
) -> None:
    subscribe(client, manner, retry=RETRIED_SOON)
    end_of(daemons, manner, status, line)


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("manner", ["hangs", "waits"])
def test_one_that_takes_too_long_is_a_retry_and_others_go_on(
    daemons: Daemons, client: Client, manner: str
) -> None:
    subscribe(client, manner, retry={"max_attempts": 1, "timeout_ms": 300})
    subscribe(client, "echoes")
    event = client.publish(data={"n": 1})["id"]
    client.wait_for_delivery(event, "echoes", "delivered")
    attempt = client.wait_for_delivery(event, manner, "dead")["attempts"][0]
    assert attempt["outcome"] == "retry"
    assert attempt["error"] == "own took too long"


def test_a_crash_is_the_workers_and_three_of_them_are_poison(
    daemons: Daemons, client: Client
) -> None:
    subscribe(client, "crashes")
    subscribe(client, "echoes")
    event = client.publish(data={"n": 1})["id"]
    for _ in range(3):
        wait_for_end(daemons, daemons.start_worker(**settings_of("manners")))
    attempt = client.wait_for_delivery(event, "crashes", "dead")["attempts"][-1]
    assert attempt["error"] == "the worker died over it, as others had before"
    daemons.start_worker(**settings_of("manners"))
    client.wait_for_delivery(event, "echoes", "delivered")


def test_a_worker_that_stops_or_dies_gives_back_what_its_plug_in_has(
    daemons: Daemons, client: Client
) -> None:
    subscribe(client, "tells-waits", retry={"timeout_ms": 2000, "schedule_ms": [1]})
    first = daemons.start_worker(**settings_of("manners") | {"worker/drain_ms": 100})
    daemons.wait_for_workers(first)
    event = client.publish()["id"]
    until(lambda: "progress" in client.delivery(event, "tells-waits"), "it is begun")
    daemons.workers[first].stop()
    left = "own was left alone with it: the worker stopped, or lost the broker"
    attempts = until(lambda: client.delivery(event, "tells-waits")["attempts"], "it is given back")
    assert attempts[0]["error"] == left
    second = daemons.start_worker(**settings_of("manners"))
    until(lambda: "progress" in client.delivery(event, "tells-waits"), "it is begun again")
    daemons.workers[second].kill()
    daemons.start_worker(**settings_of("paint"))
    client.wait_for_delivery(event, "tells-waits", "delivered")


def test_a_broker_that_comes_back_has_it_done_again(
    daemons: Daemons, client: Client, worker: str
) -> None:
    subscribe(client, "waits", retry={"timeout_ms": 60000})
    event = client.publish()["id"]
    until(lambda: client.delivery(event, "waits")["status"] == "in_flight", "it is begun")
    daemons.broker.kill()
    daemons.start_broker()
    until(daemons.serves, "the gateway has found its broker")
    daemons.wait_for_workers(worker)
    until(lambda: client.delivery(event, "waits")["status"] == "in_flight", "it is begun again")
    daemons.workers[worker].kill()
    daemons.start_worker(**settings_of("paint"))
    client.wait_for_delivery(event, "waits", "delivered")


@pytest.mark.parametrize(
    ("library", "sentence"),
    [
        ("stranger", "is for version 2 of the interface, this worker for 1: build it anew"),
        ("none", "No such file or directory"),
    ],
)
def test_what_is_no_plug_in_ends_the_worker_at_once_with_a_sentence(
    daemons: Daemons, library: str, sentence: str
) -> None:
    name = daemons.start_worker(**settings_of(library))
    wait_for_end(daemons, name)
    assert sentence in daemons.workers[name].tail()


def test_a_library_that_anybody_may_write_is_refused(
    daemons: Daemons, tmp_path_factory: pytest.TempPathFactory
) -> None:
    library = tmp_path_factory.mktemp("plugins") / "open.so"
    library.write_bytes((PLUGINS / "paint.so").read_bytes())
    library.chmod(0o777)
    settings: dict[str, Any] = {"worker/plugin/own/library": library}
    name = daemons.start_worker(**settings)
    wait_for_end(daemons, name)
    assert "can be written by anybody: chmod o-w" in daemons.workers[name].tail()
