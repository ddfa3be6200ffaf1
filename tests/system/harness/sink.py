"""Consumers on loopback: what arrives is kept, its signature checked by an outsider's code.

A sink is one listening socket; each consumer is the first step of a path of it, with its own
secret, its own manners and its own list of what arrived. The HTTP reader is small and strict, so
that a sloppy request of ours is noticed.
"""

import asyncio
import base64
import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from cloudevents.core.base import BaseCloudEvent as CloudEvent
from cloudevents.core.bindings import http
from standardwebhooks import Webhook, WebhookVerificationError

from harness.ports import free_port
from harness.waiting import DEADLINE_SECONDS


@dataclass(frozen=True)
class Delivery:
    """One request, as it arrived."""

    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float  # monotonic seconds
    path: str = ""  # with its query

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def json(self) -> Any:
        return json.loads(self.body)

    def cloud_event(self) -> CloudEvent:
        """As the CloudEvents SDK reads it, which refuses what is none."""
        return http.from_http_event(http.HTTPMessage(headers=self.headers, body=self.body))


@dataclass(frozen=True)
class Answer:
    """What a consumer says to a delivery."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False  # closes the connection instead
    body: Any = None  # JSON

    def to_bytes(self) -> bytes:
        head = [f"HTTP/1.1 {self.status} As Told", *(f"{k}: {v}" for k, v in self.headers.items())]
        body = b"" if self.body is None else json.dumps(self.body).encode()
        if body:
            head.append("Content-Type: application/json")
        if self.status != 204:
            head.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(head) + "\r\n\r\n").encode() + body


HANG_UP = Answer(hangs_up=True)


class Consumer:
    """One path of a sink. Answers 204 unless told otherwise."""

    def __init__(self, sink: "Sink", name: str) -> None:
        self.name = name
        self.url = f"{sink.url}/{name}"
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.faults: list[str] = []  # deliveries that are not as promised
        self._deliveries: list[Delivery] = []
        self._answered = 0
        self._changed = threading.Condition()
        self._answer_to: Callable[[Delivery], Answer] = lambda _: Answer()
        self._answers_first: deque[Answer] = deque()
        self._open = asyncio.Event()
        self._open.set()
        self._loop = sink.loop

    def subscription(self, **more: Any) -> dict[str, Any]:
        """For everything, unless told otherwise; its secret is known before the first delivery."""
        deliver = {"url": self.url, "secret": self.secret, **more.pop("deliver", {})}
        return {"id": self.name, "match": {}, "deliver": deliver, **more}

    #   Manners

    def always_answers(self, answer: Answer) -> None:
        self._answer_to = lambda _: answer

    def answers_by(self, answer_to: Callable[[Delivery], Answer]) -> None:
        self._answer_to = answer_to

    def answers_first(self, *answers: Answer) -> None:
        """To the next deliveries, one each; then as always."""
        self._answers_first.extend(answers)

    def holds(self) -> None:
        """Takes deliveries and says nothing, until released."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def releases(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    async def take(self, delivery: Delivery) -> Answer:
        fault = self._fault_of(delivery)
        with self._changed:
            if fault:
                self.faults.append(fault)
            self._deliveries.append(delivery)
            self._changed.notify_all()
        first = self._answers_first
        answer = first.popleft() if first else self._answer_to(delivery)
        await self._open.wait()
        return answer

    def _fault_of(self, delivery: Delivery) -> str | None:
        try:
            Webhook(self.secret).verify(delivery.body, delivery.headers, json_parse=False)
        except WebhookVerificationError as error:
            return f"{error}: {delivery}"
        if not delivery.headers.get("user-agent", "").startswith("Tocsin/"):
            return f"no User-Agent of ours: {delivery}"
        return None

    #   What arrived

    @property
    def deliveries(self) -> list[Delivery]:
        with self._changed:
            return list(self._deliveries)

    def counts(self) -> Counter[str]:
        """How often each webhook-id arrived."""
        return Counter(delivery.id for delivery in self.deliveries)

    def wait_for(self, count: int, seconds: float = DEADLINE_SECONDS) -> list[Delivery]:
        """All that has arrived, once it is that many."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._deliveries) >= count, seconds)
            assert came, f"{self.name}: {len(self._deliveries)} of {count} arrived in {seconds:g} s"
            return list(self._deliveries)

    def has_answered(self) -> None:
        with self._changed:
            self._answered += 1
            self._changed.notify_all()

    def wait_for_answers(self, count: int) -> None:
        """Written to their connections, whether or not somebody reads them."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._answered >= count, DEADLINE_SECONDS), (
                f"{self._answered} of {count} deliveries were answered"
            )

    def wait_for_ids(self, ids: Iterable[str], seconds: float = DEADLINE_SECONDS) -> None:
        """Until each of them has arrived at least once; as long as one comes in so many seconds."""
        missing = set(ids)
        seen = 0
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                before = len(missing)
                missing.difference_update(each.id for each in self._deliveries[seen:])
                seen = len(self._deliveries)
                if not missing:
                    return
                if len(missing) < before:
                    deadline = time.monotonic() + seconds
                rest = deadline - time.monotonic()
                if rest <= 0:
                    raise AssertionError(
                        f"{self.name}: {len(missing)} never arrived, as {sorted(missing)[:5]}"
                    )
                self._changed.wait(rest)

    def check(self) -> None:
        assert not self.faults, f"{self.name}: {len(self.faults)} bad, as {self.faults[0]}"


class Sink:
    """A listening socket with a thread of its own."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port()
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        self.consumers: dict[str, Consumer] = {}
        self.loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.comes_up()

    def consumer(self, name: str) -> Consumer:
        self.consumers[name] = Consumer(self, name)
        return self.consumers[name]

    def comes_up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result(DEADLINE_SECONDS)

    def goes_down(self) -> None:
        """Connections are refused from now on, and those that there are break."""
        asyncio.run_coroutine_threadsafe(self._close(), self.loop).result(DEADLINE_SECONDS)

    def end(self) -> None:
        self.goes_down()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(DEADLINE_SECONDS)
        self.loop.close()
        for consumer in self.consumers.values():
            consumer.check()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in self._connections:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            while await self._serve_one(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side has left, as it may
        finally:
            self._connections.discard(writer)
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
        body = await reader.readexactly(int(headers["content-length"]))
        path = request.split(" ")[1]
        consumer = self.consumers[path.removeprefix("/").partition("?")[0].partition("/")[0]]
        if not request.startswith("POST "):
            consumer.faults.append(f"not a POST: {request}")
        answer = await consumer.take(Delivery(headers, body, time.monotonic(), path))
        if answer.hangs_up:
            return False
        writer.write(answer.to_bytes())
        consumer.has_answered()
        return True


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """The request line and the headers, of which none may come twice."""
    request, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        assert name.lower() not in headers, f"{name} comes twice: {head!r}"
        headers[name.lower()] = value.strip()
    return request, headers
