"""Consumers that do what no consumer should, each on a port of its own, so that none is mixed up
with another.

A manner says what an attempt with it must be called afterwards: that is half of its point.
"""

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from harness.waiting import DEADLINE_SECONDS

TRICKLE_SECONDS = 0.05
PIECE = b"x" * 16384

Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Manner:
    """What a consumer does once it has read a request, and what must be said of it."""

    name: str
    act: Act
    error: str  # a pattern of the attempt's
    status: int = 0  # the attempt's; 0: it had none
    reads: bool = True  # the request, before it acts

    @property
    def is_good(self) -> bool:
        """For its answer counts."""
        return self.error == GOOD


#   ---- what they do


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Of what was not read by now, the reader takes what its buffer holds, and then no more."""
    while not writer.is_closing() and not reader.at_eof():
        await asyncio.sleep(TRICKLE_SECONDS)


def says(*pieces: bytes) -> Act:
    """All of it at once; the connection stays open."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(pieces))

    return act


def says_and_closes(*pieces: bytes) -> Act:
    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(pieces))
        await writer.drain()
        writer.close()

    return act


def says_late(seconds: float, *pieces: bytes) -> Act:
    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        writer.write(b"".join(pieces))

    return act


def trickles(first: bytes, drop: bytes) -> Act:
    """`first` at once, and then `drop` for ever, with pauses."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            await asyncio.sleep(TRICKLE_SECONDS)
            writer.write(drop)
            await writer.drain()

    return act


def pours(first: bytes, piece: bytes) -> Act:
    """`first`, and then `piece` for ever, as fast as it is taken."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()

    return act


def resets(first: bytes) -> Act:
    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        linger = struct.pack("ii", 1, 0)  # closing throws away what is unsent, and says RST
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return act


#   ---- all of them

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(64 << 20))
TIMEOUT_MS = 2000  # of an attempt, that each manner is what it is called

NO_ANSWER = f"^no answer within {TIMEOUT_MS} ms$"
NO_END = f"^the answer did not end within {TIMEOUT_MS} ms$"
TOO_LONG = "^the headers of the answer are longer than 65536 bytes$"
CUT = "^the answer ended early: "
BROKEN = "reset by peer|Broken pipe"
NO_HTTP = "^the answer is no HTTP: "
GOOD = "^$"

