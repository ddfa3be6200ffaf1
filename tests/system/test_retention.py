"""What leaves the log and what stays; and that the file gives the space back."""

from collections.abc import Iterator
from pathlib import Path

from harness.client import Client
from harness.sink import Answer, Sink
from harness.tocsin import Up
from harness.waiting import until

MOST_BYTES = 3_000_000
EVENT_BYTES = 20_000


def post_many(client: Client, count: int, start: int = 0) -> list[str]:
    """Events e0, e1 … of a type that is not the broker's; their ids."""
    ids = [f"e{number}" for number in range(start, start + count)]
    for event_id in ids:
        client.publish(id=event_id, type="thing.made", data="x" * EVENT_BYTES)
    return ids


def file_bytes(up: Up) -> int:
    """What the store takes on the disk."""
    return sum(path.stat().st_size for path in up.data.glob("tocsin.db*"))


def is_kept(client: Client, event_id: str) -> bool:
    return client.get(f"/v1/events/{event_id}").status_code == 200


def small(tmp_path: Path, **settings: object) -> Up:
    return Up(tmp_path, retention__interval_s=1, **settings)


def until_deleted(up: Up, count: int) -> None:
    until(lambda: up.metric("tocsin_retention_deleted_total") >= count, f"{count} have left")


def sizes_while_posting(up: Up, client: Client, rounds: int) -> Iterator[int]:
    """After each round, of which retention has left no more than twice what may be."""
    for posted in range(50, 50 * rounds + 1, 50):
        post_many(client, 50, start=posted - 50)
        until_deleted(up, posted - 2 * MOST_BYTES // EVENT_BYTES)
        yield file_bytes(up)


def test_the_file_stays_as_large_as_it_may_be(tmp_path: Path) -> None:
    with small(tmp_path, retention__bytes=MOST_BYTES) as up:
        client = up.client()
        sizes = list(sizes_while_posting(up, client, 20))
        assert 20 * 50 * EVENT_BYTES > 6 * MOST_BYTES
        assert not is_kept(client, "e0")
        assert is_kept(client, "e999")
        until(lambda: up.metric("tocsin_store_bytes") <= MOST_BYTES * 1.1, "it is as small")
        up.stop()
        assert file_bytes(up) < 3 * MOST_BYTES, (file_bytes(up), sizes)


def test_a_file_shrinks_when_less_is_to_be_kept(tmp_path: Path) -> None:
    with small(tmp_path) as up:
        post_many(up.client(), 700)
        up.stop()
        large = file_bytes(up)
        assert large > 700 * EVENT_BYTES
    with small(tmp_path, retention__bytes=MOST_BYTES) as up:
        until_deleted(up, 401)
        until(lambda: up.metric("tocsin_store_bytes") <= MOST_BYTES * 1.1, "it is cut")
        spare = up.metric("tocsin_store_spare_bytes")
        post_many(up.client(), 100, start=1000)
        up.stop()
        assert file_bytes(up) < large / 2, (large, file_bytes(up), spare)


def test_what_a_consumer_that_is_down_still_needs_is_kept(tmp_path: Path, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    consumer.always_answers(Answer(503))
    retry = {"min_backoff_ms": 100, "max_backoff_ms": 200, "max_attempts": 100}
    with small(tmp_path, retention__bytes=MOST_BYTES) as up:
        client = up.client()
        client.subscribe(consumer.subscription(retry=retry))
        ids = post_many(client, 400)
        until(lambda: up.metric("tocsin_store_bytes") > 2 * MOST_BYTES, "it was weighed")
        assert all(is_kept(client, event_id) for event_id in ids)
        consumer.always_answers(Answer())
        consumer.wait_for_ids(ids, seconds=120)
        until(lambda: not is_kept(client, ids[0]), "nobody needs it any more")
        assert up.metric("tocsin_retention_skipped") == 0


def test_beyond_the_hard_limit_it_is_lost_and_told(tmp_path: Path, sink: Sink) -> None:
    consumer, watcher = sink.consumer("shop"), sink.consumer("watch")
    consumer.holds()
    with small(tmp_path, retention__hard_bytes=MOST_BYTES, broker__tells=1) as up:
        client = up.client()
        client.subscribe(consumer.subscription(limits={"in_flight": 1}, match={"type": "thing.**"}))
        client.subscribe(watcher.subscription(match={"type": "tocsin.retention.skipped"}))
        post_many(client, 700)
        until(lambda: up.metric("tocsin_retention_skipped") > 100, "the rest is given up")
        told = watcher.wait_for(1)[0].json()
        assert told["data"]["subscription"] == "shop", told
        until(lambda: up.metric("tocsin_store_bytes") < 2 * MOST_BYTES, "the space is free")
        until(lambda: not is_kept(client, "e1"), "it has left")
        consumer.releases()
        last = client.publish(id="last", type="thing.made")["id"]
        client.wait_for_delivery(last, "shop", "delivered")
