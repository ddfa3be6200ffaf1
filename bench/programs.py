"""The programs that bench/run starts, and what they print."""

import http.client
import json
import os
import select
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Figures = dict[str, Any]
READY_SECONDS = 120.0


class Program:
    """A server that prints “… ready …” once, and ends on SIGTERM."""

    def __init__(self, *command: str | Path, stdin: bool = False) -> None:
        self.started_at = time.monotonic()
        self.child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE if stdin else None,
            stdout=subprocess.PIPE,
        )
        assert self.child.stdout
        while " ready " not in (line := self.child.stdout.readline().decode()):
            if not line:
                raise RuntimeError(f"{command[0]} ended with {self.child.wait()} before it served")
        self.ready_seconds = time.monotonic() - self.started_at
        self.words = line.split()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.child.terminate()
        self.child.wait(READY_SECONDS)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()

    def memory_mb(self, which: str = "VmRSS") -> float:
        """Resident now (VmRSS), or at the most so far (VmHWM)."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(which))
        return int(kilobytes) / 1024

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.child.pid)


class Baseline(Program):
    def __init__(self, build: Path) -> None:
        super().__init__(build / "bench/bin/baseline")
        self.port = int(self.words[2])
        self.token = None


class Api:
    """What is asked of a gateway, whoever runs it."""

    port: int
    token: str

    def subscribe(self, name: str, url: str, match: Figures | None = None, **more: object) -> None:
        """To an URL; "": where to is said by `more`."""
        document = {"id": name, "match": match or {"type": "**"}, **more}
        if url:
            document["deliver"] = {"url": url}
        self._ask("POST", "/v1/subscriptions", {"data": document})

    def unsubscribe(self, name: str) -> None:
        self._ask("DELETE", f"/v1/subscriptions/{name}")

    def pause(self, name: str) -> None:
        self._ask("POST", f"/v1/subscriptions/{name}/pause")

    def resume(self, name: str) -> None:
        self._ask("POST", f"/v1/subscriptions/{name}/resume")

    def serves(self) -> bool:
        try:
            return self._status("GET", "/v1/__heartbeat__") == 200
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: Figures | None = None) -> None:
        """What is not 2xx ends the run."""
        status = self._status(method, path, body)
        assert status // 100 == 2, (method, path, status)

    def _status(self, method: str, path: str, body: Figures | None = None) -> int:
        """Of one request, on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if body:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


