"""Programs that are run for events, well and badly; each end has its line in `tocsin show`."""

import os
from pathlib import Path
from typing import Any

import pytest

from harness.client import Json
from harness.process import Growth
from harness.tocsin import Daemons, Tocsin, run
from harness.waiting import until

SCRIPTS = {
    "good": "cat > /dev/null\necho '{\"built\": true}'",
    "fails": "echo 'no such add-on' >&2; exit 3",
    "busy": "test $TOCSIN_ATTEMPT -gt 1 || exit 75; echo at last",
    "slow": "sleep 1000 & sleep 1000",
    "crashes": "kill -SEGV $$",
    "pours": "yes",
    "hog": "x=x; while :; do x=$x$x; done",
    "bomb": "b () { b | b & b; }; b 2> /dev/null",
    "waits": 'echo $$ > "$0.pid"; sleep 1000 & while ! test -e "$0.go"; do sleep 0.05; done',
}
NO_RETRY = {"max_attempts": 1}


@pytest.fixture
def place(public_place: Path) -> Path:
    """Where the programs are: whoever runs them has to get there, and may write there."""
    for name, script in SCRIPTS.items():
        (public_place / name).write_text(f"#!/bin/sh\n{script}\n")
        (public_place / name).chmod(0o755)
    return public_place


@pytest.fixture
def settings(place: Path) -> dict[str, Any]:
    """Of a worker that has them."""
    settings: dict[str, Any] = {}
    for name in SCRIPTS:
        settings[f"worker/exec/{name}/command"] = place / name
        settings[f"worker/exec/{name}/memory_bytes"] = 128 << 20
        settings[f"worker/exec/{name}/processes"] = 32
        if os.geteuid() == 0:
            settings[f"worker/exec/{name}/user"] = "nobody"
    for name in ("slow", "bomb"):
        settings[f"worker/exec/{name}/timeout_ms"] = 1000
    return settings


@pytest.fixture
def worker(daemons: Daemons, settings: dict[str, Any]) -> str:
    name = daemons.start_worker(**settings)
    daemons.wait_for_workers(name)
    return name


def subscribe(tocsin: Tocsin, program: str, **more: Any) -> None:
    action = {"name": "exec", "program": program}
    tocsin.client().subscribe({"id": program, "match": {}, "action": action} | more)


def show(tocsin: Tocsin, event: str) -> str:
    answer = run("show", event, f"--url={tocsin.url}", f"--token={tocsin.token}")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def end_of(tocsin: Tocsin, program: str, status: str, line: str) -> Json:
    """Of one event for that program; and `tocsin show` has that line."""
    event = tocsin.client().publish()["id"]
    delivery = tocsin.client().wait_for_delivery(event, program, status)
    assert line in show(tocsin, event)
    return delivery


def serves_as_before(tocsin: Tocsin) -> None:
    event = tocsin.client().publish()["id"]
    delivery = tocsin.client().wait_for_delivery(event, "good", "delivered")
    assert delivery["attempts"][-1]["result"] == {"built": True}


def noted_pid(place: Path) -> int:
    note = place / "waits.pid"
    until(lambda: note.exists() and note.read_text().strip(), "the program runs")
    return int(note.read_text())


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.usefixtures("worker")
def test_a_result_is_kept_with_its_attempt(daemons: Daemons) -> None:
    subscribe(daemons, "good")
    delivery = end_of(daemons, "good", "delivered", "ok  by ")
    assert delivery["attempts"][0]["result"] == {"built": True}


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("fails", "exit code 3: no such add-on"),
        ("crashes", "killed by signal 11"),
        ("pours", "pours was killed: it wrote more than 65536 bytes"),
        ("slow", "slow was killed: it took too long"),
    ],
)
def test_a_program_that_ends_badly_is_a_dead_letter(
    daemons: Daemons, program: str, line: str
) -> None:
    subscribe(daemons, program, retry=NO_RETRY)
    end_of(daemons, program, "dead", line)


@pytest.mark.usefixtures("worker")
def test_a_program_may_ask_for_another_attempt(daemons: Daemons) -> None:
    subscribe(daemons, "busy", retry={"min_backoff_ms": 10, "max_backoff_ms": 10})
    delivery = end_of(daemons, "busy", "delivered", "retry  by worker-1: exit code 75")
    assert [each["outcome"] for each in delivery["attempts"]] == ["retry", "ok"]
    assert delivery["attempts"][1]["result"] == "at last"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("program", ["hog", "bomb"])
def test_a_greedy_program_leaves_the_worker_well(daemons: Daemons, program: str) -> None:
    #   Not at the same time: of one user they share what it may have of processes.
    subscribe(daemons, "good", match={"type": "test.thing.changed"})
    subscribe(daemons, program, match={"type": "test.greed"}, retry=NO_RETRY)
    event = daemons.client().publish(type="test.greed")["id"]
    daemons.client().wait_for_delivery(event, program, "dead")
    serves_as_before(daemons)


