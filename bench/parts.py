"""What is measured. Each part starts with an empty store and gives lines of a table."""

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from programs import Baseline, Figures, Load, Sink, Tocsin, fdatasync


@dataclass(frozen=True)
class Extent:
    """How much of everything: enough to be believed, or just enough to see that it works."""

    rounds: int  # of each pair that is compared; the median counts
    seconds: float  # of one run
    sustained_seconds: float
    rates: tuple[int, ...]  # events a second
    backlog: int  # events waiting for a consumer that is dead
    syncs: int
    commits: int  # of each size
    crowd: int  # subscriptions
    long_backlog: int  # events that come while a consumer is away
    workers: tuple[int, ...]  # that share the work
    idle_workers: int
    idle_seconds: float
    joins: int
    shared_backlog: int  # events that they share
    listeners: tuple[int, ...]  # to the feed
    burst: int  # events that wait for one consumer, of batches


FULL = Extent(
    5,
    5,
    20,
    (100, 4000, 8000),
    1_000_000,
    2000,
    3000,
    10_000,
    10_000_000,
    (1, 2, 4, 16, 64),
    1000,
    20,
    50,
    300_000,
    (1, 10, 100),
    50_000,
)
SMOKE = Extent(
    1, 0.3, 0.5, (100, 1000), 2000, 50, 100, 200, 3000, (1, 2), 20, 0.5, 3, 2000, (1, 3), 2000
)


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    value: str
    beside: str = ""  # what it is compared with
    target: str = ""
    is_met: bool = True


@dataclass
class Bench:
    build: Path
    extent: Extent
    load: Load = field(init=False)

    def __post_init__(self) -> None:
        self.load = Load(self.build)

    @contextmanager
    def data(self) -> Iterator[Path]:
        """A directory on the disk of the build, since /tmp may be memory."""
        directory = Path(tempfile.mkdtemp(prefix="data-", dir=self.build / "bench"))
        try:
            yield directory
        finally:
            shutil.rmtree(directory)


def median(runs: list[Figures], name: str) -> float:
    return float(statistics.median(run[name] for run in runs))


def post(bench: Bench) -> Iterator[Line]:
    """POST→202 beside the bare handler and the bare disk, in turns."""
    with bench.data() as data, Baseline(bench.build) as bare, Tocsin(bench.build, data) as ours:
        for connections in (1, 8, 32):
            yield from post_pair(bench, bare, ours, connections, data / "sync")


def post_pair(
    bench: Bench, bare: Baseline, ours: Tocsin, connections: int, file: Path
) -> Iterator[Line]:
    floor, reached, syncs = [], [], []
    options = {"connections": connections, "seconds": bench.extent.seconds}
    for _ in range(bench.extent.rounds):
        floor.append(bench.load.run(bare, **options))
        reached.append(bench.load.run(ours, **options))
        syncs.append(fdatasync(bench.build, file, bench.extent.syncs)["over"])

    ratio = median(reached, "per_second") / median(floor, "per_second")
    yield Line(
        f"POST→202, {connections} connections",
        f"{median(reached, 'per_second'):,.0f}/s, {quantiles(reached)}",
        f"bare handler {median(floor, 'per_second'):,.0f}/s, {quantiles(floor)}: {ratio:.0%}",
        "≥ 50 %" if connections == 32 else "",
        connections != 32 or ratio >= 0.5,
    )
    if connections == 1:
        over = median(reached, "p50_us") - median(syncs, "p50_us")
        yield Line(
            "POST→202, 1 connection: p50 over a bare fdatasync",
            f"{over / 1000:.2f} ms",
            f"write and fdatasync {quantiles(syncs)}",
            "≤ 0.40 ms",
            over <= 400,
        )


def quantiles(runs: list[Figures]) -> str:
    return f"p50 {median(runs, 'p50_us') / 1000:.2f}, p99 {median(runs, 'p99_us') / 1000:.2f} ms"


def webhook(bench: Bench) -> Iterator[Line]:
    """POST→webhook: how much, and how long it takes from the POST's due time to the consumer."""
    with bench.data() as data, Sink(bench.build) as sink, Tocsin(bench.build, data) as ours:
        ours.subscribe("sink", sink.url)
        yield saturated(bench, ours, sink)
        for rate in bench.extent.rates:
            yield at_rate(bench, ours, sink, rate)


