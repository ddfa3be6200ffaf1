"""A listener that refuses, after everybody else has been told: what it raises rolls back."""

from typing import Any

from kinto.core.events import ResourceChanged


def refuse(event: ResourceChanged) -> None:
    if any(each["new"].get("abort") for each in event.impacted_objects):
        raise RuntimeError("rolled back, as the test asked for")


def includeme(config: Any) -> None:
    config.add_subscriber(refuse, ResourceChanged)
