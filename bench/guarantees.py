"""What the guarantees cost: neighbours that fail, a crowd of subscriptions, a long outage."""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parts import Bench, Line
from programs import Figures, Sink, SlowSink, Tocsin

HEALTHY = 100  # subscriptions
MATCHING = 10  # subscriptions of a crowd that want the events
FAIRNESS_RATE = 20  # events a second, of which each healthy one gets every one
SLOW_MS = 1000


def middle(figures: list[float]) -> float:
    return float(statistics.median(figures))


def fairness(bench: Bench) -> Iterator[Line]:
    """A hundred healthy consumers, without and with a dead and a slow one beside them, in turns."""
    with (
        bench.data() as data,
        Sink(bench.build) as sink,
        SlowSink(SLOW_MS) as slow,
        Tocsin(bench.build, data) as ours,
    ):
        for number in range(HEALTHY):
            ours.subscribe(f"healthy-{number}", sink.url)
        alone, beside = [], []
        for _ in range(bench.extent.rounds):
            alone.append(to_all(bench, ours, sink))
            with bad_neighbours(ours, slow):
                beside.append(to_all(bench, ours, sink))
    for name in ("p50_us", "p99_us"):
        without = middle([run[name] for run in alone]) / 1000
        with_them = middle([run[name] for run in beside]) / 1000
        ratio = with_them / without
        what = name.removesuffix("_us")
        yield Line(
            f"{HEALTHY} healthy consumers beside a dead and a slow one: {what}",
            f"{with_them:.2f} ms",
            f"without these {without:.2f} ms: {ratio:.2f} times",
            "≤ 1.5 times" if what == "p99" else "",
            what != "p99" or ratio <= 1.5,
        )


@contextmanager
def bad_neighbours(ours: Tocsin, slow: SlowSink) -> Iterator[None]:
    ours.subscribe("dead", "http://127.0.0.1:1/hook")
    ours.subscribe("slow", slow.url)
    yield
    ours.unsubscribe("dead")
    ours.unsubscribe("slow")


def to_all(bench: Bench, ours: Tocsin, sink: Sink) -> Figures:
    sink.reset()
    posted = bench.load.run(
        ours, connections=8, seconds=bench.extent.sustained_seconds / 2, rate=FAIRNESS_RATE
    )
    return sink.wait_for_count(posted["answered"] * HEALTHY, 600)


def index(bench: Bench) -> Iterator[Line]:
    """CPU of an event that ten want, without and with thousands of others that do not."""
    with bench.data() as data, Sink(bench.build) as sink, Tocsin(bench.build, data) as ours:
        for number in range(MATCHING):
            ours.subscribe(f"matching-{number}", sink.url)
        few = cpu_of_an_event(bench, ours, sink)
        crowd = bench.extent.crowd
        for number in range(crowd - MATCHING):
            match = {"type": f"other.kind-{number % 100}.*", "subject": f"/things/{number}/**"}
            ours.subscribe(f"other-{number}", sink.url, match)
        many = cpu_of_an_event(bench, ours, sink)
        memory = ours.memory_mb()
    ratio = many / few
    yield Line(
        f"CPU of an event that {MATCHING} of {crowd:,} subscriptions want",
        f"{many:.0f} µs; {memory:.0f} MB",
        f"with just the {MATCHING}: {few:.0f} µs: {ratio:.2f} times",
        "≤ 2 times",
        ratio <= 2,
    )


def cpu_of_an_event(bench: Bench, ours: Tocsin, sink: Sink) -> float:
    """In microseconds, over all that it does for one, the ten deliveries included."""
    costs = []
    for _ in range(bench.extent.rounds):
        sink.reset()
        used = ours.cpu_seconds()
        posted = bench.load.run(ours, connections=16, seconds=bench.extent.seconds / 2)
        sink.wait_for_count(posted["answered"] * MATCHING, 600)
        costs.append((ours.cpu_seconds() - used) / posted["answered"] * 1e6)
    return middle(costs)


def outage(bench: Bench) -> Iterator[Line]:
    """A consumer that was away while millions came: memory, restart, and how fast it catches up."""
    with bench.data() as data:
        yield from outage_in(bench, data)


def outage_in(bench: Bench, data: Path) -> Iterator[Line]:
    waiting = f"with {bench.extent.long_backlog:,} events waiting"
    with Sink(bench.build) as sink:
        with Tocsin(bench.build, data) as ours:
            idle = ours.memory_mb()
            ours.subscribe("away", sink.url)
            normal = steady_rate(bench, ours, sink)
            ours.pause("away")
            ours.subscribe("dead", "http://127.0.0.1:1/hook")
            bench.load.run(ours, connections=32, seconds=36000, count=bench.extent.long_backlog)
            now = ours.memory_mb()
            over = now - idle
            beside = f"idle {idle:.1f} MB: {over:.1f} MB more; {size_gb(data):.1f} GB on disk"
            yield Line(f"memory, {waiting}", f"{now:.1f} MB", beside, "≤ 50 MB more", over <= 50)
            ours.kill()
        with Tocsin(bench.build, data) as ours:
            seconds = ours.ready_seconds
            beside = f"then {ours.memory_mb():.1f} MB"
            what = f"restart after kill -9, {waiting}"
            yield Line(what, f"{seconds:.2f} s", beside, "< 1 s", seconds < 1)
            yield drain(bench, ours, sink, normal)


def size_gb(data: Path) -> float:
    return sum(file.stat().st_size for file in data.iterdir()) / 1e9


def steady_rate(bench: Bench, ours: Tocsin, sink: Sink) -> float:
    """Deliveries a second while events come as fast as they are taken."""
    sink.reset()
    posted = bench.load.run(ours, connections=32, seconds=bench.extent.sustained_seconds)
    arrived = sink.wait_for(posted["answered"], 600)
    return float(arrived["distinct"] / ((arrived["last_us"] - arrived["first_us"]) / 1e6))


def drain(bench: Bench, ours: Tocsin, sink: Sink, normal: float) -> Line:
    sink.reset()
    ours.resume("away")
    count = bench.extent.long_backlog // 5
    arrived = sink.wait_for(count, 3600)
    rate = arrived["distinct"] / ((arrived["last_us"] - arrived["first_us"]) / 1e6)
    ratio = rate / normal
    return Line(
        f"draining, the first {count:,}",
        f"{rate:,.0f}/s",
        f"new ones {normal:,.0f}/s: {ratio:.0%}; memory {ours.memory_mb():.1f} MB",
        "≥ 50 %",
        ratio >= 0.5,
    )


PARTS = {"fairness": fairness, "index": index, "outage": outage}
