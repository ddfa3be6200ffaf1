"""A Redis of the tests' own, in memory alone."""

import tempfile
from pathlib import Path

import redis

from harness.ports import free_port
from harness.process import Process
from harness.waiting import until


class RedisServer:
    def __init__(self, directory: Path, port: int | None = None) -> None:
        port = port or free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self.client = redis.Redis(port=port)
        options = ["--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        command = ["redis-server", *options, "--dir", tempfile.gettempdir()]
        self.process = Process("redis", command, directory)
        until(self.serves, "Redis serves")

    def serves(self) -> bool:
        assert self.process.is_running(), self.process.lines
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def end(self) -> None:
        self.client.close()
        self.process.end()
