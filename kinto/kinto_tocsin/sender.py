"""One connection to Tocsin, and what its answers mean."""

import email.utils
import time
from dataclasses import dataclass
from enum import Enum

import urllib3

from kinto_tocsin.connection import LONGEST_REASON, Connection
from kinto_tocsin.settings import Settings

#   A client error that is about this one notification; any other is about us: a token, a URL.
REFUSED = (400, 409, 413, 422)


class Outcome(Enum):
    CONFIRMED = "confirmed"  # on Tocsin's disk
    REFUSED = "refused"  # as it is, it will never be taken
    LATER = "later"


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    reason: str = ""
    delay_seconds: float | None = None  # that Tocsin asks for before the next request


def asked_delay(headers: "urllib3.HTTPHeaderDict") -> float | None:
    """Backoff and Retry-After, in seconds or as a date (RFC 9110); the longer of the two."""
    delays = [delay for name in ("Backoff", "Retry-After") if (delay := seconds(headers.get(name)))]
    return max(delays, default=None)


def seconds(value: str | None) -> float | None:
    if not value:
        return None
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except ValueError:
        return None


class Sender:
    """For one thread."""

    def __init__(self, settings: Settings) -> None:
        self.connection = Connection(settings, settings.token)
        self.url = f"{self.connection.url}/events"

    def post(self, body: bytes, request_id: str = "") -> Answer:
        headers = {"X-Request-Id": request_id} if request_id else {}
        try:
            answer = self.connection.request("POST", "/events", body, headers)
        except urllib3.exceptions.HTTPError as error:
            return Answer(Outcome.LATER, f"{self.url}: {error}")
        return self.read(answer)

    def read(self, answer: "urllib3.BaseHTTPResponse") -> Answer:
        delay = asked_delay(answer.headers)
        if answer.status == 202:
            return Answer(Outcome.CONFIRMED, delay_seconds=delay)
        said = answer.data[:LONGEST_REASON].decode(errors="replace")
        reason = f"{self.url}: {answer.status} {said}"
        outcome = Outcome.REFUSED if answer.status in REFUSED else Outcome.LATER
        return Answer(outcome, reason, delay)
