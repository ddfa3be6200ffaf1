"""A real Kinto from PyPI, memory backends, with a listener that tells Tocsin of each change."""

import os
import sys
from pathlib import Path

import kinto_http
import requests

from harness.ports import free_port
from harness.process import Process
from harness.waiting import until

EXAMPLES = Path(__file__).resolve().parents[3] / "docs/examples"

SETTINGS = """
[server:main]
use = egg:waitress#main
listen = 127.0.0.1:{port}

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = a-secret-for-tests
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
kinto.event_listeners = tocsin
kinto.event_listeners.tocsin.use = kinto_listener
kinto.event_listeners.tocsin.url = {tocsin_url}
kinto.event_listeners.tocsin.token = {tocsin_token}
"""


class Kinto:
    """Starts when made; ended with the test."""

    def __init__(self, directory: Path, tocsin_url: str, tocsin_token: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v1"
        settings = directory / "kinto.ini"
        settings.write_text(
            SETTINGS.format(port=self.port, tocsin_url=tocsin_url, tocsin_token=tocsin_token)
        )
        path = os.pathsep.join([str(EXAMPLES), os.environ.get("PYTHONPATH", "")])
        kinto = str(Path(sys.executable).with_name("kinto"))  # of the same virtual environment
        command = ["env", f"PYTHONPATH={path}", kinto, "start"]
        self.process = Process("kinto", [*command, "--ini", str(settings)], directory)

    def wait_until_it_serves(self) -> None:
        until(self._serves, "Kinto serves")

    def _serves(self) -> bool:
        assert self.process.is_running(), self.process.tail()
        try:
            return requests.get(self.url + "/", timeout=5).ok
        except requests.ConnectionError:
            return False

    def client(self, **defaults: str) -> kinto_http.Client:
        return kinto_http.Client(server_url=self.url, auth=("alice", "wonderland"), **defaults)