def saturated(bench: Bench, ours: Tocsin, sink: Sink) -> Line:
    sink.reset()
    used = ours.cpu_seconds()
    posted = bench.load.run(ours, connections=32, seconds=bench.extent.sustained_seconds)
    arrived = sink.wait_for(posted["answered"], 600)
    used = ours.cpu_seconds() - used
    rate = arrived["distinct"] / ((arrived["last_us"] - arrived["first_us"]) / 1e6)
    return Line(
        "POST→webhook, saturated, from the first to the last arrival",
        f"{rate:,.0f}/s, {used / arrived['distinct'] * 1e6:.0f} µs of CPU an event",
        f"posted meanwhile {posted['per_second']:,.0f}/s; {repeats(arrived)}",
        "≥ 8,000/s",
        rate >= 8000,
    )


def at_rate(bench: Bench, ours: Tocsin, sink: Sink, rate: int) -> Line:
    sink.reset()
    seconds = bench.extent.sustained_seconds
    posted = bench.load.run(ours, connections=32, seconds=seconds, rate=rate)
    arrived = sink.wait_for(posted["answered"], 600)
    p50, p99 = arrived["p50_us"] / 1000, arrived["p99_us"] / 1000
    targets = {100: ("p50 < 2 ms", p50 < 2), 4000: ("p50 < 2, p99 < 10 ms", p50 < 2 and p99 < 10)}
    target, is_met = targets.get(rate, ("", True))
    return Line(
        f"POST→webhook, {rate:,}/s",
        f"p50 {p50:.2f}, p99 {p99:.2f}, most {arrived['most_us'] / 1000:.1f} ms",
        f"its 202: {quantiles([posted])}; {repeats(arrived)}",
        target,
        is_met,
    )


def repeats(arrived: Figures) -> str:
    return f"{arrived['count'] - arrived['distinct']} arrived twice"


def store(bench: Bench) -> Iterator[Line]:
    """The plain store, without anything before it."""
    with bench.data() as data:
        program = bench.build / "bench/bin/store_bench"
        command = [str(program), str(data / "store.db"), str(bench.extent.commits)]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        for text in output.splitlines():
            what, _, value = text.partition(": ")
            yield Line(f"store: {what}", value)


def memory(bench: Bench) -> Iterator[Line]:
    """Idle, at load, and with a backlog; and how soon it serves again with that backlog."""
    with bench.data() as data, Sink(bench.build) as sink, Tocsin(bench.build, data) as ours:
        idle = ours.memory_mb()
        yield Line("memory, idle", f"{idle:.1f} MB", "", "< 30 MB", idle < 30)
        ours.subscribe("sink", sink.url)
        posted = bench.load.run(ours, connections=32, seconds=bench.extent.seconds)
        sink.wait_for(posted["answered"], 600)
        yield Line("memory, most under load", f"{ours.memory_mb('VmHWM'):.1f} MB")
    with bench.data() as data:
        yield from backlog(bench, data)


def backlog(bench: Bench, data: Path) -> Iterator[Line]:
    waiting = f"with {bench.extent.backlog:,} events waiting"
    with Tocsin(bench.build, data) as ours:
        ours.subscribe("dead", "http://127.0.0.1:1/hook")
        bench.load.run(ours, connections=32, seconds=3600, count=bench.extent.backlog)
        most = ours.memory_mb("VmHWM")
        yield Line(f"memory, {waiting}", f"{most:.1f} MB", "", "< 200 MB", most < 200)

    with Tocsin(bench.build, data) as ours:
        yield ready(f"restart after SIGTERM, {waiting}", ours)
        ours.kill()
    with Tocsin(bench.build, data) as ours:
        yield ready(f"restart after kill -9, {waiting}", ours)


def ready(what: str, ours: Tocsin) -> Line:
    seconds = ours.ready_seconds
    beside = f"then {ours.memory_mb():.1f} MB"
    return Line(what, f"{seconds:.2f} s", beside, "< 2 s", seconds < 2)


PARTS = {"post": post, "webhook": webhook, "store": store, "memory": memory}
