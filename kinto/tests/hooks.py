"""What a Kinto does only by chance, and in tests when asked: a conflict, a late rollback."""

from typing import Any

from kinto.core.events import ResourceChanged
from pyramid.events import NewRequest
from pyramid.httpexceptions import HTTPConflict


def refuse(event: ResourceChanged) -> None:
    if any(each["new"].get("abort") for each in event.impacted_objects):
        raise RuntimeError("rolled back, as the test asked for")


def conflict(event: NewRequest) -> None:
    if event.request.headers.get("X-Test-Conflict"):
        raise HTTPConflict()


def includeme(config: Any) -> None:
    config.add_subscriber(refuse, ResourceChanged)
    config.add_subscriber(conflict, NewRequest)
