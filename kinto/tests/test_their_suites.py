"""The test suites of others with the plug-in included: Kinto's own, and the functional one of
kinto-http. Both are fetched, as their releases have them, when they are run.

They have fixed ports: so each runs in a network of its own (root may make one).
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.network import Namespace
from harness.tocsin import Up
from postgres import Postgres
from redis_server import RedisServer
from server import HERE, Json, Server, postgresql

pytestmark = pytest.mark.soak

#   What their suites need beside what ours do. Pinned, as ours is.
TOOLS = [
    "pytest-mock==3.17.0",
    "pytest-asyncio==1.5.0",
    "WebTest==3.0.7",
    "bravado==12.0.1",
    "flex==6.14.1",
    "statsd==4.0.1",
    "werkzeug==3.1.9",
    "sentry-sdk==2.75.0",
    "pg8000==1.31.6",
    "python-memcached==1.62",
]
KINTO_PORT = 8888
REDIS_PORT = 6379
INCLUDES = ("kinto.plugins.flush", "kinto.plugins.accounts", "kinto_attachment", "kinto_tocsin")
#   It compares all capabilities with a list: there is one more.
EXPECTED_FAILURES = {
    "tests/core/test_views_hello.py::APICapabilitiesTest"
    "::test_list_of_capabilities_contains_basicauth_by_default"
}
COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped)")


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", *words, "-q", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def release(project: str, directory: Path) -> Path:
    """The sources of the version that is installed."""
    version = importlib.metadata.version(project)
    where = ["--no-deps", "--no-binary", ":all:", "--dest", str(directory)]
    pip("download", *where, f"{project}=={version}")
    (archive,) = directory.glob(f"{project.replace('-', '_')}-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / archive.name.removesuffix(".tar.gz")


#   Whatever is fetched comes before the network of one's own, in which there is nothing to fetch.


@pytest.fixture(scope="module")
def kinto_http_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release("kinto-http", tmp_path_factory.mktemp("kinto-http"))


@pytest.fixture(scope="module")
def kinto_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release("kinto", tmp_path_factory.mktemp("kinto"))


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tools")
    pip("install", "--target", str(place), *TOOLS)
    return place


@pytest.fixture
def network() -> Iterator[Namespace]:
    network = Namespace()
    with network.inside():
        yield network
    network.end()


@pytest.fixture
def localhost_postgres(network: Namespace) -> Iterator[Postgres]:
    """Where their suites look for one."""
    postgres = Postgres(listen="127.0.0.1")
    yield postgres
    postgres.end()


@pytest.fixture
def localhost_redis(network: Namespace, tmp_path: Path) -> Iterator[None]:
    """Likewise."""
    server = RedisServer(tmp_path, REDIS_PORT)
    yield
    server.end()


def run_pytest(suite: Path, tools: Path, environment: Json, *words: str) -> tuple[str, set[str]]:
    """What it says in the end, and what failed."""
    paths = [str(HERE.parent), str(HERE), str(tools)]
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-o", "addopts=", *words]
    done = subprocess.run(
        command,
        cwd=suite,
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    end = done.stdout[-6000:]
    assert COUNTS.search(end), end + done.stderr[-3000:]
    print(end)
    return end, set(failed)


def test_the_functional_suite_of_kinto_http_passes(
    kinto_http_suite: Path,
    tools: Path,
    tocsin_inside: Up,
    localhost_postgres: Postgres,
    tmp_path: Path,
) -> None:
    database = localhost_postgres.make_database()
    settings = {
        **postgresql(localhost_postgres.url(database)),
        "tocsin.url": tocsin_inside.url,
        "tocsin.token": tocsin_inside.make_token("events:write"),
        "kinto.includes": " ".join(INCLUDES),
        "kinto.paginate_by": 5,
        "multiauth.policies": "account",
        "multiauth.policy.account.use": "kinto.plugins.accounts.AccountsPolicy",
        "kinto.account_create_principals": "system.Everyone",
        "kinto.account_write_principals": "account:user",
        "kinto.bucket_create_principals": "account:user",
        "kinto.attachment.base_path": tmp_path,
        "kinto.experimental_permissions_endpoint": "true",
    }
    kinto = Server(tmp_path, settings, port=KINTO_PORT)
    migrate = kinto.command("kinto", "migrate", "--ini", str(kinto.ini))
    subprocess.run(migrate, check=True, capture_output=True)
    try:
        kinto.start().wait_until_it_serves()
        tests = ["tests/test_functional.py", "tests/test_functional_async.py"]
        end, failed = run_pytest(kinto_http_suite, tools, {}, *tests)
        assert not failed, end
        assert tocsin_inside.metric("tocsin_events_accepted_total") > 100
    finally:
        kinto.end()


@pytest.fixture
def tocsin_inside(network: Namespace, tmp_path: Path) -> Iterator[Up]:
    with Up(tmp_path) as up:
        yield up


def test_what_passes_in_kintos_own_suite_passes_with_the_plug_in(
    kinto_suite: Path,
    tools: Path,
    tocsin_inside: Up,
    localhost_postgres: Postgres,
    localhost_redis: None,
    tmp_path: Path,
) -> None:
    localhost_postgres.sql("CREATE DATABASE testdb")
    environment = {
        "TOCSIN_URL": tocsin_inside.url,
        "TOCSIN_TOKEN": tocsin_inside.make_token("events:write"),
        "TOCSIN_SPOOL_DIR": str(tmp_path / "spool"),
    }
    words = ["-p", "with_plug_in", "--ignore=tests/browser.py", "--ignore=tests/functional.py"]
    end, failed = run_pytest(kinto_suite, tools, environment, *words, "tests")
    failed -= EXPECTED_FAILURES
    #   A memcached, a name to resolve: what is not there in its network fails by itself.
    _, without = run_pytest(kinto_suite, tools, {}, *sorted(failed)) if failed else ("", set())
    assert not failed - without, end
