"""What many workers cost the broker, and how the work spreads over them."""

import bisect
import statistics
import time
from collections.abc import Iterator

from parts import Bench, Line
from programs import Crowd, Daemons, Figures

ACTION = {"name": "nothing"}  # which only the crowd offers
WIDE = {"in_flight": 1024, "adaptive": False}  # the consumer is not what is measured
WORK_SECONDS = 5  # that the others have work, while somebody joins


def workers(bench: Bench) -> Iterator[Line]:
    with bench.data() as data, Daemons(bench.build, data) as ours:
        yield from idle(bench, ours)
        yield rejoins(bench, ours)
        bench.load.run(ours, connections=32, seconds=3600, count=bench.extent.shared_backlog)
        yield from shares(bench, ours)
        yield joins(bench, ours)


def idle(bench: Bench, ours: Daemons) -> Iterator[Line]:
    """What their heartbeats cost, and what it cost that they joined."""
    count, seconds = bench.extent.idle_workers, bench.extent.idle_seconds
    alone = cpu_share(ours, seconds)
    used = ours.broker_cpu_seconds()
    with Crowd(bench.build, ours.back, count):
        join_ms = (ours.broker_cpu_seconds() - used) / count * 1000
        crowded = cpu_share(ours, seconds)
    cost = crowded - alone
    yield Line(
        f"CPU of the broker with {count:,} idle workers",
        f"{crowded:.1%} of a core",
        f"with none {alone:.1%}: {cost:.1%} more",
        "< 5 % more",
        cost < 0.05,
    )
    yield Line(
        f"CPU of the broker for one join, of {count:,} at once",
        f"{join_ms:.2f} ms",
        "",
        "< 10 ms",
        join_ms < 10,
    )


def rejoins(bench: Bench, ours: Daemons) -> Line:
    """All at once have lost their broker: how long they take to come back, and whether together."""
    count = bench.extent.idle_workers
    first: dict[int, int] = {}  # of each, when it was back; on a machine that is busy some go again
    with Crowd(bench.build, ours.back, count) as crowd:
        killed_us = time.monotonic_ns() // 1000
        ours.restart_broker()
        while len(first) < count:
            time.sleep(0.05)
            for number, joined_us in enumerate(crowd.ask("joins")["joined_us"]):
                if joined_us > killed_us:
                    first.setdefault(number, joined_us)
    times = sorted(first.values())
    seconds = [(each - times[0]) / 1e6 for each in times]
    most = max(bisect.bisect_right(times, each + 100_000) - n for n, each in enumerate(times))
    return Line(
        f"{count:,} workers come back after a restart of the broker",
        f"half within {seconds[count // 2]:.2f}, all within {seconds[-1]:.2f} s of the first",
        f"the first {(times[0] - killed_us) / 1e6:.2f} s after it; {most} in the busiest 100 ms",
        "≤ 50 % in 100 ms",
        most <= max(count // 2, 10),
    )


def cpu_share(ours: Daemons, seconds: float) -> float:
    used, start = ours.broker_cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (ours.broker_cpu_seconds() - used) / (time.monotonic() - start)


def shares(bench: Bench, ours: Daemons) -> Iterator[Line]:
    """The same backlog for 1, 2, 4 … workers: how fast, and how even."""
    first = 0.0
    for count in bench.extent.workers:
        rate, stats = drain(bench, ours, count)
        first = first or rate
        even = stats["least"] / stats["most"]
        yield Line(
            f"deliveries to {count} workers that do nothing",
            f"{rate:,.0f}/s; the least busy had {even:.0%} of the busiest",
            f"{rate / first:.2f} times those to one" if count > 1 else "",
            "≥ 90 %" if count > 1 else "",
            even >= 0.9,
        )


def drain(bench: Bench, ours: Daemons, count: int) -> tuple[float, Figures]:
    name, backlog = f"of-{count}", bench.extent.shared_backlog
    with Crowd(bench.build, ours.back, count) as crowd:
        start = crowd.ask("stats")
        ours.subscribe(name, "", action=ACTION, start="earliest", limits=WIDE)
        while (stats := crowd.ask("stats"))["settled"] < backlog:
            time.sleep(0.02)
        ours.unsubscribe(name)
    return backlog / ((stats["at_us"] - start["at_us"]) / 1e6), stats


def joins(bench: Bench, ours: Daemons) -> Line:
    """From its first word to its first delivery, while another has all the work."""
    times = []
    rate = bench.extent.shared_backlog // WORK_SECONDS
    steady = WIDE | {"rate_per_second": rate, "burst": max(1, rate // 100)}
    with Crowd(bench.build, ours.back, 1) as crowd:
        for number in range(bench.extent.joins):
            name = f"join-{number}"
            ours.subscribe(name, "", action=ACTION, start="earliest", limits=steady)
            times.append(crowd.ask("join")["join_us"] / 1000)
            ours.unsubscribe(name)
    times.sort()
    p99 = times[int(len(times) * 0.99)]
    return Line(
        "a worker's first delivery after it began to join, under load",
        f"p50 {statistics.median(times):.1f}, p99 {p99:.1f} ms",
        "",
        "< 1 s",
        p99 < 1000,
    )


PARTS = {"workers": workers}
