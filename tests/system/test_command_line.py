"""The command line: what goes wrong is one clear line and a non-zero exit."""

import socket
from pathlib import Path

import pytest

from harness.tocsin import Daemons, Up, run

USAGE, CONFIGURATION = 64, 78  # as in sysexits.h


def complaint(*arguments: str, name: str = "tocsin", code: int | None = None) -> str:
    """The one line that it says before it gives up; what it did until then may be in the log."""
    done = run(*arguments, name=name)
    assert done.returncode > 0, (done.returncode, done.stdout, done.stderr)
    assert code is None or done.returncode == code, (done.returncode, done.stderr)
    lines = [line for line in done.stderr.strip().splitlines() if " notice " not in line]
    assert len(lines) == 1, done.stderr
    assert done.stdout == ""
    return lines[0]


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        line = complaint("up", f"--data={tmp_path / 'data'}", f"--listen={address}", code=1)
    assert address in line
    assert "in use" in line


def test_a_port_in_use_by_another_broker(daemons: Daemons, tmp_path: Path) -> None:
    front = str(daemons.settings["broker/front"])
    store = f"--set=store/url=sqlite://{tmp_path}/other.db"
    line = complaint(store, f"--set=broker/front={front}", name="tocsin-broker", code=1)
    assert front in line
    assert "in use" in line


@pytest.mark.parametrize("directory", ["/proc/tocsin", "/dev/null"])
def test_a_directory_that_cannot_be_written(directory: str) -> None:
    assert directory in complaint("up", f"--data={directory}", "--listen=127.0.0.1:0", code=1)


def test_a_store_that_cannot_be_made() -> None:
    url = "sqlite:///proc/tocsin.db"
    assert "/proc/tocsin.db" in complaint(f"--set=store/url={url}", name="tocsin-broker", code=1)


def test_a_second_up_on_the_same_data(tocsin: Up) -> None:
    line = complaint("up", f"--data={tocsin.data}", "--listen=127.0.0.1:0", code=1)
    assert str(tocsin.process.pid) in line  # who has it
    tocsin.client().publish()  # and who has it is well


def test_a_store_that_is_none(tmp_path: Path) -> None:
    store = tmp_path / "tocsin.db"
    store.write_bytes(b"this is no database, but a letter to my aunt\n" * 500)
    line = complaint(f"--set=store/url=sqlite://{store}", name="tocsin-broker", code=1)
    assert str(store) in line
    assert store.read_bytes().startswith(b"this is no database")


DAEMONS = ["tocsin-broker", "tocsin-gateway", "tocsin-worker"]


@pytest.mark.parametrize("name", DAEMONS)
def test_a_missing_configuration_file(name: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.conf")
    assert missing in complaint(f"--config={missing}", name=name)


#   What stands in the file, and what the line must say besides the file's name.
BAD_FILES = {
    "a_key_that_is_mistyped": ("gateway\n    lisen = 127.0.0.1:0\n", "gateway/listen"),
    "a_key_that_is_unknown": ("colour = red\n", "colour"),
    "a_number_that_is_none": ("worker\n    capacity = many\n", "worker/capacity"),
    "a_number_below_its_least": ("worker\n    capacity = -1\n", "worker/capacity"),
    "a_limit_above_its_most": ("limits\n    event_bytes = 99999999999\n", "limits/event_bytes"),
    "no_configuration_at_all": ("{]}\n", ""),
}


@pytest.mark.parametrize("name", DAEMONS)
@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_key_in_the_configuration(name: str, case: str, tmp_path: Path) -> None:
    text, says = BAD_FILES[case]
    config = tmp_path / "tocsin.conf"
    config.write_text(text)
    for options in ([], ["--check"]):
        line = complaint(f"--config={config}", *options, name=name, code=CONFIGURATION)
        assert str(config) in line
        assert says in line


def test_a_bad_key_on_the_command_line() -> None:
    line = complaint("--set=worker/capacty=5", name="tocsin-worker", code=CONFIGURATION)
    assert "worker/capacity" in line  # what was meant


def test_a_bad_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_WORKER_CAPACTY", "5")
    line = complaint(name="tocsin-worker", code=CONFIGURATION)
    assert "TOCSIN_WORKER_CAPACITY" in line


@pytest.mark.parametrize("name", DAEMONS)
def test_a_good_configuration_is_said_to_be_good(name: str, tmp_path: Path) -> None:
    config = tmp_path / "tocsin.conf"
    config.write_text("gateway\n    listen = 127.0.0.1:0\n")
    checked = run("--check", f"--config={config}", name=name)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(("typed", "meant"), [("stauts", "status"), ("pubish", "publish")])
def test_a_typing_error_in_a_command(typed: str, meant: str) -> None:
    line = complaint(typed, code=USAGE)
    assert typed in line
    assert meant in line


def test_an_address_that_is_none(tmp_path: Path) -> None:
    line = complaint("up", f"--data={tmp_path / 'data'}", "--listen=nowhere")
    assert "nowhere" in line


def test_help_names_every_command() -> None:
    text = run("--help").stdout
    for command in ("up", "publish", "subscribe", "status"):
        assert command in text


@pytest.mark.parametrize("name", ["tocsin", *DAEMONS])
def test_every_program_knows_its_version(name: str) -> None:
    assert run("--version", name=name).returncode == 0


def test_nobody_listening_is_said_by_the_client_commands() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        assert url in complaint("status", f"--url={url}", "--token=tocsin_x")
