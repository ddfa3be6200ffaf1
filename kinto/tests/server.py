"""A real Kinto with the plug-in, over memory or PostgreSQL; in one process or several."""

import os
import sys
from pathlib import Path
from typing import Any

import kinto_http
import requests

from harness.ports import free_port
from harness.process import Process
from harness.waiting import until
from kinto_tocsin import event_id

Json = dict[str, Any]
AUTH = ("alice", "wonderland")
HERE = Path(__file__).resolve().parent
#   Kinto's may be another one than that of the tests: `tests/run pythons` tries them all.
PYTHON = os.environ.get("KINTO_PYTHON", sys.executable)

SETTINGS = """
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}
threads = 8

[app:main]
use = egg:kinto
{settings}

[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = plain

[logger_root]
level = WARNING
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain

[formatter_plain]
format = %(asctime)s %(process)d %(levelname)s %(name)s %(message)s
"""

MEMORY = {
    "kinto.storage_backend": "kinto.core.storage.memory",
    "kinto.permission_backend": "kinto.core.permission.memory",
}
COMMON = {
    "kinto.cache_backend": "kinto.core.cache.memory",
    "kinto.userid_hmac_secret": "a-secret-for-tests",
    "kinto.bucket_create_principals": "system.Authenticated",
    "multiauth.policies": "basicauth",
    "kinto.includes": "kinto_tocsin kinto.plugins.history kinto.plugins.default_bucket",
    "tocsin.poll_seconds": 1,
    "tocsin.max_backoff_seconds": 0.5,
}


def postgresql(url: str) -> Json:
    return {
        "kinto.storage_backend": "kinto.core.storage.postgresql",
        "kinto.storage_url": url,
        "kinto.permission_backend": "kinto.core.permission.postgresql",
        "kinto.permission_url": url,
        "kinto.storage_pool_size": 12,
    }


class Server:
    """Starts when told to; its port stays its own over all its lives."""

    def __init__(
        self, directory: Path, settings: Json, workers: int = 0, port: int | None = None
    ) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.workers = workers
        self.ini = directory / f"kinto-{self.port}.ini"
        lines = [f"{name} = {value}" for name, value in {**COMMON, **settings}.items()]
        self.ini.write_text(SETTINGS.format(port=self.port, settings="\n".join(lines)))
        self.process: Process

    def command(self, *words: str) -> list[str]:
        """Of the program of the same virtual environment."""
        return [str(Path(PYTHON).with_name(words[0])), *words[1:]]

    def start(self) -> "Server":
        if self.workers:
            command = self.command("gunicorn", "--paste", str(self.ini), "--preload")
            command += ["--bind", f"127.0.0.1:{self.port}", "--workers", str(self.workers)]
        else:
            command = self.command("kinto", "start", "--ini", str(self.ini))
        clean = [f"--unset={name}" for name in os.environ if "TOCSIN" in name]
        clean.append(f"PYTHONPATH={os.pathsep.join([str(HERE.parent), str(HERE)])}")
        name = f"kinto-{self.port}"
        self.process = Process(name, ["env", *clean, *command], self.directory)
        return self

    def wait_until_it_serves(self) -> "Server":
        until(self.serves, "Kinto serves")
        return self

    def serves(self) -> bool:
        assert self.process.is_running(), self.process.tail()
        try:
            return requests.get(self.url + "/", timeout=5).ok
        except requests.ConnectionError:
            return False

    def hello(self) -> Json:
        found: Json = requests.get(self.url + "/", timeout=5).json()
        return found

    def client(self, **more: Any) -> kinto_http.Client:
        return kinto_http.Client(server_url=self.url, auth=AUTH, **more)

    def session(self) -> "Session":
        return Session(self.url)

    def end(self) -> None:
        self.process.end()


class Session:
    """A bare client, for one thread: what kinto_http would hide is to be seen."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = AUTH

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=30, **options)

    def put(self, path: str, **data: Any) -> Json:
        answer = self.request("PUT", path, json={"data": data})
        assert answer.status_code in (200, 201), (answer.status_code, answer.text)
        found: Json = answer.json()["data"]
        return found

    def delete(self, path: str) -> Any:
        answer = self.request("DELETE", path)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return answer.json()["data"]

    def make_collection(self, path: str) -> None:
        """`blog/articles`"""
        bucket, collection = path.split("/")
        self.put(f"/buckets/{bucket}")
        self.put(f"/buckets/{bucket}/collections/{collection}")

    def history(self, bucket: str) -> list[Json]:
        """Every change that was committed in a bucket, as Kinto's own plug-in kept it."""
        entries: list[Json] = []
        url = f"{self.url}/buckets/{bucket}/history?_limit=1000"
        while url:
            answer = self.session.get(url, timeout=30)
            assert answer.status_code == 200, answer.text
            entries += answer.json()["data"]
            url = answer.headers.get("Next-Page", "")
        return entries


def id_of_row(row: list[str]) -> str:
    """The id that the event of this committed row must have."""
    resource, parent, object_id, action, modified = row
    return event_id.derive("kinto", f"{parent}/{resource}s/{object_id}", action, int(modified))


def id_of_change(entry: Json) -> str:
    """The id that the event of this entry of the history must have."""
    modified = entry["target"]["data"]["last_modified"]
    return event_id.derive("kinto", entry["uri"], entry["action"], modified)
