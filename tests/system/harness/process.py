"""One process under test: its output, its end, and the signals that it must live with."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from harness.waiting import DEADLINE_SECONDS, until

ROOT = Path(__file__).resolve().parents[3]
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "runtime error:", "WARNING: ThreadSanitizer")


def build_directory() -> Path:
    """TOCSIN_BUILD, or else the build with sanitizers if it is there, or else the release."""
    named = os.environ.get("TOCSIN_BUILD")
    if named:
        return Path(named).resolve()
    debug = ROOT / "build/debug/bin"
    return debug if (debug / "tocsin").exists() else ROOT / "build/bin"


def program(name: str) -> str:
    path = build_directory() / name
    assert path.exists(), f"{path} is not built: cmake --preset debug && cmake --build build/debug"
    return str(path)


class Process:
    """A child that is ended with the test, whatever the test did with it."""

    def __init__(self, name: str, command: Sequence[str], directory: Path) -> None:
        self.name = name
        self.lines: list[str] = []  # of its stdout, without their ends
        self.log = directory / f"{name}.log"  # its stderr, over all its lives
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=directory
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stdout
        for line in self.child.stdout:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))

    @property
    def pid(self) -> int:
        return self.child.pid

    def is_running(self) -> bool:
        return self.child.poll() is None

    def wait_for_line(self, start: str) -> str:
        """The first line of its stdout that starts so; fails at once when it ends before."""

        def look() -> str | None:
            found = next((line for line in self.lines if line.startswith(start)), None)
            if not found and not self.is_running():
                raise AssertionError(f"{self.name} ended with {self.child.poll()}:\n{self.tail()}")
            return found

        return until(look, f"{self.name} prints “{start}…”; its log ends:\n{self.tail()}")

    def wait_for_log(self, *texts: str) -> None:
        """Any of these, anywhere in its stderr."""

        def look() -> bool:
            log = self.log.read_text(errors="replace")
            return any(text in log for text in texts)

        until(look, f"{self.name} says “{'” or “'.join(texts)}”")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """kill -9: nothing of it gets a chance to tidy up."""
        self.child.kill()
        self.child.wait(DEADLINE_SECONDS)

    def terminate(self) -> None:
        self.child.terminate()

    def wait(self) -> int:
        """Its exit code, when it has ended by itself or was asked to."""
        try:
            return self.child.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} does not end; log:\n{self.tail()}") from None

    def stop(self) -> None:
        """SIGTERM, and it must end well: exit code 0, which a leak or a race would spoil."""
        self.terminate()
        code = self.wait()
        assert code == 0, f"{self.name} ended with {code} after SIGTERM; log:\n{self.tail()}"

    def freeze(self) -> None:
        """All of it: while the thread that a signal wakes waits for a core, the others go on."""
        self.child.send_signal(signal.SIGSTOP)
        until(self._stands_still, f"{self.name} stands still")

    def _stands_still(self) -> bool:
        """Or has ended."""
        try:
            stats = [path.read_text() for path in Path(f"/proc/{self.pid}/task").glob("*/stat")]
        except (FileNotFoundError, ProcessLookupError):
            return False  # a thread has ended meanwhile
        return all(stat.rpartition(")")[2].split()[0] in "TZX" for stat in stats)

    def thaw(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    def freeze_for(self, seconds: float) -> None:
        self.freeze()
        threading.Event().wait(seconds)  # being stopped for a time is the play here
        self.thaw()

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def is_connected_to(self, port: int) -> bool:
        """Over TCP and IPv4, by a connection of its own."""
        own = set()
        for path in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it has been closed meanwhile
                own.add(str(path.readlink()))
        for line in Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]:
            _, _, remote, _, *_, inode = line.split()[:10]
            if remote.endswith(f":{port:04X}") and f"socket:[{inode}]" in own:
                return True
        return False

    def end(self) -> None:
        """After the test: gone, whatever state it is in."""
        if self.is_running():
            self.kill()
        self._reader.join(DEADLINE_SECONDS)

    def check_log(self) -> None:
        """Neither a sanitizer nor an assertion may have reported anything."""
        log = self.log.read_text(errors="replace")
        for report in (*SANITIZER_REPORTS, "ASSERT"):
            assert report not in log, f"{self.name} reported “{report}”; log:\n{log[-8000:]}"


class Growth:
    """What processes have taken of memory since this was made, and the most they may."""

    def __init__(self, most_bytes: int, *processes: Process) -> None:
        self.most_bytes = most_bytes
        self.first_bytes = {process: process.resident_bytes() for process in processes}

    def check(self) -> None:
        for process, megabytes in self._megabytes().items():
            assert megabytes << 20 < self.most_bytes, f"{process} has grown by {megabytes} MB"

    def _megabytes(self) -> dict[str, int]:
        return {
            process.name: (process.resident_bytes() - first_bytes) >> 20
            for process, first_bytes in self.first_bytes.items()
        }

    def __str__(self) -> str:
        return f"grown by MB: {self._megabytes()}"
