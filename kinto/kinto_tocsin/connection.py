"""Requests to Tocsin, with a token, over connections that are kept open."""

import ssl
from typing import Any

import urllib3

from kinto_tocsin.settings import Settings
from kinto_tocsin.version import __version__

CONNECT_SECONDS = 5.0
LONGEST_REASON = 500


class Connection:
    """For as many threads as `most`."""

    def __init__(self, settings: Settings, token: str, most: int = 1) -> None:
        self.url = f"{settings.url}/v1"
        self.timeout_seconds = settings.timeout_seconds
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "User-Agent": f"kinto-tocsin/{__version__}",
        }
        context = ssl.create_default_context(cafile=settings.ca_bundle or None)
        self.pool = urllib3.PoolManager(ssl_context=context, maxsize=most, retries=False)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        seconds: float | None = None,
    ) -> "urllib3.BaseHTTPResponse":
        """Raises urllib3's HTTPError if there is no answer within `seconds`."""
        longest = self.timeout_seconds if seconds is None else seconds
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=longest)
        if seconds is not None:
            timeout.total = seconds
        return self.pool.request(
            method,
            self.url + path,
            body=body,
            headers={**self.headers, **(headers or {})},
            timeout=timeout,
            redirect=False,
        )


def words_of(answer: "urllib3.BaseHTTPResponse") -> str:
    """What Tocsin says of an error; the start of the answer, if it is not of its form."""
    try:
        error: Any = answer.json()
        return str(error["message"])[:LONGEST_REASON]
    except (ValueError, KeyError, TypeError):
        return answer.data[:LONGEST_REASON].decode(errors="replace")
