"""Tocsin's subscriptions whose ids begin with our prefix, over its HTTP API."""

from typing import Any
from urllib.parse import quote

import urllib3
from kinto.core.utils import json

from kinto_tocsin.connection import Connection, words_of
from kinto_tocsin.settings import Settings
from kinto_tocsin.subscription import Json, Refused

REFUSED = (400, 409, 413, 422)
PAGE = 1000


class Unavailable(Exception):
    """Tocsin does not answer, or not as one who may ask: it is tried again. For people to read."""


class SubscriptionApi:
    """For one thread."""

    def __init__(self, settings: Settings) -> None:
        token = settings.subscriptions_token or settings.token
        self.connection = Connection(settings, token)
        self.prefix = settings.subscriptions_prefix

    def list(self) -> dict[str, Json]:
        found: dict[str, Json] = {}
        path = f"/subscriptions?_limit={PAGE}"
        while path:
            answer = self._ask("GET", path)
            self._check(answer)
            for each in answer.json()["data"]:
                if each["id"].startswith(self.prefix):
                    found[each["id"]] = each
            _, _, path = answer.headers.get("Next-Page", "").partition("/v1")
        return found

    def put(self, name: str, body: Json) -> Json:
        """What Tocsin has now; raises Refused."""
        answer = self._ask("PUT", f"/subscriptions/{quote(name)}", {"data": body})
        if answer.status in REFUSED:
            raise Refused(words_of(answer))
        self._check(answer)
        made: Json = answer.json()["data"]
        return made

    def delete(self, name: str) -> None:
        answer = self._ask("DELETE", f"/subscriptions/{quote(name)}")
        if answer.status != 404:
            self._check(answer)

    def _ask(self, method: str, path: str, body: Any = None) -> "urllib3.BaseHTTPResponse":
        data = json.dumps(body).encode() if body is not None else None
        try:
            return self.connection.request(method, path, data)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable("Tocsin does not answer") from error

    def _check(self, answer: "urllib3.BaseHTTPResponse") -> None:
        if answer.status not in (200, 201):
            raise Unavailable(f"Tocsin answers {answer.status}: {words_of(answer)}")
