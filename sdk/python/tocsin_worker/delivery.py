"""delivery - what an action is given, and how it says what became of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tocsin_worker.wire import NUMBER_MOST, PROGRESS_BYTES, TEXT_BYTES


class Retry(Exception):
    """Raised by an action: again later, by the subscription's policy."""

    def __init__(self, error: str = "", after_seconds: float = 0.0) -> None:
        super().__init__(error)
        self.after_seconds = after_seconds  # not before; 0 leaves it to the policy


class Fail(Exception):
    """Raised by an action: never again; the delivery becomes a dead letter."""

    def __init__(self, error: str = "", disables: bool = False) -> None:
        super().__init__(error)
        self.disables = disables  # nothing more is wanted: the subscription is disabled


@dataclass(frozen=True)
class Event:
    """What happened. `id` is the same on every attempt, so it tells repeats apart."""

    id: str
    type: str
    subject: str
    time: str  # RFC 3339
    partition: int = 0
    seq: int = 0
    accepted_ms: int = 0
    given_id: str = ""
    source: str = ""
    key: str = ""  # as published; "": the subject orders
    phase: str = "post"
    content_type: str = "application/json"
    data: bytes = b""
    causation: str = ""  # id of the event that caused it; "": none is known
    root: str = ""  # id of the first event of its tree; "": it is that itself
    via: str = ""  # the subscription whose action made it; "": none did
    hops: int = 0  # actions between root and this one

    def json(self) -> Any:
        return json.loads(self.data)


class Told:
    """What an action has said of its progress, until the worker has taken it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._word: tuple[int, str] | None = None
        self.wake: Callable[[], object] = bool  # the worker's; until it begins nobody is woken

    def tell(self, percent: int, text: str) -> None:
        with self._lock:
            was_empty = self._word is None
            self._word = (percent, text)
        if was_empty:
            self.wake()

    def take(self) -> tuple[int, str] | None:
        with self._lock:
            word, self._word = self._word, None
        return word


@dataclass(frozen=True)
class Delivery:
    """One attempt of one event for one subscription."""

    event: Event
    subscription: str
    action: dict[str, Any]  # of the subscription: {"name": …}
    deliver: dict[str, Any]  # of the subscription: {"url": …, …}, or {}
    attempt: int  # 1 for the first
    timeout_ms: int  # then the attempt is over, whatever the action does
    over: threading.Event = field(default_factory=threading.Event, compare=False)
    """Set when the outcome is wanted no more, whatever it will be: a long action looks at it now
    and then."""

    told: Told = field(default_factory=Told, compare=False, repr=False)

    def progress(self, percent: float = 0, text: str = "") -> None:
        """How far it is, 1 to 100 percent (0: that is not said) and in words; from any thread. The
        last of each second is shown to whoever looks at the event."""
        self.told.tell(min(max(round(percent), 0), 100), cut(text, PROGRESS_BYTES))

    @property
    def is_question(self) -> bool:
        """It has not happened yet; the result, {"decision": "allow" or "deny", …}, is an answer."""
        return self.event.phase == "pre"


def cut(words: str, most: int = TEXT_BYTES) -> str:
    """As a text of the protocol: UTF-8 without NUL, and not too long."""
    whole = words.replace("\0", "\ufffd").encode(errors="replace")
    return whole[:most].decode(errors="ignore")


def outcome_of(result: Any, problem: BaseException | None) -> dict[str, Any]:
    """What a settlement says; every exception that is no Fail is a reason to try again."""
    if problem is None:
        try:
            words = "" if result is None else json.dumps(result, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as refusal:
            problem = refusal
        else:
            if len(words) > TEXT_BYTES:
                words = json.dumps({"left_out": f"{len(words)} bytes, at most {TEXT_BYTES}"})
            return {"outcome": "ok", **({"result": words} if words else {})}
    if isinstance(problem, Fail):
        disables = {"disables": True} if problem.disables else {}
        return {"outcome": "fail", "error": cut(str(problem)), **disables}
    if isinstance(problem, Retry):
        after_ms = min(max(0, round(problem.after_seconds * 1000)), NUMBER_MOST)
        after = {"retry_after_ms": after_ms} if after_ms else {}
        return {"outcome": "retry", "error": cut(str(problem)), **after}
    return {"outcome": "retry", "error": cut(f"{type(problem).__name__}: {problem}")}


class Attempt:
    """One delivery at work: when it began, and what is to be said of it."""

    def __init__(self, lease: int, delivery: Delivery) -> None:
        self.lease = lease
        self.delivery = delivery
        self.time_ms = time.time_ns() // 1_000_000
        self._began = time.monotonic()

    def settlement(self, result: Any, problem: BaseException | None) -> dict[str, Any]:
        duration_ms = int((time.monotonic() - self._began) * 1000)
        times = {"time_ms": self.time_ms, "duration_ms": duration_ms}
        return {"lease": self.lease, **outcome_of(result, problem), **times}
