"""The subscriber of Kinto's events: in the request, inside its transaction, from event to outbox.

What fails in Kinto's storage is the request's own failure. A mistake of ours is logged and counted,
and never aborts a write.
"""

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import transaction
from dockerflow.logging import request_id_context
from kinto.core.events import ResourceChanged, ResourceRead
from kinto.core.storage.exceptions import BackendError
from pyramid.events import NewRequest, NewResponse
from pyramid.httpexceptions import HTTPException, HTTPServiceUnavailable

from kinto_tocsin import cause, children, notification
from kinto_tocsin import event as events
from kinto_tocsin.cause import Cause
from kinto_tocsin.metrics import Metrics
from kinto_tocsin.notification import Json, Notification
from kinto_tocsin.relay import Relay
from kinto_tocsin.selection import Selection
from kinto_tocsin.settings import Settings

logger = logging.getLogger(__name__)

Impacted = Iterable[tuple[Cause | None, Json]]


class Store(Protocol):
    """Where notifications wait."""

    @property
    def is_full(self) -> bool: ...
    def add(self, entry: Notification) -> None: ...


class Listener:
    def __init__(self, settings: Settings, store: Store, relay: Relay, metrics: Metrics) -> None:
        self.settings = settings
        self.selection = Selection(settings)
        self.store = store
        self.relay = relay
        self.metrics = metrics

    def request_begins(self, event: NewRequest) -> None:
        self.relay.thread.start()
        events.watch_aborts(event.request)
        cause.request_begins(event.request)

    def request_ends(self, event: NewResponse) -> None:
        cause.request_ends(event.request)

    def changed(self, event: ResourceChanged) -> None:
        self._tell(event, events.changed_objects(event))

    def read(self, event: ResourceRead) -> None:
        self._tell(event, events.read_objects(event))

    def _tell(self, event: ResourceChanged, impacted: Impacted) -> None:
        try:
            self._add(event, impacted)
        except (BackendError, HTTPException):
            raise  # the transaction is spoilt, or the write refused
        except Exception:
            self.metrics.count("dropped", len(event_objects(event)))
            logger.exception("a change of %s cannot be told", event.payload.get("uri"))

    def _add(self, event: ResourceChanged, impacted: Impacted) -> None:
        told = False
        for entry in self._notifications(event, impacted):
            if self._has_room(event, entry):
                self.store.add(entry)
                told = True
        if told:
            transaction.get().addAfterCommitHook(self._committed)

    def _committed(self, success: bool) -> None:
        if success:
            self.relay.thread.wake()

    def _has_room(self, event: ResourceChanged, entry: Notification) -> bool:
        if not (self.relay.health.is_full or self.store.is_full):
            return True
        if self.settings.when_full == "refuse":
            raise HTTPServiceUnavailable()
        self.metrics.count("dropped", len(entry.pieces))
        logger.error("the outbox is full, %d changes are not told: reconcile", len(entry.pieces))
        return False

    def _notifications(self, event: ResourceChanged, impacted: Impacted) -> Iterator[Notification]:
        request_id = request_id_context.get(None) or ""
        by_cause: dict[Cause | None, list[Json]] = {}
        for why, each in impacted:
            by_cause.setdefault(why, []).append(each)
        for why, objects in by_cause.items():
            payload = events.payload_of(event, request_id, why)
            causation = why.to_json() if why else None
            for own, some in self._with_children(event, payload, objects):
                yield from self._make(own, some, request_id, causation)

    def _with_children(
        self, event: ResourceChanged, payload: Json, objects: list[Json]
    ) -> Iterator[tuple[Json, list[Json]]]:
        if payload["action"] == "delete" and self._wants_children():
            for each in objects:
                yield from children.children_of(event.request.registry.storage, payload, each)
        yield payload, objects

    def _wants_children(self) -> bool:
        return self.settings.children and "delete" in self.settings.actions

    def _make(
        self, payload: Json, objects: list[Json], request_id: str, causation: Json | None
    ) -> list[Notification]:
        if not self.selection.wants(payload):
            return []
        chosen = (
            self.selection.redact(payload["resource_name"], each)
            for each in objects
            if self.selection.wants_object(payload, each["new"]["id"])
        )
        source = self.settings.source
        return list(notification.make(payload, chosen, source, request_id, causation))


def event_objects(event: ResourceChanged | ResourceRead) -> list[Json]:
    found: list[Json] = getattr(event, "impacted_objects", None) or event.read_objects
    return found


def subscribe(config: Any, listener: Listener) -> None:
    config.add_subscriber(listener.request_begins, NewRequest)
    config.add_subscriber(listener.request_ends, NewResponse)
    config.add_subscriber(listener.changed, ResourceChanged)
    if "read" in listener.settings.actions:
        config.add_subscriber(listener.read, ResourceRead)