class Tocsin(Program, Api):
    """`tocsin up`, in the release build."""

    def __init__(self, build: Path, data: Path) -> None:
        super().__init__(build / "bin/tocsin", "up", "--data", data, "--listen", "127.0.0.1:0")
        self.port = int(self.words[2].rpartition(":")[2])
        self.token = Path(self.words[3]).read_text().strip()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Daemons(Api):
    """A broker and a gateway as separate programs; the workers are somebody else's."""

    roles: tuple[str, ...] = ("broker", "gateway")

    def keys_of(self, role: str) -> Figures:
        """Its settings of keys; none."""
        return {}

    def __init__(self, build: Path, data: Path) -> None:
        front, self.back, self.feed = (f"tcp://127.0.0.1:{free_port()}" for _ in range(3))
        self.port = free_port()
        settings = {
            "store/url": f"sqlite://{data}/tocsin.db",
            "broker/front": front,
            "broker/back": self.back,
            "broker/feed": self.feed,
            "broker/tells": "0",
            "gateway/brokers": front,
            "worker/brokers": self.back,
            "worker/allow_private_addresses": "1",
            "gateway/listen": f"127.0.0.1:{self.port}",
        }
        config = data / "tocsin.conf"
        config.touch()
        self._starts = [
            (build / f"bin/tocsin-{role}", config, {**settings, **self.keys_of(role)})
            for role in self.roles
        ]
        self.children = [self._start(*start) for start in self._starts]
        token = data / "admin.token"
        wait_until(token.exists, "the broker has made its token")
        self.token = token.read_text().strip()
        wait_until(self.serves, "the gateway has found its broker")

    def _start(self, program: Path, config: Path, settings: Figures) -> "subprocess.Popen[bytes]":
        words = [f"--config={config}", *(f"--set={key}={value}" for key, value in settings.items())]
        return subprocess.Popen([program, *words], stderr=subprocess.DEVNULL)

    def restart_broker(self) -> None:
        """After a kill -9."""
        self.children[0].kill()
        self.children[0].wait(READY_SECONDS)
        self.children[0] = self._start(*self._starts[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self.children:
            child.terminate()
            child.wait(READY_SECONDS)

    def all_cpu_seconds(self) -> float:
        return sum(cpu_seconds(child.pid) for child in self.children)

    def broker_cpu_seconds(self) -> float:
        return cpu_seconds(self.children[0].pid)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it is not so after {READY_SECONDS:g} s: {what}")
        time.sleep(0.02)


def cpu_seconds(pid: int) -> float:
    """Taken so far, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Ordered(Program):
    """One that answers each line with a line of figures."""

    def ask(self, order: str) -> Figures:
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(order.encode() + b"\n")
        self.child.stdin.flush()
        if not select.select([self.child.stdout], [], [], READY_SECONDS)[0]:
            raise RuntimeError(f"“{order}” was not answered within {READY_SECONDS:g} s")
        figures: Figures = json.loads(self.child.stdout.readline())
        return figures


class Crowd(Ordered):
    """Workers that do nothing, in one process."""

    def __init__(self, build: Path, broker: str, workers: int) -> None:
        super().__init__(
            build / "bench/bin/crowd", f"--broker={broker}", f"--workers={workers}", stdin=True
        )


class Ears(Ordered):
    """Listeners to the feed that only count, in one process."""

    def __init__(self, build: Path, feed: str, start: str, count: int) -> None:
        super().__init__(
            build / "bench/bin/ears",
            f"--feed={feed}",
            f"--start={start}",
            f"--ears={count}",
            stdin=True,
        )


class Sink(Program):
    """A consumer whose answers come so many milliseconds after their requests."""

    def __init__(self, build: Path, milliseconds: int = 0) -> None:
        super().__init__(build / "bench/bin/sink", str(milliseconds))
        self.port = int(self.words[2])
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            got: bytes = answer.read()
            return got

    def reset(self) -> None:
        self._get("/reset")

    def stats(self) -> Figures:
        stats: Figures = json.loads(self._get("/stats"))
        return stats

    def wait_for(self, distinct: int, seconds: float) -> Figures:
        """Until so many different events have arrived; one that never does ends the run."""
        return self._wait_for("distinct", distinct, seconds)

    def wait_for_count(self, count: int, seconds: float) -> Figures:
        """Until so many deliveries have arrived, whichever they are."""
        return self._wait_for("count", count, seconds)

    def _wait_for(self, what: str, least: int, seconds: float) -> Figures:
        deadline = time.monotonic() + seconds
        while (stats := self.stats())[what] < least:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{stats[what]} of {least} arrived in {seconds:g} s")
            time.sleep(0.02)
        return stats


class SlowSink(Program):
    def __init__(self, milliseconds: int) -> None:
        super().__init__(
            sys.executable, Path(__file__).with_name("slow_sink.py"), str(milliseconds)
        )
        self.url = f"http://127.0.0.1:{self.words[2]}/hook"


class Load:
    """Runs the generator, with a serial of its own for each event over all runs."""

    def __init__(self, build: Path) -> None:
        self.path = build / "bench/bin/load"
        self.next_serial = 1

    def run(self, server: Baseline | Tocsin | Daemons, **options: object) -> Figures:
        options |= {"port": server.port, "first": self.next_serial}
        if server.token:
            options["token"] = server.token
        words = [f"--{name}={value}" for name, value in options.items()]
        output = subprocess.run([self.path, *words], stdout=subprocess.PIPE, check=True).stdout
        figures: Figures = json.loads(output)
        self.next_serial += figures["sent"]
        return figures


def fdatasync(build: Path, file: Path, count: int) -> Figures:
    """A write and sync of 4 KiB, in a new place ("growing") and in an old one ("over")."""
    command = [str(build / "bench/bin/fdatasync"), str(file), str(count)]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    figures: Figures = json.loads(output)
    return figures
