"""tocsin tail: events on a terminal, none missed, whoever is killed meanwhile."""

import json
from pathlib import Path

from harness.accounts import Load
from harness.client import Json
from harness.process import Process, program
from harness.tocsin import Daemons, Tocsin, Up, run
from harness.waiting import until


def tail(tocsin: Tocsin, *arguments: str) -> Process:
    login = [f"--url={tocsin.url}", f"--token={tocsin.token}"]
    return tocsin.start_process("tail", [program("tocsin"), "tail", *login, *arguments])


def told(process: Process) -> list[Json]:
    return [json.loads(line) for line in list(process.lines)]


def ids(process: Process) -> list[str]:
    return [event["id"] for event in told(process)]


def publish(tocsin: Tocsin, count: int, **more: object) -> list[str]:
    client = tocsin.client()
    return [client.publish(**more)["id"] for _ in range(count)]


def tells(process: Process, events: list[str]) -> None:
    until(lambda: len(ids(process)) >= len(events), f"{len(events)} events are shown")
    assert ids(process) == events


def test_what_comes_is_shown_from_where_one_likes(tocsin: Up) -> None:
    events = publish(tocsin, 5)
    tells(tail(tocsin, "--json", "--from=earliest"), events)
    third = tail(tocsin, "--json", "--from=3")
    tells(third, events[2:])
    more = publish(tocsin, 1, data={"a": [1.50, "x\ny"]})
    tells(third, events[2:] + more)
    assert told(third)[-1]["data"] == {"a": [1.5, "x\ny"]}


def test_beginnings_of_types_choose(tocsin: Up) -> None:
    for name in ("order.paid", "order.paid.late", "orders", "kinto.record.update"):
        publish(tocsin, 1, id=name.replace(".", "-"), type=name)
    since = "--from=earliest"
    tells(tail(tocsin, "--json", since, "order.pa"), ["order-paid", "order-paid-late"])
    tells(tail(tocsin, "--json", since, "order"), ["order-paid", "order-paid-late", "orders"])
    some = tail(tocsin, "--json", since, "kinto.record.", "orders")
    tells(some, ["orders", "kinto-record-update"])


def test_a_person_reads_a_line_for_each(tocsin: Up) -> None:
    event = {"type": "order.paid", "subject": "/orders/42", "data": {"total": 30}}
    publish(tocsin, 1, id="one", **event)
    done = run("tail", f"--url={tocsin.url}", f"--token={tocsin.token}", "--from=1", "--count=1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("  ")[1:] == ["order.paid", "/orders/42", "one", '{"total":30}\n']


def test_nothing_is_missed_when_gateway_and_broker_are_killed(daemons: Daemons) -> None:
    process = tail(daemons, "--json", "--from=earliest", "test.")
    load = Load()
    with load.of(daemons, publishers=1):
        until(lambda: told(process), "the first is shown")  # it gives up when nobody is there
        for _ in range(3):
            load.wait_for_more(30)
            daemons.gateway.kill()
            process.wait_for_log("it is tried again")
            daemons.start_gateway()
            load.wait_for_more(30)
            daemons.broker.kill()
            daemons.start_broker()
        load.wait_for_more(30)
    tells(process, load.accepted)


def test_what_cannot_be_is_said_at_once(tocsin: Up, tmp_path: Path) -> None:
    login = [f"--url={tocsin.url}", f"--token={tocsin.token}"]
    assert "--from=0" in run("tail", *login, "--from=0").stderr
    nobody = run("tail", f"--url={tocsin.url}", "--token=wrong")
    assert nobody.returncode == 1
    assert "does not know this token" in nobody.stderr
    assert "no gateway answers" in run("tail", "--url=http://127.0.0.1:9").stderr
