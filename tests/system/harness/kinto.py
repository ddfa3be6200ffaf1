"""A real Kinto from PyPI, memory backends, with a listener that tells Tocsin of each change."""

import os
import sys
from pathlib import Path

import kinto_http
import requests

from harness.ports import free_port
from harness.process import Process
from harness.waiting import until

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs/examples"
PLUGIN = ROOT / "kinto"

SETTINGS = """
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}
threads = {threads}

[app:main]
use = egg:kinto
{settings}
"""
START_SECONDS = 90  # it imports much, and it is not the only one
COMMON = {
    "kinto.storage_backend": "kinto.core.storage.memory",
    "kinto.cache_backend": "kinto.core.cache.memory",
    "kinto.permission_backend": "kinto.core.permission.memory",
    "kinto.userid_hmac_secret": "a-secret-for-tests",
    "kinto.bucket_create_principals": "system.Authenticated",
    "kinto.experimental_collection_schema_validation": "true",
    "multiauth.policies": "basicauth",
}


def by_listener(url: str, token: str) -> dict[str, str]:
    """Told by settings alone, with the listener of docs/examples."""
    return {
        "kinto.event_listeners": "tocsin",
        "kinto.event_listeners.tocsin.use": "kinto_listener",
        "kinto.event_listeners.tocsin.url": url,
        "kinto.event_listeners.tocsin.token": token,
    }


def by_plugin(url: str, token: str) -> dict[str, str]:
    """Told by kinto-tocsin, from its outbox."""
    return {"kinto.includes": "kinto_tocsin", "tocsin.url": url, "tocsin.token": token}


class Kinto:
    """Starts when made; ended with the test. tells: by_listener or by_plugin."""

    def __init__(
        self, directory: Path, tells: dict[str, str], threads: int = 4, **more: str
    ) -> None:
        self.directory = directory
        self.threads = threads
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        named = {key.replace("__", "."): value for key, value in more.items()}
        self.settings = {**COMMON, **tells, **named}
        self.process: Process
        self.start()

    def start(self) -> None:
        settings = self.directory / "kinto.ini"
        lines = "\n".join(f"{key} = {value}" for key, value in self.settings.items())
        words = {"port": self.port, "threads": self.threads, "settings": lines}
        settings.write_text(SETTINGS.format(**words))
        path = os.pathsep.join([str(EXAMPLES), str(PLUGIN), os.environ.get("PYTHONPATH", "")])
        kinto = str(Path(sys.executable).with_name("kinto"))  # of the same virtual environment
        command = ["env", f"PYTHONPATH={path}", kinto, "start", "--ini", str(settings)]
        self.process = Process("kinto", command, self.directory)

    def wait_until_it_serves(self) -> None:
        until(self._serves, "Kinto serves", START_SECONDS)

    def _serves(self) -> bool:
        assert self.process.is_running(), self.process.tail()
        try:
            return requests.get(self.url + "/", timeout=5).ok
        except requests.ConnectionError:
            return False

    def client(self, **defaults: str) -> kinto_http.Client:
        return kinto_http.Client(server_url=self.url, auth=("alice", "wonderland"), **defaults)
