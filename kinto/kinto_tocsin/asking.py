"""Pre-events: chosen writes are put to Tocsin before they are committed, and refused, or changed.

All that a request writes is asked about one by one, and all of it within one deadline: a write
never waits longer, and neither does what it has locked. What Tocsin does not decide by then, a
setting does.
"""

import logging
import time
from typing import Any

import urllib3
from kinto.core.errors import ERRORS, http_error
from kinto.core.storage.exceptions import ObjectNotFoundError
from kinto.core.utils import json
from kinto.schema_validation import ValidationError, validate_schema
from pyramid.httpexceptions import HTTPForbidden, HTTPServiceUnavailable
from pyramid.settings import asbool

from kinto_tocsin.cause import Json, cause_of
from kinto_tocsin.connection import Connection, words_of
from kinto_tocsin.metrics import Metrics
from kinto_tocsin.selection import REDACTED, Selection, matches
from kinto_tocsin.settings import Settings
from kinto_tocsin.writes import Write

logger = logging.getLogger(__name__)

CONNECTIONS = 32  # kept open; more threads than that open their own
LOG_SECONDS = 30.0  # between complaints
OURS = ("id", "last_modified", "deleted", "schema")  # Kinto's own members, which nobody changes
SCHEMA_VALIDATION = "experimental_collection_schema_validation"


class Silence(Exception):
    """Tocsin has not decided; says why."""


def merged(part: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396). What reads [redacted] was not shown, and stays as it is."""
    if not isinstance(patch, dict):
        return patch
    found = dict(part) if isinstance(part, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        elif value != REDACTED:
            found[name] = merged(found.get(name), value)
    return found


class Asking:
    """A step before the commit. For all threads of a process."""

    def __init__(self, settings: Settings, registry: Any, metrics: Metrics) -> None:
        self.settings = settings
        self.registry = registry
        self.metrics = metrics
        self.selection = Selection(settings)
        self.connection = Connection(settings, settings.token, CONNECTIONS)
        self._next_complaint = 0.0  # monotonic seconds

    def take(self, request: Any, writes: list[Write]) -> list[Write]:
        asked = [write for write in writes if self._is_asked(write)]
        deadline = time.monotonic() + self.settings.ask_timeout_seconds
        return [write for write in asked if self._ask(request, write, deadline)]

    def _is_asked(self, write: Write) -> bool:
        return (
            write.payload["action"] in self.settings.ask_actions
            and write.resource != "account"
            and matches(write.uri, self.settings.ask)
        )

    def _ask(self, request: Any, write: Write, deadline: float) -> bool:
        """True if it was changed; raises what refuses it."""
        write.read_whole(self.registry.storage)
        started = time.monotonic()
        try:
            decision = self._post(self._question(request, write), deadline - started)
        except Silence as silence:
            self._fall_silent(write, str(silence))
            return False
        finally:
            self.metrics.observe("ask_seconds", time.monotonic() - started)
        self.metrics.count("asked")
        if decision.get("decision") == "deny":
            self._refuse(write, str(decision.get("reason") or "Tocsin's subscribers refuse it."))
        patch = decision.get("object")
        return isinstance(patch, dict) and self._change(write, patch)

    #   The question, and its answer.

    def _question(self, request: Any, write: Write) -> Json:
        told = self.selection.redact(write.resource, write.impacted)
        payload = {**write.payload}
        cause = cause_of(request, write.impacted)
        question = {
            "type": f"kinto.{write.resource}.{payload['action']}",
            "subject": write.uri,
            "source": self.settings.source,
            "phase": "pre",
            "data": {"payload": payload, **told},
        }
        if cause:
            payload["causation"] = cause.text
        if causation := cause.to_json() if cause else None:
            whence = {"causation": causation["id"], "root": causation["root"]}
            question |= {**whence, "hops": causation["hops"]}
        return question

    def _post(self, question: Json, seconds: float) -> Json:
        if seconds <= 0:
            raise Silence("the time for asking is up")
        body = json.dumps({"data": question}).encode()
        try:
            answer = self.connection.request("POST", "/events", body, seconds=seconds)
        except urllib3.exceptions.HTTPError as error:
            raise Silence(f"{self.connection.url}: {error}") from error
        if answer.status != 200:
            raise Silence(f"{self.connection.url}: {answer.status} {words_of(answer)}")
        decision: Json = answer.json()["data"]
        return decision

    #   What comes of it.

    def _refuse(self, write: Write, reason: str) -> None:
        self.metrics.count("refused")
        details = {"uri": write.uri, "action": write.payload["action"]}
        raise http_error(HTTPForbidden(), errno=ERRORS.FORBIDDEN, message=reason, details=details)

    def _fall_silent(self, write: Write, reason: str) -> None:
        self.metrics.count("silent")
        rule = self.settings.ask_on_silence
        if time.monotonic() >= self._next_complaint:
            self._next_complaint = time.monotonic() + LOG_SECONDS
            logger.warning(
                "Tocsin does not say whether %s may be (%s): %s", write.uri, rule, reason
            )
        if rule == "deny":
            message = "It is not known whether this may be written: please retry later."
            raise http_error(HTTPServiceUnavailable(), errno=ERRORS.BACKEND, message=message)

    def _change(self, write: Write, patch: Json) -> bool:
        if write.is_deletion or not write.is_last or self._is_subscription(write):
            return False
        patch = {name: value for name, value in patch.items() if name not in OURS}
        before = write.impacted["new"]
        after = merged(before, patch)
        if after == before:
            return False
        if wrong := self._fault_of(write, after):
            self._refuse(write, f"As Tocsin's subscribers changed it, it is not valid: {wrong}")
        self.metrics.count("changed")
        write.replace(self.registry.storage, after)
        return True

    def _is_subscription(self, write: Write) -> bool:
        """Its secrets were taken out by now: nobody puts others in."""
        bucket, _, collection = self.settings.subscriptions.partition("/")
        return bool(bucket) and write.parent == f"/buckets/{bucket}/collections/{collection}"

    def _fault_of(self, write: Write, after: Json) -> str:
        """What Kinto would have said of it; empty if nothing."""
        if write.resource == "group":
            members = after.get("members")
            is_list = isinstance(members, list) and all(isinstance(each, str) for each in members)
            return "" if is_list else "members is no list of principals"
        if write.resource != "record" or not asbool(
            self.registry.settings.get(SCHEMA_VALIDATION, False)
        ):
            return ""
        try:
            schema = self._schema_of(write)
            data = {name: value for name, value in after.items() if name not in OURS}
            validate_schema(data, schema, id_field="id", ignore_fields=["schema"])
        except ValidationError as error:
            return str(error.message)
        return ""

    def _schema_of(self, write: Write) -> Json:
        bucket, name = f"/buckets/{write.payload['bucket_id']}", write.payload["collection_id"]
        try:
            collection = self.registry.storage.get("collection", bucket, name)
        except ObjectNotFoundError:  # deleted in the same request
            return {}
        return {**(collection.get("schema") or {})}
