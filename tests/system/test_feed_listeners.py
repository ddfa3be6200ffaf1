"""The listeners of docs/feed.md, as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.process import ROOT, Process
from harness.tocsin import Daemons
from harness.waiting import until

PAGE = ROOT / "docs/feed.md"


def text_of(daemons: Daemons, language: str) -> str:
    """The example in that language, with another endpoint."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found, language
    endpoint = "tcp://127.0.0.1:7103"
    assert endpoint in found[1]
    return found[1].replace(endpoint, str(daemons.settings["broker/feed"]))


def python(daemons: Daemons, place: Path) -> list[str]:
    (place / "listen.py").write_text(text_of(daemons, "python"))
    return [sys.executable, str(place / "listen.py")]


def javascript(daemons: Daemons, place: Path) -> list[str]:
    (place / "listen.mjs").write_text(text_of(daemons, "javascript"))
    modules = place / "node_modules"
    modules.mkdir()
    (modules / "zeromq").symlink_to(ROOT / "build/node/node_modules/zeromq")
    (modules / "tocsin-worker").symlink_to(ROOT / "sdk/node")
    return ["node", str(place / "listen.mjs")]


def c(daemons: Daemons, place: Path) -> list[str]:
    (place / "listen.c").write_text(text_of(daemons, "c"))
    flags = ["pkg-config", "--cflags", "--libs", "libzmq", "msgpack"]
    found = subprocess.run(flags, capture_output=True, text=True, check=True).stdout.split()
    program = place / "listen"
    source = str(place / "listen.c")
    subprocess.run(["cc", "-Wall", "-Werror", "-o", program, source, *found], check=True)
    return [str(program)]


@pytest.mark.parametrize("make", [python, javascript, c])
def test_a_listener_of_the_page_hears_what_its_subscription_matches(
    daemons: Daemons, tmp_path: Path, make: object
) -> None:
    assert callable(make)
    client = daemons.client()
    client.subscribe(
        {
            "id": "caches",
            "mode": "broadcast",
            "match": {"type": "test.**"},
            "action": {"name": "exec", "program": "forget"},
        }
    )
    place = tmp_path / "listener"
    place.mkdir()
    listener: Process = daemons.start_process("listener", make(daemons, place))

    def is_heard() -> bool:
        """It takes a moment until the broker knows of it."""
        client.publish(type="other.thing", subject="/not/told")
        client.publish(type="test.thing", subject="/told", data={"a": "b"})
        assert listener.is_running(), listener.tail()
        return any("/told" in line and "test.thing" in line for line in listener.lines)

    until(is_heard, "it is heard")
    assert not any("/not/told" in line for line in listener.lines)
    assert not any("missed" in line for line in listener.lines)
