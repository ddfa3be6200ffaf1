"""kill -9 under writes, and the accounts afterwards: one event for each commit, and no other.

The ground truth is PostgreSQL's: a trigger notes each row that changes, in the same transaction.
(Kinto's history is not: it keeps what a batch did before one of its requests met a conflict, and
all was rolled back.)
"""

import random
import threading
from collections.abc import Callable

import pytest
import requests
from test_outbox import entries, wait_until_it_is_empty

from conftest import MakeKinto
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from postgres import Postgres
from server import AUTH, Json, Server, id_of_row

WRITERS = 4
LONGEST_LIFE_SECONDS = 0.8
SETTLED_SECONDS = 120.0


class Writers:
    """Clients that change what they like, and mind no answer."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.stop = threading.Event()
        self.answers = 0
        seeds = random.Random(seed)
        self.threads = [
            threading.Thread(target=self._write, args=(random.Random(seeds.random()), number))
            for number in range(WRITERS)
        ]
        for thread in self.threads:
            thread.start()

    def _write(self, dice: random.Random, number: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            session.auth = AUTH
            while not self.stop.is_set():
                method, path, body = self._next(dice, number)
                try:
                    session.request(method, self.url + path, json=body, timeout=10)
                    self.answers += 1
                except requests.RequestException:
                    self.stop.wait(0.02)

    def _next(self, dice: random.Random, number: int) -> tuple[str, str, Json | None]:
        collection = f"/buckets/blog/collections/c{dice.randrange(3)}"
        record = f"{collection}/records/r{dice.randrange(20)}"
        data = {"number": dice.randrange(1000), "writer": number}
        choices: list[Callable[[], tuple[str, str, Json | None]]] = [
            lambda: ("PUT", record, {"data": data}),
            lambda: ("PUT", record, {"data": data}),
            lambda: ("POST", f"{collection}/records", {"data": data}),
            lambda: ("PUT", record, {"data": {**data, "abort": True}}),
            lambda: ("PATCH", record, {"data": data}),
            lambda: ("DELETE", record, None),
            lambda: ("POST", "/batch", batch(collection, dice, abort=False)),
            lambda: ("POST", "/batch", batch(collection, dice, abort=True)),
        ]
        if dice.random() < 0.02:
            return "DELETE", f"{collection}/records", None
        return dice.choice(choices)()

    def wait_for_answers(self) -> None:
        enough = self.answers + 5
        until(lambda: self.answers > enough, "something is answered", SETTLED_SECONDS)

    def end(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


def batch(collection: str, dice: random.Random, abort: bool) -> Json:
    records = [f"{collection}/records/b{dice.randrange(50)}" for _ in range(dice.randrange(1, 8))]
    bodies = [{"data": {"number": dice.randrange(1000)}} for _ in records]
    if abort:
        bodies[-1]["data"]["abort"] = 1
    requests_ = [
        {"method": "PUT", "path": path, "body": body}
        for path, body in zip(records, bodies, strict=True)
    ]
    return {"requests": requests_}


def play(
    kinto: Server, dice: random.Random, rounds: int, also: Callable[[random.Random], None]
) -> None:
    """Some lives of a Kinto under writes."""
    writers = Writers(kinto.url, dice.randrange(1 << 30))
    try:
        for _ in range(rounds):
            writers.wait_for_answers()
            writers.stop.wait(dice.uniform(0, LONGEST_LIFE_SECONDS))
            kinto.process.kill()
            also(dice)
            kinto.start()
    finally:
        writers.end()


def check_accounts(
    kinto: Server, everything: Consumer, tocsin: Up, postgres: Postgres, database: str, seed: int
) -> None:
    kinto.wait_until_it_serves()
    waiting = entries(postgres, database)
    wait_until_it_is_empty(postgres, database)
    again = f"repeat: pytest -k kill_rounds --seed {seed}"
    changes = [possible_ids(row) for row in postgres.audited(database)]
    print(f"{len(changes)} changes were committed; {waiting} waited in the outbox at the end")
    assert len(set().union(*changes)) == sum(map(len, changes)), "no change is like another"
    client = tocsin.client()
    logged = [
        [event_id for event_id in ids if client.get(f"/v1/events/{event_id}").status_code == 200]
        for ids in changes
    ]
    lost = [ids for ids, found in zip(changes, logged, strict=True) if len(found) != 1]
    assert not lost, (again, lost[:3])
    expected = {found[0] for found in logged}
    everything.wait_for_ids(expected, SETTLED_SECONDS)
    told = set(everything.counts())
    assert told == expected, (again, sorted(told - expected)[:5])


def possible_ids(row: list[str]) -> set[str]:
    """Of the one event of a committed row.

    A PUT that found a record, which another request deletes before it writes, is an update to Kinto
    and a create to the database; and the other way round.
    """
    *what, action, modified = row
    actions = ("delete",) if action == "delete" else ("create", "update")
    return {id_of_row([*what, action, modified]) for action in actions}


@pytest.fixture
def blog(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    postgres: Postgres,
    database: str,
) -> Server:
    postgres.audit(database)
    includes = "kinto_tocsin hooks"
    kinto = make_kinto({**over_postgresql, "kinto.includes": includes})
    session = kinto.session()
    for number in range(3):
        session.make_collection(f"blog/c{number}")
    return kinto


def test_a_kinto_that_is_killed_under_writes_tells_of_each_commit_and_of_nothing_else(
    blog: Server, everything: Consumer, tocsin: Up, postgres: Postgres, database: str,
    rounds: int, seed: int,
) -> None:  # fmt: skip
    play(blog, random.Random(seed), rounds, lambda dice: None)
    check_accounts(blog, everything, tocsin, postgres, database, seed)


def test_with_tocsin_killed_as_well_the_accounts_are_the_same(
    blog: Server, everything: Consumer, tocsin: Up, postgres: Postgres, database: str,
    rounds: int, seed: int,
) -> None:  # fmt: skip
    def kill_tocsin(dice: random.Random) -> None:
        if dice.random() < 0.5:
            tocsin.kill()
            tocsin.start()

    play(blog, random.Random(seed), rounds, kill_tocsin)
    check_accounts(blog, everything, tocsin, postgres, database, seed)
