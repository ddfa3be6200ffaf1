"""What keys between nodes cost: broker, gateway and worker as three programs over TCP, with keys
and without, in turns."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from parts import Bench, Line, median
from programs import Daemons, Figures, Sink, wait_until

RATE = 4000  # events a second, for the latency


class Trio(Daemons):
    """Three programs without keys."""

    roles = ("broker", "gateway", "worker")


class KeyedTrio(Trio):
    def __init__(self, build: Path, data: Path) -> None:
        self.place = data / "keys"
        self.allowed = data / "allowed"
        self.place.mkdir()
        self.allowed.mkdir()
        for role in self.roles:
            command: list[str | Path] = [
                build / "bin/tocsin",
                "keygen",
                role,
                "--role",
                role,
                "-d",
                self.place,
            ]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for role in self.roles[1:]:
            (self.place / f"{role}.public").rename(self.allowed / f"{role}.public")
        super().__init__(build, data)

    def keys_of(self, role: str) -> Figures:
        own = {"keys/own": self.place / f"{role}.secret"}
        if role == "broker":
            return {**own, "keys/allowed": self.allowed}
        return {**own, "keys/brokers": self.place / "broker.public"}


def saturated(bench: Bench, ours: Daemons, sink: Sink) -> Figures:
    sink.reset()
    used = ours.all_cpu_seconds()
    posted = bench.load.run(ours, connections=32, seconds=bench.extent.seconds)
    arrived = sink.wait_for(posted["answered"], 600)
    used = ours.all_cpu_seconds() - used
    seconds = (arrived["last_us"] - arrived["first_us"]) / 1e6
    return {
        "per_second": arrived["distinct"] / seconds,
        "cpu_us": used / arrived["distinct"] * 1e6,
    }


def at_rate(bench: Bench, ours: Daemons, sink: Sink, rate: int) -> Figures:
    sink.reset()
    posted = bench.load.run(ours, connections=32, seconds=bench.extent.seconds, rate=rate)
    return sink.wait_for(posted["answered"], 600)


def figures(runs: list[Figures], calm: list[Figures]) -> str:
    return (
        f"{median(runs, 'per_second'):,.0f}/s, {median(runs, 'cpu_us'):.0f} µs of CPU an event; "
        f"at {RATE:,}/s p50 {median(calm, 'p50_us') / 1000:.2f}, "
        f"p99 {median(calm, 'p99_us') / 1000:.2f} ms"
    )


def keys(bench: Bench) -> Iterator[Line]:
    """POST→webhook with and without keys, in turns."""
    rate = min(RATE, max(bench.extent.rates))
    with (
        bench.data() as open_data,
        bench.data() as data,
        Sink(bench.build) as sink,
        Trio(bench.build, open_data) as plain,
        KeyedTrio(bench.build, data) as keyed,
    ):
        runs: list[list[Figures]] = [[], []]
        calm: list[list[Figures]] = [[], []]
        for ours in (plain, keyed):
            ours.subscribe("sink", sink.url)
            wait_until(ours.serves, "it serves")
        for _ in range(bench.extent.rounds):
            for index, ours in enumerate((plain, keyed)):
                runs[index].append(saturated(bench, ours, sink))
                calm[index].append(at_rate(bench, ours, sink, rate))
        yield Line(
            "POST→webhook over TCP with keys, saturated",
            figures(runs[1], calm[1]),
            f"without keys: {figures(runs[0], calm[0])}",
        )


PARTS = {"keys": keys}
