"""Several processes and nodes over one storage: order, forks, and one that works for all."""

import threading
from collections import defaultdict
from itertools import pairwise

import pytest
from test_outbox import entries, wait_until_it_is_empty

from conftest import MakeKinto
from harness.sink import Consumer
from harness.tocsin import Up
from harness.waiting import until
from postgres import Postgres
from server import Json, Server, Session, id_of_row

CLIENTS = 8
COLLECTIONS = 3
LONG_SECONDS = 120.0
#   On a busy machine a batch may take longer than an operator would wait for it.
ORDERLY = {"kinto.includes": "kinto_tocsin", "tocsin.settle_seconds": 60}


def write(session: Session, number: int, writes: int) -> None:
    """Some single, some in batches, all clients into the same collections."""
    for count in range(writes):
        path = f"/buckets/blog/collections/c{count % COLLECTIONS}/records"
        if count % 4:
            session.request("PUT", f"{path}/w{number}-{count}", json={"data": {"n": count}})
            continue
        body = [
            {"method": "PUT", "path": f"{path}/b{number}-{count}-{i}", "body": {"data": {}}}
            for i in range(5)
        ]
        session.request("POST", "/batch", json={"requests": body})


def write_in_parallel(servers: list[Server], writes: int) -> None:
    sessions = [servers[number % len(servers)].session() for number in range(CLIENTS)]
    threads = [
        threading.Thread(target=write, args=(session, number, writes))
        for number, session in enumerate(sessions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_order(tocsin: Up, rows: list[list[str]]) -> None:
    """In the log, each collection's changes stand in the order of last_modified."""
    client = tocsin.client()
    logged: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for row in rows:
        _, parent, name, _, modified = row
        event = client.event(id_of_row(row))
        logged[parent].append((event["seq"], int(modified), name))
    for parent, changes in logged.items():
        changes.sort()
        for before, after in pairwise(changes):
            assert before[1] <= after[1], (parent, before, after)


def prepare(kinto: Server, postgres: Postgres, database: str) -> None:
    for number in range(COLLECTIONS):
        kinto.session().make_collection(f"blog/c{number}")
    postgres.audit(database)


@pytest.mark.parametrize("writes", [20, pytest.param(2000, marks=pytest.mark.soak)])
def test_eight_clients_of_preforked_processes_are_told_in_order_per_collection(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    tocsin: Up,
    postgres: Postgres,
    database: str,
    writes: int,
) -> None:
    kinto = make_kinto({**over_postgresql, **ORDERLY}, workers=3)
    prepare(kinto, postgres, database)
    write_in_parallel([kinto], writes)
    rows = postgres.audited(database)
    assert len(rows) > CLIENTS * writes
    everything.wait_for_ids([id_of_row(row) for row in rows], LONG_SECONDS)
    check_order(tocsin, rows)
    wait_until_it_is_empty(postgres, database)


def test_what_two_nodes_wrote_while_tocsin_was_away_arrives_in_order(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    tocsin: Up,
    postgres: Postgres,
    database: str,
) -> None:
    settings = {**over_postgresql, **ORDERLY}
    nodes = [make_kinto(settings), make_kinto(settings)]
    prepare(nodes[0], postgres, database)
    until(lambda: entries(postgres, database) == 0, "all of before is told")
    tocsin.kill()
    write_in_parallel(nodes, 20)
    rows = postgres.audited(database)
    tocsin.start()
    everything.wait_for_ids([id_of_row(row) for row in rows], LONG_SECONDS)
    check_order(tocsin, rows)
    wait_until_it_is_empty(postgres, database)
    until(lambda: entries(postgres, database, "tocsin-lease") == 0, "nobody holds the lease")


def test_what_a_killed_node_left_behind_another_one_tells(
    make_kinto: MakeKinto, over_postgresql: Json, everything: Consumer, tocsin: Up
) -> None:
    first = make_kinto(over_postgresql)
    tocsin.kill()
    first.session().make_collection("blog/articles")
    first.process.kill()
    tocsin.start()
    make_kinto(over_postgresql)
    everything.wait_for(2)
