"""GET /v1/stream: events as they come, and none missed by a client that comes back."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from harness.stream import Stream
from harness.tocsin import Daemons, Tocsin, Up
from harness.waiting import DEADLINE_SECONDS, until

Listen = Callable[..., Stream]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Makes a stream, and waits until it is open."""
    streams: list[Stream] = []

    def begin(tocsin: Tocsin, **parameters: str) -> Stream:
        stream = Stream(tocsin.url, tocsin.token, **parameters)
        streams.append(stream)
        assert stream.is_open.wait(DEADLINE_SECONDS)
        return stream

    yield begin
    for stream in streams:
        stream.end()


def publish(tocsin: Tocsin, count: int, **more: object) -> list[str]:
    client = tocsin.client()
    return [client.publish(**more)["id"] for _ in range(count)]


def tells(stream: Stream, events: list[str]) -> None:
    until(lambda: len(stream.ids()) >= len(events), f"{len(events)} events are told")
    assert stream.ids() == events


def test_events_are_told_as_they_come(tocsin: Up, listen: Listen) -> None:
    publish(tocsin, 3)
    stream = listen(tocsin)
    events = publish(tocsin, 20, data={"a": [1.50, "x\ny"]})
    tells(stream, events)
    first = stream.told[0].json()
    assert first["data"] == {"a": [1.5, "x\ny"]}
    assert first["type"] == "test.thing.changed"


def test_a_stream_takes_what_it_asks_for(tocsin: Up, listen: Listen) -> None:
    stream = listen(tocsin, type="test.*.made", subject="/things/**")
    events = []
    for number in range(10):
        publish(tocsin, 1, type="test.thing.changed")
        publish(tocsin, 1, type="test.thing.made", subject="/others/1")
        events += publish(tocsin, 1, type="test.thing.made", subject=f"/things/{number}")
    tells(stream, events)


def test_the_whole_log_is_told_to_who_asks_for_it(tocsin: Up, listen: Listen) -> None:
    events = publish(tocsin, 10, type="test.whole.log")
    stream = listen(tocsin, last_event_id="0:0", type="test.whole.log")
    events += publish(tocsin, 10, type="test.whole.log")
    tells(stream, events)


def test_a_line_end_in_the_data_is_no_end_of_the_event(tocsin: Up, listen: Listen) -> None:
    stream = listen(tocsin, type="test.lines")
    body = '{"data": {"id": "lines", "type": "test.lines", "subject": "/s", "data": {\n"a":\r\n1}}}'
    answer = tocsin.client().request(
        "POST", "/v1/events", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 202
    tells(stream, ["lines"])
    assert stream.told[0].json()["data"] == {"a": 1}


def test_what_is_wrong_is_said_before_the_stream_begins(tocsin: Up) -> None:
    client = tocsin.client()
    for query in ("typ=a", "type=a..b", "last_event_id=x", "last_event_id=7:1"):
        assert client.get(f"/v1/stream?{query}").status_code == 400, query
    assert client.request("HEAD", "/v1/stream").headers["Content-Type"].startswith("text/event")
    assert requests.get(tocsin.url + "/v1/stream", timeout=10).status_code == 401


def test_there_are_only_so_many_streams(tmp_path: object, listen: Listen, tocsin: Up) -> None:
    tocsin.stop()
    tocsin.settings["gateway/streams"] = 2
    tocsin.start()
    streams = [listen(tocsin) for _ in range(2)]
    answer = tocsin.client().get("/v1/stream")
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    streams[0].end()
    events = publish(tocsin, 1)
    tells(streams[1], events)


def test_nothing_is_missed_when_gateway_and_broker_are_killed(
    daemons: Daemons, listen: Listen
) -> None:
    """The same stream, which comes back with its last id; events come all the while."""
    streams = [listen(daemons), listen(daemons, type="test.thing.changed")]
    events: list[str] = []
    stop = threading.Event()

    def load() -> None:
        client = daemons.client()
        while not stop.is_set():
            events.append(client.publish()["id"])

    loader = threading.Thread(target=load)
    loader.start()
    for _ in range(3):
        count = len(events)
        until(lambda count=count: len(events) > count + 30, "events come")  # type: ignore[misc]
        daemons.gateway.kill()
        daemons.start_gateway()
        until(lambda count=count: len(events) > count + 60, "events come")  # type: ignore[misc]
        daemons.broker.kill()
        daemons.start_broker()
    until(daemons.serves, "the gateway has found its broker")
    stop.set()
    loader.join()
    events += publish(daemons, 1)
    for stream in streams:
        until(lambda stream=stream: events[-1] in stream.ids(), "the last one is told")  # type: ignore[misc]
        mine = [event for event in stream.ids() if event in set(events)]
        assert mine == events


def test_an_orderly_stop_ends_the_streams_and_waits_for_nobody(tocsin: Up, listen: Listen) -> None:
    stream = listen(tocsin)
    tells(stream, publish(tocsin, 3))
    start = time.monotonic()
    tocsin.stop()
    assert time.monotonic() - start < DEADLINE_SECONDS / 2
    until(lambda: not stream.is_open.is_set(), "the stream is over")


def test_a_token_that_was_deleted_ends_its_stream(tocsin: Up) -> None:
    """With the next empty event, ten seconds later at most."""
    made = tocsin.client().post("/v1/tokens", {"data": {"name": "t", "scopes": ["events:read"]}})
    token = made.json()["data"]
    headers = {"Authorization": f"Bearer {token['token']}"}
    with requests.get(
        f"{tocsin.url}/v1/stream", headers=headers, stream=True, timeout=60
    ) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert next(lines).startswith(b"id: ")
        gone = tocsin.client().delete(f"/v1/tokens/{token['id']}")
        assert gone.status_code == 200
        for _ in lines:
            pass  # until its end
    assert tocsin.client().get("/v1/status").status_code == 200
