"""The parts that need no Kinto to run: how entries become POSTs, and what answers mean."""

import random
import sys
import time
import types
from email.utils import formatdate
from typing import Any

import pytest
import urllib3

from kinto_tocsin import background, event_id, notification
from kinto_tocsin.health import Health
from kinto_tocsin.merger import MOST_EVENTS, Merger
from kinto_tocsin.metrics import Metrics
from kinto_tocsin.notification import Notification, Piece
from kinto_tocsin.outbox import Entry
from kinto_tocsin.sender import asked_delay
from kinto_tocsin.settings import Settings

LATE = 1 << 62


def entry(name: str, *times: int, written: int = LATE) -> Entry:
    pieces = tuple(Piece(at, f'"{name}{at}"') for at in times)
    return Entry(name, written, Notification("{}", "kinto", "", pieces))


def merge(until: int | None, *entries: Entry) -> tuple[list[list[str]], list[str]]:
    merger = Merger()
    for each in entries:
        merger.add(each)
    runs = [[piece.text.strip('"') for piece in run.pieces] for run in merger.runs(until)]
    return runs, merger.take_finished()


def test_entries_that_overlap_are_taken_apart_and_told_in_order() -> None:
    runs, finished = merge(None, entry("a", 1, 4, 5), entry("b", 2, 3, 7), entry("c", 6))
    assert runs == [["a1"], ["b2", "b3"], ["a4", "a5"], ["c6"], ["b7"]]
    assert finished == ["a", "c", "b"]


def test_what_is_later_than_the_bound_waits_and_its_entry_stays() -> None:
    runs, finished = merge(4, entry("a", 1, 5), entry("b", 2, 3))
    assert runs == [["a1"], ["b2", "b3"]]
    assert finished == ["b"]


def test_a_time_in_the_future_counts_as_the_time_of_writing() -> None:
    runs, _ = merge(10, entry("a", 1, 99, written=5), entry("b", 6, written=7))
    assert runs == [["a1", "a99"], ["b6"]]


def test_a_run_is_never_larger_than_a_post_may_be() -> None:
    times = range(3 * MOST_EVENTS + 1)
    runs, finished = merge(None, entry("a", *times))
    assert [len(run) for run in runs] == [MOST_EVENTS] * 3 + [1]
    assert finished == ["a"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_entries_are_everything_is_told_once_and_in_order(seed: int) -> None:
    dice = random.Random(seed)
    times = iter(sorted(dice.sample(range(10_000), 400)))
    held: dict[str, list[int]] = {f"e{number}": [] for number in range(40)}
    for at in times:
        held[dice.choice(list(held))].append(at)
    merger = Merger()
    for name, times_of_entry in held.items():
        if times_of_entry:
            merger.add(entry(name, *times_of_entry))
    told = [piece.last_modified for run in merger.runs(None) for piece in run.pieces]
    finished = merger.take_finished()
    assert sorted(finished) == sorted(name for name, at in held.items() if at)
    assert told == sorted(set(told))
    assert len(told) == 400


def test_a_large_change_is_split_and_an_event_that_is_too_large_loses_its_old() -> None:
    big = {"id": "1", "last_modified": 1, "text": "x" * 700_000}
    impacted = [{"new": {**big, "last_modified": n}, "old": big} for n in (3, 1, 2)]
    made = list(notification.make({"action": "update"}, impacted, "kinto", "r"))
    assert [[piece.last_modified for piece in each.pieces] for each in made] == [[1], [2], [3]]
    assert all("old" not in each.pieces[0].text[:20] for each in made)
    assert all(len(each.body(each.pieces)) < 1 << 20 for each in made)


def test_many_small_changes_are_split_into_entries() -> None:
    impacted = [{"new": {"id": str(n), "last_modified": n}} for n in range(1201)]
    made = list(notification.make({"action": "create"}, impacted, "kinto", "r"))
    assert [len(each.pieces) for each in made] == [500, 500, 201]


def test_what_is_kept_is_read_again_as_it_was() -> None:
    kept = Notification("{}", "kinto", "r", (Piece(1, "{}"), Piece(2, "{}")))
    assert Notification.from_json(kept.to_json()) == kept


@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3),
        ({"Backoff": "5", "Retry-After": "3"}, 5),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
    ],
)
def test_a_delay_is_read_from_either_header(headers: Any, delay: float | None) -> None:
    assert asked_delay(urllib3.HTTPHeaderDict(headers)) == delay


def test_a_delay_may_be_a_date() -> None:
    headers = urllib3.HTTPHeaderDict({"Retry-After": formatdate(time.time() + 100, usegmt=True)})
    assert 90 < (asked_delay(headers) or 0) <= 100


def test_the_outbox_is_counted_now_and_then() -> None:
    class Registry:
        metrics = None

    health = Health(Settings(outbox_max=10), Metrics(Registry()))
    counts = iter([(10, 0), (0, 0)])
    for _ in range(3):
        health.measure(lambda: next(counts))
    assert health.is_full


@pytest.mark.parametrize(("options", "run"), [({}, False), ({"enable-threads": True}, True)])
def test_a_uwsgi_without_threads_is_told_so_and_gets_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, options: Any, run: bool
) -> None:
    monkeypatch.setitem(sys.modules, "uwsgi", types.SimpleNamespace(opt=options))
    assert background.threads_run() is run
    assert ("enable-threads" in caplog.text) is not run


def test_the_id_of_an_event_is_the_one_that_tocsin_derives() -> None:
    """As docs/http-api.md shows it."""
    subject = "/buckets/blog/collections/articles/records/42"
    made = event_id.derive("kinto", subject, "update", 1795489200123)
    assert made == "k_01k85nttvrrlrtcy47zsgfnfi6"
