"""Many events in one request: deliveries a second to one consumer, beside one event a request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parts import Bench, Line
from programs import Sink, Tocsin

EVENTS = 100  # of a batch
REQUEST_MS = 20  # of the consumer that takes its time: a way through a network, and a transaction


@dataclass(frozen=True)
class Drained:
    """A backlog, delivered."""

    per_second: float
    request_events: float  # on average
    cpu_us: float  # of Tocsin, for an event
    consumer_us: float  # of its consumer


def drain(bench: Bench, ours: Tocsin, sink: Sink, count: int, **more: Any) -> Drained:
    ours.subscribe("one", sink.url, paused=True, **more)
    bench.load.run(ours, connections=32, seconds=3600, count=count)
    sink.reset()
    used, consumed = ours.cpu_seconds(), sink.cpu_seconds()
    ours.resume("one")
    arrived = sink.wait_for(count, 600)
    used, consumed = ours.cpu_seconds() - used, sink.cpu_seconds() - consumed
    ours.unsubscribe("one")
    return Drained(
        count / ((arrived["last_us"] - arrived["first_us"]) / 1e6),
        count / arrived["requests"],
        used / count * 1e6,
        consumed / count * 1e6,
    )


def compare(bench: Bench, milliseconds: int) -> tuple[Drained, Drained]:
    """The medians of both, in turns, with the same number of events."""
    alone, batched = [], []
    with (
        bench.data() as data,
        Sink(bench.build, milliseconds) as sink,
        Tocsin(bench.build, data) as ours,
    ):
        batch = {"max_events": EVENTS, "max_wait_ms": 100}
        for _ in range(min(3, bench.extent.rounds)):
            alone.append(drain(bench, ours, sink, bench.extent.burst))
            batched.append(drain(bench, ours, sink, bench.extent.burst, batch=batch))
    return median(alone), median(batched)


def median(runs: list[Drained]) -> Drained:
    return sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]


def batches(bench: Bench) -> Iterator[Line]:
    """To a consumer that takes its time for a request, and to one that takes none."""
    for milliseconds in (REQUEST_MS, 0):
        alone, batched = compare(bench, milliseconds)
        ratio = batched.per_second / alone.per_second
        takes = f"that takes {milliseconds} ms for a request" if milliseconds else "that takes none"
        must = milliseconds > 0 and bench.extent.burst >= 10 * EVENTS * 10
        yield Line(
            f"batches of {EVENTS} to a consumer {takes}",
            f"{batched.per_second:,.0f} events/s, {batched.request_events:.0f} in a request; "
            f"{batched.cpu_us:.0f} µs of CPU an event, {batched.consumer_us:.1f} of the consumer's",
            f"one by one {alone.per_second:,.0f}/s, {alone.cpu_us:.0f} and "
            f"{alone.consumer_us:.1f} µs: {ratio:.1f} times",
            "≥ 10 times" if must else "",
            not must or ratio >= 10,
        )


PARTS = {"batches": batches}
