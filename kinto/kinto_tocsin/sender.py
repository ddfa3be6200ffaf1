"""One connection to Tocsin, and what its answers mean."""

import email.utils
import ssl
import time
from dataclasses import dataclass
from enum import Enum

import urllib3

from kinto_tocsin.settings import Settings
from kinto_tocsin.version import __version__

CONNECT_SECONDS = 5.0
#   A client error that is about this one notification; any other is about us: a token, a URL.
REFUSED = (400, 409, 413, 422)
LONGEST_REASON = 500


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
        self.url = f"{settings.url}/v1/events"
        self.headers = {
            "Authorization": f"Bearer {settings.token}",
            "Content-Type": "application/json",
            "User-Agent": f"kinto-tocsin/{__version__}",
        }
        self.timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=settings.timeout_seconds)
        context = ssl.create_default_context(cafile=settings.ca_bundle or None)
        self.pool = urllib3.PoolManager(ssl_context=context, maxsize=1, retries=False)

    def post(self, body: bytes, request_id: str = "") -> Answer:
        headers = {**self.headers, **({"X-Request-Id": request_id} if request_id else {})}
        try:
            answer = self.pool.request(
                "POST", self.url, body=body, headers=headers, timeout=self.timeout, redirect=False
            )
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
