"""tocsin top: once for scripts, and on a terminal, which it gives back as it was."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.process import program
from harness.tocsin import Up
from harness.waiting import DEADLINE_SECONDS, until


def command(tocsin: Up, *options: str) -> list[str]:
    return [program("tocsin"), "top", f"--url={tocsin.url}", f"--token={tocsin.token}", *options]


class Terminal:
    """A screen, and what `tocsin top` writes on it."""

    def __init__(self, tocsin: Up, *options: str) -> None:
        self.ours, self.theirs = pty.openpty()
        self.resize(24, 100)
        self.before = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(
            command(tocsin, *options),
            stdin=self.theirs,
            stdout=self.theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.said = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self) -> str:
        """All that it has said so far."""
        while select.select([self.ours], [], [], 0.05)[0]:
            self.said += self._decoder.decode(os.read(self.ours, 65536))
        return self.said

    def frames(self) -> list[list[str]]:
        """Whole ones, as lines."""
        whole = self.read().split("\x1b[J")[:-1]
        return [re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", each).split("\r\n") for each in whole]

    def wait_for_frame(self, what: str) -> list[str]:
        """The last one, once it says that."""

        def look() -> list[str] | None:
            last: list[str] = (self.frames() or [[]])[-1]
            return last if what in "".join(last) else None

        return until(look, f"the screen says {what}")

    def press(self, key: bytes) -> None:
        os.write(self.ours, key)

    def wait_for_end(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)

    def is_as_it_was(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.before and self.read().endswith("\x1b[?1049l")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)


@contextmanager
def terminal(tocsin: Up, *options: str) -> Iterator[Terminal]:
    opened = Terminal(tocsin, *options)
    try:
        until(opened.frames, "the first frame is there")
        yield opened
    finally:
        opened.close()


def test_once_shows_workers_rates_and_what_has_something_to_do(tocsin: Up) -> None:
    deliver = {"url": "http://127.0.0.1:9/"}
    breaker = {"failures": 1}
    client = tocsin.client()
    client.subscribe({"id": "down", "match": {}, "deliver": deliver, "breaker": breaker})
    client.subscribe({"id": "idle", "match": {"type": "nobody.sends.this"}, "deliver": deliver})
    client.publish()
    until(
        lambda: client.get("/v1/subscriptions/down/state").json()["data"]["status"] == "broken",
        "its breaker is open",
    )
    done = subprocess.run(
        command(tocsin, "--once", "--interval=0.2"), capture_output=True, text=True, check=True
    )
    assert "\x1b" not in done.stdout
    assert "a second: 0 in" in done.stdout
    assert re.search(r"^worker-1 +active +\[[#.]{20}\] +\d+ +256 ", done.stdout, re.M)
    assert re.search(r"^down +broken +.* BREAKER_OPEN ", done.stdout, re.M)
    assert "idle" not in done.stdout
    assert "breakers open 1" in done.stdout


def test_the_screen_is_renewed_and_keeps_to_its_size(tocsin: Up) -> None:
    with terminal(tocsin, "--interval=0.2") as screen:
        screen.wait_for_frame(" 0 events")
        tocsin.client().publish()
        screen.wait_for_frame(" 1 events")
        screen.resize(8, 40)
        os.kill(screen.process.pid, signal.SIGWINCH)
        small = until(
            lambda: next((each for each in screen.frames()[-1:] if len(each) <= 8), None),
            "it has noticed that there is less room",
        )
        assert max(len(line) for line in small) <= 40


@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "ctrl_c"])
def test_a_key_ends_it_and_the_terminal_is_as_it_was(tocsin: Up, key: bytes) -> None:
    with terminal(tocsin, "--interval=3600") as screen:
        screen.press(key)
        assert screen.wait_for_end() == 0
        assert screen.is_as_it_was()


def test_a_broker_that_goes_is_told_on_the_screen(tocsin: Up) -> None:
    with terminal(tocsin, "--interval=0.2") as screen:
        screen.wait_for_frame("worker-1")
        tocsin.stop()
        frame = screen.wait_for_frame("no gateway answers")
        assert any("worker-1" in line for line in frame), "what was seen last stays"
        screen.press(b"q")
        assert screen.wait_for_end() == 0


def test_into_a_pipe_it_prints_one_look_below_the_other(tocsin: Up) -> None:
    process = subprocess.Popen(
        command(tocsin, "--interval=0.1"),
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout
    try:
        titles = 0
        while titles < 3:
            line = process.stdout.readline()
            assert line, "it ended"
            titles += line.startswith("tocsin top")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_who_may_not_look_is_told(tocsin: Up) -> None:
    token = tocsin.make_token("events:read", "workers:read")
    done = subprocess.run(
        [program("tocsin"), "top", "--once", f"--url={tocsin.url}", f"--token={token}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode > 0
    assert "subscriptions:read" in done.stderr
