"""A Kinto whose cache is in Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from conftest import MakeKinto
from harness.sink import Consumer
from postgres import Postgres
from redis_server import RedisServer
from server import Json, id_of_row

ACCOUNTS = {
    "kinto.includes": "kinto_tocsin kinto.plugins.accounts",
    "kinto.account_create_principals": "system.Everyone",
    "multiauth.policies": "account",
    "multiauth.policy.account.use": "kinto.plugins.accounts.AccountsPolicy",
}
BLOG = "/buckets/blog/collections/articles"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.end()


def test_with_its_cache_in_redis_every_change_arrives(
    make_kinto: MakeKinto,
    over_postgresql: Json,
    everything: Consumer,
    postgres: Postgres,
    database: str,
    redis_server: RedisServer,
) -> None:
    cache = {
        "kinto.cache_backend": "kinto.core.cache.redis",
        "kinto.cache_url": redis_server.url,
    }
    kinto = make_kinto({**over_postgresql, **ACCOUNTS, **cache})
    postgres.audit(database)
    body = {"data": {"password": "wonderland"}}
    assert requests.put(f"{kinto.url}/accounts/alice", json=body, timeout=30).status_code == 201
    session = kinto.session()
    session.make_collection("blog/articles")
    session.put(f"{BLOG}/records/one", title="The tocsin")
    session.delete(f"{BLOG}/records/one")
    assert redis_server.client.dbsize() == 1  # the login is remembered there
    everything.wait_for_ids(id_of_row(row) for row in postgres.audited(database))
