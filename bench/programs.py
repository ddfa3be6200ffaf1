"""The programs that bench/run starts, and what they print."""

import json
import os
import subprocess
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

    def subscribe(self, name: str, url: str) -> None:
        document = {"id": name, "match": {"type": "**"}, "deliver": {"url": url}}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/subscriptions",
            data=json.dumps({"data": document}).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201, answer.status


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
        deadline = time.monotonic() + seconds
        while (stats := self.stats())["distinct"] < distinct:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{stats['distinct']} of {distinct} arrived in {seconds:g} s")
            time.sleep(0.02)
        return stats


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
