"""A real Kinto over PostgreSQL: what is committed arrives, and nothing else."""

from functools import partial

from harness.sink import Consumer
from harness.waiting import until
from postgres import Postgres
from server import Server, id_of_change

BLOG = "/buckets/blog/collections/articles"


def entries(postgres: Postgres, database: str, resource: str = "tocsin-outbox") -> int:
    """Whatever is in the storage, tombstones too."""
    where = f"resource_name = '{resource}'"
    return int(postgres.sql(f"SELECT count (*) FROM objects WHERE {where}", database))


def has_fewer(postgres: Postgres, database: str, than: int) -> bool:
    return entries(postgres, database) < than


def wait_until_it_is_empty(postgres: Postgres, database: str) -> None:
    """However much it is: as long as it becomes less."""
    while left := entries(postgres, database):
        until(partial(has_fewer, postgres, database, left), f"of {left} entries some leave")


def test_every_change_arrives_once_and_nothing_is_left_in_the_storage(
    kinto: Server, everything: Consumer, postgres: Postgres, database: str
) -> None:
    session = kinto.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/one", title="The tocsin")
    session.put(f"{BLOG}/records/one", title="The bell")
    session.delete(f"{BLOG}/records/one")

    expected = {id_of_change(entry) for entry in session.history("blog")}
    assert len(expected) == 5
    everything.wait_for_ids(expected)
    assert set(everything.counts()) == expected
    wait_until_it_is_empty(postgres, database)
    assert entries(postgres, database, "tocsin-lease") == 0
