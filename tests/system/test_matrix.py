"""What becomes of an event whatever is done with it and however that ends, and the line that
`tocsin show` has of it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.stages import STAGES, WHILE_IT_WAITS, Stage
from harness.tocsin import Daemons, run

SUBSCRIPTION = "matrix"

#   action, end, what becomes of the delivery, and of the line
MATRIX = [
    ("webhook", "success", "delivered", "ok  HTTP 204"),
    ("webhook", "failure", "dead", "answered 500"),
    ("webhook", "timeout", "dead", "no answer within 700 ms"),
    ("webhook", "crash", "dead", "the connection was closed without an answer"),
    ("webhook", "giant output", "delivered", "ok  HTTP 200"),
    ("webhook", "cancel", "dead", "somebody cancelled it"),
    ("webhook", "worker's death", "delivered", "by worker-2"),
    ("webhook", "broker restart", "delivered", "ok  HTTP 204"),
    ("exec", "success", "delivered", "ok  by worker-1"),
    ("exec", "failure", "dead", "exit code 3: no such add-on"),
    ("exec", "timeout", "dead", "program was killed: it took too long"),
    ("exec", "crash", "dead", "killed by signal 11"),
    ("exec", "giant output", "dead", "program was killed: it wrote more than 65536 bytes"),
    ("exec", "cancel", "dead", "somebody cancelled it"),
    ("exec", "worker's death", "delivered", "by worker-2"),
    ("exec", "broker restart", "delivered", "ok  by worker-1"),
    ("counter", "success", "delivered", "ok  by worker-1"),
    ("counter", "failure", "dead", "1 keys are counted already: raise worker/counter_keys"),
    ("counter", "timeout", "delivered", "by worker-2"),
    ("counter", "crash", "delivered", "by worker-2"),
    ("counter", "giant output", "dead", "action.key: "),
    ("counter", "cancel", "dead", "somebody cancelled it"),
    ("counter", "worker's death", "delivered", "by worker-2"),
    ("counter", "broker restart", "delivered", "ok  by worker-1"),
    ("kinto", "success", "delivered", "ok  HTTP 201"),
    ("kinto", "failure", "dead", "HTTP 404"),
    ("kinto", "timeout", "dead", "no answer within"),
    ("kinto", "crash", "dead", "Connection reset by peer"),
    ("kinto", "giant output", "dead", "the answer is longer than 4194304 bytes"),
    ("kinto", "cancel", "dead", "somebody cancelled it"),
    ("kinto", "worker's death", "delivered", "by worker-2"),
    ("kinto", "broker restart", "delivered", "ok  HTTP 20"),
    ("balrog", "success", "delivered", "ok  HTTP 200"),
    ("balrog", "failure", "dead", "there is no such release: to make one, say its product"),
    ("balrog", "timeout", "dead", "no answer within"),
    ("balrog", "crash", "dead", "the connection was closed without an answer"),
    ("balrog", "giant output", "dead", "the answer is longer than 16777216 bytes"),
    ("balrog", "cancel", "dead", "somebody cancelled it"),
    ("balrog", "worker's death", "delivered", "by worker-2"),
    ("balrog", "broker restart", "delivered", "ok  HTTP 200"),
    ("plug-in", "success", "delivered", "ok  by worker-1"),
    ("plug-in", "failure", "dead", "own gave 17, which is no outcome"),
    ("plug-in", "timeout", "dead", "own took too long"),
    ("plug-in", "crash", "dead", "the worker died over it, as others had before"),
    ("plug-in", "giant output", "dead", "is larger than limits/result_bytes"),
    ("plug-in", "cancel", "dead", "somebody cancelled it"),
    ("plug-in", "worker's death", "delivered", "by worker-2"),
    ("plug-in", "broker restart", "delivered", "ok  by worker-1"),
    ("SDK worker", "success", "delivered", "ok  by python-1"),
    ("SDK worker", "failure", "dead", "no such add-on"),
    ("SDK worker", "timeout", "dead", "it took longer than 700 ms"),
    ("SDK worker", "crash", "dead", "the worker died over it, as others had before"),
    ("SDK worker", "giant output", "delivered", "ok  by python-1"),
    ("SDK worker", "cancel", "dead", "somebody cancelled it"),
    ("SDK worker", "worker's death", "delivered", "by python-2"),
    ("SDK worker", "broker restart", "delivered", "ok  by python-1"),
]


@pytest.fixture
def stage(request: pytest.FixtureRequest, daemons: Daemons, public_place: Path) -> Iterator[Stage]:
    action = str(request.getfixturevalue("action"))
    with ExitStack() as stack:
        yield STAGES[action](daemons, public_place, stack)


def subscribe(stage: Stage, end: str) -> None:
    """What fails is not tried again, so that its first end is what there is to be seen."""
    retry = {"max_attempts": 10 if end in WHILE_IT_WAITS else 1, "schedule_ms": [1]}
    timeout_ms = 700 if end == "timeout" else 60000
    wanted = {"id": SUBSCRIPTION, "match": {}, "retry": {**retry, "timeout_ms": timeout_ms}}
    stage.daemons.client().subscribe(stage.subscription(end) | wanted)


def meanwhile(stage: Stage, end: str, event: str) -> None:
    stage.wait_until_it_is_under_way()
    if end == "worker's death":
        stage.worker_dies()
    elif end == "broker restart":
        stage.broker_restarts()
    else:
        path = f"/v1/subscriptions/{SUBSCRIPTION}/deliveries/{event}/cancel"
        assert stage.daemons.client().post(path).status_code == 200
        stage.release()


@pytest.mark.parametrize(
    ("action", "end", "status", "line"), MATRIX, ids=[f"{row[0]}-{row[1]}" for row in MATRIX]
)
def test_each_action_and_each_end_has_its_line(
    stage: Stage, action: str, end: str, status: str, line: str
) -> None:
    daemons = stage.daemons
    stage.join()
    subscribe(stage, end)
    stage.prepare(end)
    event = daemons.client().publish(data=stage.data(end))["id"]
    if end == "crash":
        stage.crash()
    if end in WHILE_IT_WAITS:
        meanwhile(stage, end, event)
    daemons.client().wait_for_delivery(event, SUBSCRIPTION, status)

    def shown() -> str:
        done = run("show", event, f"--url={daemons.url}", f"--token={daemons.token}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert f"to {SUBSCRIPTION}: {status}" in shown()
    assert line in shown(), shown()


def test_the_matrix_is_whole() -> None:
    ends = {row[1] for row in MATRIX}
    assert len(ends) == 8
    assert {row[:2] for row in MATRIX} == {(action, end) for action in STAGES for end in ends}
    assert len(MATRIX) == len(STAGES) * len(ends)