TIME_IS_TAKEN = [
    Manner("stalls", say_nothing, NO_ANSWER),
    Manner("reads-nothing", say_nothing, NO_ANSWER, reads=False),
    Manner("late", says_late(TIMEOUT_MS / 2000, OK, EMPTY), GOOD, 200),
    Manner("too-late", says_late(TIMEOUT_MS / 500, OK, EMPTY), NO_ANSWER),
    Manner("trickles-first-line", trickles(b"HTTP/1.1 2", b"0"), NO_ANSWER),
    Manner("trickles-headers", trickles(OK, b"X-More: of this\r\n"), NO_END, 200),
    Manner("trickles-body", trickles(OK + b"Content-Length: 1000\r\n\r\n", b"x"), NO_END, 200),
    Manner("trickles-1xx", trickles(b"", b"HTTP/1.1 103 Early\r\n\r\n"), NO_END, 103),
    Manner("promises-more", says(OK + b"Content-Length: 100\r\n\r\nhalf"), NO_END, 200),
    Manner("switches", says(b"HTTP/1.1 101 Now\r\nUpgrade: h2c\r\n\r\n"), NO_END, 101),
]
WITHOUT_END = [
    Manner("endless-body", pours(OK + b"\r\n", PIECE), GOOD, 200),
    Manner("endless-error", pours(b"HTTP/1.1 500 Sad\r\n\r\n", PIECE), "^answered 500$", 500),
    Manner("endless-chunks", pours(OK + CHUNKED, b"4000\r\n" + PIECE + b"\r\n"), GOOD, 200),
    Manner("gzip-bomb", pours(OK + b"Content-Encoding: gzip\r\n\r\n", BOMB), GOOD, 200),
    Manner(
        "gzip-bomb-unasked",
        says_and_closes(OK + b"Transfer-Encoding: gzip\r\n\r\n", BOMB),
        GOOD,
        200,
    ),
    Manner("endless-headers", pours(OK, b"X-More: of this\r\n" * 100), TOO_LONG, 200),
    Manner("endless-header", pours(OK + b"X-Long: ", PIECE), TOO_LONG, 200),
    Manner("endless-first-line", pours(b"HTTP/1.1 200 ", PIECE), TOO_LONG),
    Manner("endless-1xx", pours(b"", b"HTTP/1.1 103 Early\r\n\r\n" * 100), TOO_LONG, 103),
]
CUT_SHORT = [
    Manner("closes", says_and_closes(), "^the connection was closed without an answer$"),
    Manner("closes-unread", says_and_closes(), BROKEN, reads=False),
    Manner("closes-in-head", says_and_closes(OK + b"Content-Le"), CUT, 200),
    Manner("closes-in-body", says_and_closes(OK + b"Content-Length: 9\r\n\r\nhalf"), CUT, 200),
    Manner("closes-in-chunk", says_and_closes(OK + CHUNKED + b"9\r\nhalf"), CUT, 200),
    Manner("resets", resets(b""), BROKEN),
    Manner("resets-in-body", resets(OK + b"Content-Length: 9\r\n\r\nhalf"), BROKEN, 200),
]
LIES = [
    Manner("sends-more", says(OK + b"Content-Length: 2\r\n\r\nok, and more"), GOOD, 200),
    Manner("204-with-body", says(b"HTTP/1.1 204 Nothing\r\n\r\nbut something"), GOOD, 204),
    Manner("negative-length", says(OK + b"Content-Length: -2\r\n\r\nok"), "Content-Length", 200),
    Manner("bad-chunk", says(OK + CHUNKED + b"zz\r\nok\r\n"), "chunked-encoding", 200),
    Manner("unknown-encoding", says(OK + b"Transfer-Encoding: rot13\r\n\r\nbx"), "encoding", 200),
    Manner(
        "redirects",
        says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n", EMPTY),
        "^answered 302 to http://127.0.0.1:1/: redirects are not followed",
        302,
    ),
    Manner(
        "huge-retry-after",
        says(b"HTTP/1.1 429 Busy\r\nRetry-After: 99999999999999999999\r\n", EMPTY),
        "^answered 429, Retry-After: 99999999999999999999$",
        429,
    ),
]
NO_HTTP_AT_ALL = [
    Manner("nonsense", says_and_closes(b"\x16\x03\x01\xff\xfe\r\n\r\n"), NO_HTTP),
    Manner("ssh", says(b"SSH-2.0-OpenSSH_9.2\r\n"), NO_HTTP),
    Manner("http-0.9", says_and_closes(b"<html>hello</html>"), NO_HTTP),
    Manner("http-7", says(b"HTTP/7.3 200 OK\r\n", EMPTY), "HTTP version"),
    Manner("status-42", says(b"HTTP/1.1 42 Answer\r\n", EMPTY), "response code"),
    Manner("status-0", says(b"HTTP/1.1 000 None\r\n", EMPTY), "response code"),
    Manner("status-999", says(b"HTTP/1.1 999 Nine\r\n", EMPTY), "^answered 999$", 999),
    Manner("bad-header", says(OK + b"no colon here\r\n", EMPTY), NO_HTTP, 200),
    Manner("zero-in-header", says(OK + b"X-Zero: a\0b\r\n", EMPTY), NO_HTTP, 200),
]
MANNERS = [*TIME_IS_TAKEN, *WITHOUT_END, *CUT_SHORT, *LIES, *NO_HTTP_AT_ALL]


class Rogue:
    """One of them, listening."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.name = manner.name
        self.port = 0  # until it listens

    def subscription(self, **more: Any) -> dict[str, Any]:
        """For everything, unless told otherwise."""
        deliver = {"url": f"http://127.0.0.1:{self.port}/{self.name}"}
        return {"id": self.name, "match": {}, "deliver": deliver, **more}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*gone):
            while not (writer.is_closing() or reader.at_eof()):
                if self.manner.reads:
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    await reader.readexactly(int(length or 0))
                await self.manner.act(reader, writer)
        writer.transport.abort()


class Rogues:
    """All of them, in one thread."""

    def __init__(self) -> None:
        self.all = [Rogue(manner) for manner in MANNERS]
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(DEADLINE_SECONDS)

    async def _listen(self) -> None:
        for rogue in self.all:
            server = await asyncio.start_server(rogue.serve, "127.0.0.1", 0)
            rogue.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    def named(self, name: str) -> Rogue:
        return next(rogue for rogue in self.all if rogue.name == name)

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(DEADLINE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_SECONDS)
        self._loop.close()

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
