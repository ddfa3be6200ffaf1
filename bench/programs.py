"""The programs that bench/run starts, and what they print."""

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Figures = dict[str, Any]
READY_SECONDS = 120.0


class Program:
    """A server that prints “… ready …” once, and ends on SIGTERM."""

    def __init__(self, *command: str | Path) -> None:
        self.started_at = time.monotonic()
        self.child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
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
        """Taken so far, in user and kernel."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Baseline(Program):
    def __init__(self, build: Path) -> None:
        super().__init__(build / "bench/bin/baseline")
        self.port = int(self.words[2])
        self.token = None


class Tocsin(Program):
    """`tocsin up`, in the release build."""

    def __init__(self, build: Path, data: Path) -> None:
        super().__init__(build / "bin/tocsin", "up", "--data", data, "--listen", "127.0.0.1:0")
        self.port = int(self.words[2].rpartition(":")[2])
        self.token = Path(self.words[3]).read_text().strip()

    def subscribe(self, name: str, url: str, match: Figures | None = None) -> None:
        document = {"id": name, "match": match or {"type": "**"}, "deliver": {"url": url}}
        self._ask("POST", "/v1/subscriptions", {"data": document})

    def unsubscribe(self, name: str) -> None:
        self._ask("DELETE", f"/v1/subscriptions/{name}")

    def pause(self, name: str) -> None:
        self._ask("POST", f"/v1/subscriptions/{name}/pause")

    def resume(self, name: str) -> None:
        self._ask("POST", f"/v1/subscriptions/{name}/resume")

    def _ask(self, method: str, path: str, body: Figures | None = None) -> None:
        """One request, on a connection of its own; what is not 2xx ends the run."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if body:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status // 100 == 2, (method, path, answer.status, text)


class Sink(Program):
    def __init__(self, build: Path) -> None:
        super().__init__(build / "bench/bin/sink")
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

    def run(self, server: Baseline | Tocsin, **options: object) -> Figures:
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
