"""What a worker may bring along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tocsin_worker import Worker

GOOD = {"id": "s", "revision": 3, "keep": True, "match": {}}


def test_what_is_brought_is_said_as_json() -> None:
    worker = Worker("tcp://127.0.0.1:1", subscriptions=[GOOD])
    assert [json.loads(each) for each in worker.subscriptions] == [GOOD]


@pytest.mark.parametrize(
    "subscriptions",
    [
        [{"revision": 1}],
        [{"id": 7, "revision": 1}],
        [{"id": "s"}],
        [{"id": "s", "revision": -1}],
        [{"id": "s", "revision": True}],
        [{"id": "s", "revision": "1"}],
        [{"id": "s", "revision": 1, "keep": "yes"}],
        [GOOD] * 65,
    ],
)
def test_what_the_broker_would_refuse_is_refused_here(subscriptions: list[dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"id|revision|keep|at most"):
        Worker("tcp://127.0.0.1:1", subscriptions=subscriptions)
