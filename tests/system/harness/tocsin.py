"""Tocsin as its users run it: `tocsin up`, or broker, gateway and workers as separate daemons."""

import itertools
import json
import subprocess
from pathlib import Path
from typing import Self

import requests

from harness.client import Client, Json
from harness.ports import free_port
from harness.process import Process, program
from harness.waiting import DEADLINE_SECONDS, until


def run(*arguments: str, name: str = "tocsin") -> "subprocess.CompletedProcess[str]":
    """A command that ends by itself."""
    return subprocess.run(
        [program(name), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def with_defaults(settings: dict[str, object]) -> dict[str, object]:
    """A play counts its own events: what Tocsin tells of itself is told only if it asks for it."""
    named = {key.replace("__", "/"): value for key, value in settings.items()}
    return {"broker/tells": 0, **named}


def set_options(settings: dict[str, object]) -> list[str]:
    return [f"--set={key}={value}" for key, value in settings.items()]


class Tocsin:
    """What both forms have: a URL, an admin token, and processes that end with the `with`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.url = ""
        self._lives: list[Process] = []

    @property
    def token(self) -> str:
        return (self.data / "admin.token").read_text().strip()

    def client(self, token: str | None = None) -> Client:
        """With the admin token, unless told otherwise; one for each thread."""
        return Client(self.url, token or self.token)

    def stranger(self) -> Client:
        """Without any token."""
        return Client(self.url, None)

    def make_token(self, *scopes: str) -> str:
        answer = self.client().post("/v1/tokens", {"data": {"name": "test", "scopes": scopes}})
        assert answer.status_code == 201, (answer.status_code, answer.text)
        token: str = answer.json()["data"]["token"]
        return token

    def say(self, command: str, *words: str) -> str:
        """What a command about it prints."""
        answer = run(command, f"--url={self.url}", f"--token={self.token}", *words)
        assert answer.returncode == 0, (answer.stdout, answer.stderr)
        return answer.stdout

    def status(self) -> Json:
        """What `tocsin status --json` says."""
        status: Json = json.loads(self.say("status", "--json"))
        return status

    def metric(self, name: str) -> float:
        """One number of /metrics, over all its labels."""
        text = self.client().get("/metrics").text
        lines = [line for line in text.splitlines() if line.partition("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def start_process(self, name: str, command: list[str]) -> Process:
        process = Process(name, command, self.directory)
        self._lives.append(process)
        return process

    def __enter__(self) -> Self:
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Starts what serves, and returns when it does."""
        raise NotImplementedError

    def end(self) -> None:
        lives, self._lives = self._lives, []
        for process in lives:
            process.end()
        for process in lives:
            process.check_log()


class Up(Tocsin):
    """`tocsin up`: all three in one process."""

    def __init__(self, directory: Path, **settings: object) -> None:
        super().__init__(directory)
        self.settings = with_defaults(settings)
        self.port = free_port()
        self.process: Process

    def begin(self) -> None:
        self.start()

    def start(self) -> Process:
        listen = f"--listen=127.0.0.1:{self.port}"
        command = [program("tocsin"), "up", f"--data={self.data}", listen]
        self.process = self.start_process("up", [*command, *set_options(self.settings)])
        ready = self.process.wait_for_line("tocsin ready ")
        self.url = ready.split(" ")[2]
        return self.process

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        self.process.stop()


class Daemons(Tocsin):
    """A broker and a gateway, and as many workers as are started."""

    def __init__(self, directory: Path, **settings: object) -> None:
        super().__init__(directory)
        front, back, feed = (f"tcp://127.0.0.1:{free_port()}" for _ in range(3))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings: dict[str, object] = {
            "store/url": f"sqlite://{self.data}/tocsin.db",
            "broker/front": front,
            "broker/back": back,
            "broker/feed": feed,
            "gateway/listen": f"127.0.0.1:{self.port}",
            "gateway/brokers": front,
            "worker/brokers": back,
            "worker/allow_private_addresses": 1,
            **with_defaults(settings),
        }
        self.workers: dict[str, Process] = {}
        self._worker_names = (f"worker-{number}" for number in itertools.count(1))
        self.broker: Process
        self.gateway: Process

    def begin(self) -> None:
        self.start_broker()
        self.start_gateway()
        until(self.serves, "the gateway has found its broker")

    def _start_daemon(self, role: str, name: str, **more: object) -> Process:
        config = self.directory / "tocsin.conf"
        config.touch()
        more = {key.replace("__", "/"): value for key, value in more.items()}
        options = set_options({**self.settings, **more})
        return self.start_process(name, [program(role), f"--config={config}", *options])

    def start_broker(self) -> Process:
        self.broker = self._start_daemon("tocsin-broker", "broker")
        return self.broker

    def start_gateway(self) -> Process:
        self.gateway = self._start_daemon("tocsin-gateway", "gateway")
        return self.gateway

    def start_worker(self, name: str | None = None, **settings: object) -> str:
        """Its name; it has joined when status() says so."""
        name = name or next(self._worker_names)
        self.workers[name] = self._start_daemon(
            "tocsin-worker", name, worker__name=name, **settings
        )
        return name

    def serves(self) -> bool:
        for process in (self.broker, self.gateway):
            assert process.is_running(), f"{process.name} ended: {process.tail()}"
        try:
            return requests.get(self.url + "/v1/__heartbeat__", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def worker_names(self) -> list[str]:
        """Of those that the broker counts as its own, in order."""
        return sorted(worker["name"] for worker in self.status()["workers"])

    def wait_for_workers(self, *names: str) -> None:
        until(lambda: self.worker_names() == sorted(names), f"the workers are {names}")