def test_a_killed_workers_programs_die_and_run_elsewhere(
    daemons: Daemons, worker: str, place: Path, settings: dict[str, Any]
) -> None:
    subscribe(daemons, "waits")
    event = daemons.client().publish()["id"]
    first = noted_pid(place)
    (place / "waits.pid").unlink()
    daemons.workers[worker].kill()
    until(lambda: is_gone(first), "the program of the killed worker has ended")
    (place / "waits.go").touch()
    daemons.start_worker(**settings)
    delivery = daemons.client().wait_for_delivery(event, "waits", "delivered")
    assert len(delivery["attempts"]) == 1
    assert "ok  by " in show(daemons, event)


def test_a_restarted_broker_has_a_program_run_again(
    daemons: Daemons, worker: str, place: Path
) -> None:
    subscribe(daemons, "waits", retry={"timeout_ms": 60000})
    event = daemons.client().publish()["id"]
    first = noted_pid(place)
    daemons.broker.kill()
    daemons.start_broker()
    until(lambda: is_gone(first), "the program whose lease was lost has ended")
    (place / "waits.go").touch()
    daemons.wait_for_workers(worker)
    daemons.client().wait_for_delivery(event, "waits", "delivered")
    assert "ok  by " in show(daemons, event)


def test_a_worker_that_is_stopped_cancels_what_does_not_end(
    daemons: Daemons, place: Path, settings: dict[str, Any]
) -> None:
    name = daemons.start_worker(**settings, worker__drain_ms=100)
    subscribe(daemons, "waits", retry=NO_RETRY)
    event = daemons.client().publish()["id"]
    pid = noted_pid(place)
    daemons.workers[name].stop()
    assert is_gone(pid)
    daemons.client().wait_for_delivery(event, "waits", "dead")
    assert "waits was killed: the worker stopped, or lost the broker" in show(daemons, event)


def runs_leave_nothing(daemons: Daemons, worker: str, count: int) -> None:
    process = daemons.workers[worker]
    descriptors = Path(f"/proc/{process.pid}/fd")
    client = daemons.client()
    subscribe(daemons, "good", limits={"in_flight": 64})
    serves_as_before(daemons)
    before = len(list(descriptors.iterdir()))
    growth = Growth(64 << 20, process, daemons.broker)
    files = set(Path("/tmp").iterdir())
    events = [
        {"id": f"run-{number}", "type": "a.run", "subject": f"/runs/{number}", "data": {}}
        for number in range(count)
    ]
    for event in events:
        client.publish(**event)
    until(lambda: daemons.metric("tocsin_settled_total") >= count + 1, f"{count} runs ended", 1200)
    for event in (events[0], events[count // 2], events[-1]):
        client.wait_for_delivery(str(event["id"]), "good", "delivered")
    until(lambda: len(list(descriptors.iterdir())) <= before, "every descriptor is closed")
    children = [pid for pid in all_pids() if parent_of(pid) == process.pid]
    assert len(children) == 1  # the helper, and nobody with it
    until(
        lambda: not [pid for pid in all_pids() if parent_of(pid) == children[0]],
        "the helper has no child left, dead or alive",
    )
    left = {path for path in set(Path("/tmp").iterdir()) - files if "tocsin-event" in path.name}
    assert not left
    print(f"after {count} runs {growth}; descriptors {before} before, no more now; no child left")
    growth.check()


def all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.mark.usefixtures("true_memory")
def test_a_thousand_runs_leave_nothing_behind(daemons: Daemons, worker: str) -> None:
    runs_leave_nothing(daemons, worker, 1000)


@pytest.mark.soak
@pytest.mark.usefixtures("true_memory")
def test_ten_thousand_runs_leave_nothing_behind(daemons: Daemons, worker: str) -> None:
    runs_leave_nothing(daemons, worker, 10_000)


@pytest.mark.usefixtures("worker")
def test_a_counter_counts_by_subject(daemons: Daemons) -> None:
    client = daemons.client()
    client.subscribe({"id": "count", "match": {}, "action": {"name": "counter"}})
    for subject, count in (("/a", 1), ("/b", 1), ("/a", 2)):
        event = client.publish(subject=subject)["id"]
        delivery = client.wait_for_delivery(event, "count", "delivered")
        assert delivery["attempts"][0]["result"] == {"count": count}


@pytest.mark.usefixtures("worker")
def test_parameters_are_checked_when_a_subscription_is_written(daemons: Daemons) -> None:
    client = daemons.client()

    def refused(**action: str) -> str:
        answer = client.post("/v1/subscriptions", {"data": {"match": {}, "action": action}})
        assert answer.status_code == 400, answer.text
        message: str = answer.json()["message"]
        return message

    names = ", ".join(SCRIPTS)
    assert refused(name="exec", program="rm") == (
        f'action.program: "rm" is none; there are {names}'
    )
    assert refused(name="exec", command="/bin/rm") == 'action: "command" is no member of it'
    assert refused(name="exec") == "action.program: it is missing"
    assert refused(name="counter", key="{moon}").startswith('action.key: at byte 0: "moon" is')
    client.subscribe({"id": "later", "match": {}, "action": {"name": "paint", "colour": 7}})
