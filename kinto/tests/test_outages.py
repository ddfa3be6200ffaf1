"""Tocsin away, Tocsin refusing, an outbox that is full: what each does to Kinto and what waits."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from test_outbox import entries, wait_until_it_is_empty

from conftest import MakeKinto
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from kinto_tocsin import event_id
from postgres import Postgres
from server import Json, Server, id_of_row

BLOG = "/buckets/blog/collections/articles"


def nested(depth: int) -> Json:
    """Deeper than Tocsin reads: it refuses such a notification, whoever sends it."""
    found: Json = {}
    for _ in range(depth):
        found = {"in": found}
    return found


class Gateway:
    """Answers POSTs as it is told to, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Json]] = []  # status and headers, for the next ones
        self.taken: list[Json] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = gateway.next(self.headers, body)
                self.send_response(status)
                for name, value in {"Content-Length": 0, **headers}.items():
                    self.send_header(name, str(value))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, headers: Any, body: bytes) -> tuple[int, Json]:
        status, more = self.answers.pop(0) if self.answers else (202, {})
        self.taken.append({"status": status, "headers": dict(headers), "body": body})
        return status, more


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    yield gateway
    gateway.server.shutdown()


def test_a_storage_that_reads_little_at_a_time_is_emptied_all_the_same(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    tocsin: Up,
    postgres: Postgres,
    database: str,
) -> None:
    kinto = make_kinto({**over_postgresql, "kinto.storage_max_fetch_size": 3})
    postgres.audit(database)
    session = kinto.session()
    tocsin.kill()
    session.make_collection("blog/articles")
    for number in range(10):
        session.put(f"{BLOG}/records/r{number}", number=number)
    ids = {id_of_row(row) for row in postgres.audited(database)}
    deleted = session.delete(BLOG)["last_modified"]
    ids |= {
        event_id.derive("kinto", f"{BLOG}/records/r{number}", "delete", deleted)
        for number in range(10)
    }
    tocsin.start()
    everything.wait_for_ids(ids)
    wait_until_it_is_empty(postgres, database)


def test_while_tocsin_is_away_writes_go_on_and_afterwards_everything_arrives_once(
    kinto: Server, everything: Consumer, tocsin: Up, postgres: Postgres, database: str
) -> None:
    postgres.audit(database)
    session = kinto.session()
    tocsin.kill()
    session.make_collection("blog/articles")
    for number in range(40):
        session.put(f"{BLOG}/records/r{number % 10}", number=number)
    assert entries(postgres, database) == 42
    tocsin.start()
    ids = {id_of_row(row) for row in postgres.audited(database)}
    everything.wait_for_ids(ids)
    assert set(everything.counts()) == ids
    wait_until_it_is_empty(postgres, database)


def test_what_tocsin_refuses_is_kept_aside_and_blocks_nothing(
    kinto: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    session.make_collection("blog/articles")
    requests_ = [
        {"method": "PUT", "path": f"{BLOG}/records/{name}", "body": {"data": data}}
        for name, data in (("one", {}), ("deep", nested(70)), ("two", {}))
    ]
    session.request("POST", "/batch", json={"requests": requests_})
    session.put(f"{BLOG}/records/three")
    deliveries = everything.wait_for(5)
    subjects = {str(delivery.cloud_event().get_subject()) for delivery in deliveries}
    assert {f"{BLOG}/records/{name}" for name in ("one", "two", "three")} <= subjects
    wait_until_it_is_empty(postgres, database)
    assert entries(postgres, database, "tocsin-failed") == 1


def test_an_answer_that_is_not_about_the_notification_is_waited_out(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    gateway: Gateway,
    postgres: Postgres,
    database: str,
) -> None:
    statuses = (401, 403, 404, 429, 500, 503)
    kinto = make_kinto({**over_postgresql, "tocsin.url": gateway.url})
    gateway.answers = [(status, {"Retry-After": "0.05"}) for status in statuses]
    kinto.session().put("/buckets/blog")
    until(lambda: len(gateway.taken) == len(statuses) + 1, "it is sent until it is taken")
    assert len({each["body"] for each in gateway.taken}) == 1
    wait_until_it_is_empty(postgres, database)
    assert entries(postgres, database, "tocsin-failed") == 0


def test_the_heartbeat_tells_of_an_outbox_that_is_stuck_if_it_was_asked_to(
    make_kinto: MakeKinto, over_postgresql: Json, tocsin: Up, everything: Consumer
) -> None:
    kinto = make_kinto(
        {**over_postgresql, "tocsin.heartbeat": "true", "tocsin.heartbeat_max_age_seconds": 1}
    )
    assert heartbeat(kinto) == (200, True)
    tocsin.kill()
    kinto.session().put("/buckets/blog")
    until(lambda: heartbeat(kinto) == (503, False), "the heartbeat fails")
    tocsin.start()
    everything.wait_for(1)
    until(lambda: heartbeat(kinto) == (200, True), "the heartbeat is well again")


def heartbeat(kinto: Server) -> tuple[int, bool]:
    answer = requests.get(f"{kinto.url}/__heartbeat__", timeout=20)
    return answer.status_code, answer.json()["tocsin"]


def test_a_full_outbox_refuses_writes_only_if_it_was_told_to(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    tocsin: Up,
    postgres: Postgres,
    database: str,
) -> None:
    kinto = make_kinto({**over_postgresql, "tocsin.outbox_max": 3, "tocsin.when_full": "refuse"})
    session = kinto.session()
    tocsin.kill()

    def put() -> int:
        return session.request("PUT", "/buckets/blog", json={"data": {}}).status_code

    until(lambda: put() == 503, "a write is refused")
    kept = entries(postgres, database)
    assert kept >= 3
    tocsin.start()
    everything.wait_for(kept)
    until(lambda: put() == 200, "writes are taken again")


def test_metrics_tell_what_was_sent_and_what_waits(
    make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer
) -> None:
    includes = "kinto.plugins.prometheus kinto_tocsin"
    kinto = make_kinto({**over_postgresql, "kinto.includes": includes})
    kinto.session().put("/buckets/blog")
    everything.wait_for(1)

    def metrics() -> str:
        return requests.get(f"{kinto.url}/__metrics__", timeout=20).text

    until(lambda: "\nkinto_tocsin_sent_total 1.0\n" in metrics(), "what was sent is counted")
    assert "\nkinto_tocsin_outbox_count " in metrics()
