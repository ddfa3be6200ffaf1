"""What it costs to tell every event to many who listen."""

import time
from collections.abc import Iterator

from parts import Bench, Line
from programs import Daemons, Ears, Figures, wait_until

NAME = "news"
SETTLED_SECONDS = 0.5  # without another message


def feed(bench: Bench) -> Iterator[Line]:
    """To nobody, then to 1, 10, 100: events accepted as fast as may be, and told to each."""
    with bench.data() as data, Daemons(bench.build, data) as ours:
        ours.subscribe(NAME, "", action={"name": "nobody"}, mode="broadcast")
        alone = publish(bench, ours)
        for count in bench.extent.listeners:
            used = ours.broker_cpu_seconds()
            reached, stats = listen(bench, ours, count)
            cpu_us = (ours.broker_cpu_seconds() - used) / reached["sent"] * 1e6
            told = stats["heard"] / reached["seconds"]
            missing = 1 - stats["heard"] / (count * reached["sent"])
            ratio = reached["per_second"] / alone["per_second"]
            yield Line(
                f"feed to {count} listeners: told",
                f"{told:,.0f}/s; {missing:.2%} dropped",
                f"accepted {reached['per_second']:,.0f}/s, with none {alone['per_second']:,.0f}/s: "
                f"{ratio:.2f} times; {cpu_us:.0f} µs of the broker's CPU an event",
            )


def publish(bench: Bench, ours: Daemons) -> Figures:
    start = time.monotonic()
    figures = bench.load.run(ours, connections=32, seconds=bench.extent.seconds)
    return figures | {"seconds": time.monotonic() - start}


def listen(bench: Bench, ours: Daemons, count: int) -> tuple[Figures, Figures]:
    with Ears(bench.build, ours.feed, f"{NAME}/", count) as ears:
        wait_until(lambda: is_heard(bench, ours, ears), "all of them listen")
        before = settled(ears)
        reached = publish(bench, ours)
        after = settled(ears)
    return reached, {name: after[name] - before[name] for name in ("heard", "gaps")}


def is_heard(bench: Bench, ours: Daemons, ears: Ears) -> bool:
    bench.load.run(ours, connections=1, seconds=10, count=1)
    return bool(ears.ask("stats")["least"] > 0)


def settled(ears: Ears) -> Figures:
    while True:
        before = ears.ask("stats")
        time.sleep(SETTLED_SECONDS)
        after = ears.ask("stats")
        if before["heard"] == after["heard"]:
            return after


PARTS = {"feed": feed}
