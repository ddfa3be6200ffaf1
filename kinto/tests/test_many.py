"""Many changes at once: by one plural request, in batches, by eight clients. All of them stand in
Tocsin's log afterwards, in order, and Kinto's memory has not grown with them.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from test_outbox import wait_until_it_is_empty

from conftest import MakeKinto
from harness.client import Client
from harness.tocsin import Up
from harness.waiting import until
from kinto_tocsin.event_id import OF_TIME, TIME_DIGITS
from postgres import Postgres
from server import Json, Server, Session, id_of_row

CLIENTS = 8
BATCH = 25
TEXT = "The tocsin is rung, and nobody who lives here is to sleep. " * 5
LONG_SECONDS = 3600.0
PLURAL = "/buckets/blog/collections/plural"

#   What a life of this kind may take of memory; in the plural request, more than Kinto itself does.
MOST_GROWTH_BYTES = 300 << 20
SETTINGS: Json = {
    "kinto.storage_max_fetch_size": 1_000_000,
    "tocsin.settle_seconds": 60,  # for a busy machine
    "kinto.includes": "kinto_tocsin",
}

FILL = """
    INSERT INTO objects (id, parent_id, resource_name, deleted, last_modified, data)
    SELECT 'r' || n, '{parent}', 'record', FALSE, from_epoch ({first} + n),
           jsonb_build_object ('n', n, 'text', '{text}')
      FROM generate_series (1, {count}) AS n
"""

Many = pytest.mark.parametrize("count", [800, pytest.param(100_000, marks=pytest.mark.soak)])


class Peak:
    """The most that a process has had of memory, above what it had at the beginning."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.first_bytes = self.most_bytes = server.process.resident_bytes()

    @property
    def growth_bytes(self) -> int:
        return self.most_bytes - self.first_bytes

    def _watch(self, stop: threading.Event) -> None:
        while not stop.wait(0.05):
            self.most_bytes = max(self.most_bytes, self.server.process.resident_bytes())

    @contextmanager
    def watched(self) -> Iterator["Peak"]:
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stop,))
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()


def log_of(client: Client) -> Iterator[Json]:
    """All events, in the order of the log."""
    path = "/v1/events?_since=0&_limit=1000"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        yield from answer.json()["data"]
        _, _, rest = answer.headers.get("Next-Page", "").partition("/v1/")
        path = f"/v1/{rest}" if rest else ""


def time_of(event_id: str) -> int:
    """The last_modified that an id bears."""
    number = 0
    for digit in event_id.removeprefix("k_")[:TIME_DIGITS]:
        number = number * 32 + OF_TIME.index(digit)
    return number


def check_log(tocsin: Up, expected: set[str]) -> None:
    times: dict[str, list[int]] = defaultdict(list)
    logged: list[str] = []
    for event in log_of(tocsin.client()):
        if event["id"] in expected:
            logged.append(event["id"])
            times[event["subject"].rpartition("/")[0]].append(time_of(event["id"]))
    assert len(logged) == len(set(logged)) == len(expected), (len(logged), len(expected))
    for path, of_path in times.items():
        assert of_path == sorted(of_path), path


def fill(postgres: Postgres, database: str, count: int) -> None:
    first = int(time.time() * 1000) - 10_000_000
    words = {"parent": PLURAL, "first": first, "text": TEXT, "count": count}
    postgres.sql(FILL.format(**words), database)
    #   As autovacuum would in time: without it the plan of Kinto's DELETE takes each row with each.
    postgres.sql("ANALYZE objects", database)


def delete_all(server: Server, count: int) -> Peak:
    peak = Peak(server)
    with peak.watched():
        answer = server.session().session.delete(f"{server.url}{PLURAL}/records", timeout=1800)
        assert answer.status_code == 200, answer.text[:300]
        assert len(answer.json()["data"]) == count
    return peak


@Many
def test_one_plural_request_arrives_as_many_events_and_takes_little_memory(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    tocsin: Up,
    postgres: Postgres,
    database: str,
    count: int,
) -> None:
    plain = make_kinto({**over_postgresql, **SETTINGS, "kinto.includes": ""})
    plain.session().make_collection("blog/plural")
    fill(postgres, database, count)
    without = delete_all(plain, count)
    plain.end()

    kinto = make_kinto({**over_postgresql, **SETTINGS})
    postgres.sql("DELETE FROM objects WHERE deleted", database)
    fill(postgres, database, count)
    postgres.audit(database)
    with_it = delete_all(kinto, count)
    with with_it.watched():
        until(lambda: not has_entries(postgres, database), "all is told", LONG_SECONDS)
    expected = {id_of_row(row) for row in postgres.audited(database)}
    assert len(expected) == count
    check_log(tocsin, expected)
    megabytes = [peak.growth_bytes >> 20 for peak in (without, with_it)]
    print(f"{count} deleted by one request: {megabytes[0]} MB without, {megabytes[1]} MB with it")
    assert with_it.growth_bytes < without.growth_bytes + MOST_GROWTH_BYTES


def has_entries(postgres: Postgres, database: str) -> bool:
    where = "resource_name = 'tocsin-outbox'"
    found = postgres.sql(f"SELECT EXISTS (SELECT 1 FROM objects WHERE {where})", database)
    return found == "t"


def write(server: Server, number: int, count: int) -> None:
    """Some single, most in batches; each client into a collection of its own, since of two that
    write into one in the same millisecond Kinto refuses one (test_several has them)."""
    session = server.session()
    for batch in range(0, count, BATCH):
        path = f"/buckets/blog/collections/c{number}/records"
        paths = [f"{path}/w{n}" for n in range(batch, batch + BATCH)]
        if batch % (8 * BATCH) == 0:
            for path in paths:
                repeat(session, "PUT", path, {"data": {"text": TEXT}})
            continue
        parts = [{"method": "PUT", "path": path, "body": {"data": {}}} for path in paths]
        repeat(session, "POST", "/batch", {"requests": parts})


def repeat(session: Session, method: str, path: str, body: Json) -> None:
    """Until it is taken: Kinto may answer 409, as two writes at once make it, or late."""
    while True:
        try:
            answer = session.request(method, path, json=body)
        except requests.RequestException:
            continue
        parts = answer.json().get("responses", [])
        statuses = {answer.status_code, *(part["status"] for part in parts)}
        if statuses <= {200, 201}:
            return
        assert statuses <= {200, 201, 409}, (statuses, answer.text[:500])


@Many
def test_eight_clients_with_batches_arrive_in_order_and_memory_does_not_grow(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    tocsin: Up,
    postgres: Postgres,
    database: str,
    count: int,
) -> None:
    kinto = make_kinto({**over_postgresql, **SETTINGS})
    session = kinto.session()
    for number in range(CLIENTS):
        session.make_collection(f"blog/c{number}")
    postgres.audit(database)
    peak = Peak(kinto)
    threads = [
        threading.Thread(target=write, args=(kinto, number, count // CLIENTS))
        for number in range(CLIENTS)
    ]
    started = time.monotonic()
    with peak.watched():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        until(lambda: not has_entries(postgres, database), "all is told", LONG_SECONDS)
    expected = {id_of_row(row) for row in postgres.audited(database)}
    assert len(expected) >= CLIENTS * (count // CLIENTS)
    check_log(tocsin, expected)
    wait_until_it_is_empty(postgres, database)
    megabytes = peak.growth_bytes >> 20
    print(f"{count} written by {CLIENTS} clients in {took:.0f} s: grown by {megabytes} MB")
    assert peak.growth_bytes < MOST_GROWTH_BYTES
