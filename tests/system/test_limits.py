"""Limits: full is an answer, and a crowd that says nothing stops nobody who speaks."""

import itertools
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import requests

from harness.sink import Sink
from harness.tocsin import Up
from harness.waiting import until

CROWD = 200  # connections, of the 256 that a gateway serves at a time


def test_at_a_limit_there_is_a_clear_answer_and_nothing_is_stored(tmp_path: Path) -> None:
    with Up(tmp_path, limits__pending_events=1) as up, ThreadPoolExecutor(16) as crowd:
        clients = [up.client() for _ in range(16)]

        def post(number: int) -> tuple[str, requests.Response]:
            event = {"id": f"e{number}", "type": "a.b", "subject": "/a", "data": {}}
            return f"e{number}", clients[number % 16].post("/v1/events", {"data": event})

        numbers = itertools.count()

        def some_are_refused() -> dict[str, requests.Response]:
            answers = dict(crowd.map(post, itertools.islice(numbers, 64)))
            assert {answer.status_code for answer in answers.values()} <= {202, 429}
            return {name: answer for name, answer in answers.items() if answer.status_code == 429}

        for name, answer in until(some_are_refused, "the limit is reached").items():
            assert answer.json()["errno"] == 117
            assert int(answer.headers["Retry-After"]) >= 1
            assert up.client().get(f"/v1/events/{name}").status_code == 404
            up.client().publish(id=name, type="a.b", subject="/a", data={})


def test_connections_that_say_nothing_stop_nobody(tocsin: Up) -> None:
    with ExitStack() as crowd:
        for number in range(CROWD):
            silent = crowd.enter_context(socket.create_connection(("127.0.0.1", tocsin.port)))
            if number % 2:  # half a request, and then no more
                silent.sendall(b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Le")
        client = tocsin.client()
        for number in range(20):
            client.publish(id=f"e{number}")
        assert client.event("e19")["seq"] == 20


def test_a_crowd_of_subscriptions_gets_each_event_once(tocsin: Up, sink: Sink) -> None:
    client = tocsin.client()
    consumers = [sink.consumer(f"s{number}") for number in range(100)]
    for number, consumer in enumerate(consumers):
        client.subscribe(consumer.subscription(match={"subject": f"/things/{number % 10}/**"}))
    for number in range(50):
        client.publish(id=f"e{number}", subject=f"/things/{number % 10}/x")
    for number, consumer in enumerate(consumers):
        consumer.wait_for(5)
        wanted = {f"e{each}": 1 for each in range(50) if each % 10 == number % 10}
        assert consumer.counts() == wanted
