"""What is done with a write before it is committed: a tween around Kinto's views, inside of those
that tell of events and that commit.

An exception here is the request's own: everything it wrote is rolled back.
"""

from collections.abc import Callable
from typing import Any, Protocol

import transaction

from kinto_tocsin.registrar import Registrar
from kinto_tocsin.subscription_records import SubscriptionRecords
from kinto_tocsin.writes import Write, amend, time_of, writes_of

Handler = Callable[[Any], Any]
TELLS_OF_EVENTS = "kinto.core.events.notify_resource_events_before"


class Step(Protocol):
    """Looks at the writes of a request; says which ones it has replaced."""

    def take(self, request: Any, writes: list[Write]) -> list[Write]: ...


class Registration:
    """Records that are subscriptions lose their secrets, and the registrar hears of them."""

    def __init__(self, records: SubscriptionRecords, registrar: Registrar) -> None:
        self.records = records
        self.registrar = registrar

    def take(self, request: Any, writes: list[Write]) -> list[Write]:
        replaced = []
        is_touched = False
        for write in sorted(writes, key=time_of):  # what a batch did to a record, in its order
            if write.is_deletion and self.records.parent.startswith(write.uri):
                is_touched = True  # the collection, or its bucket
            if write.resource != "record" or write.parent != self.records.parent:
                continue
            is_touched = True
            if write.is_deletion:
                self.records.forget(write.object_id)
                continue
            write.read_whole(self.records.storage)
            write.replace(self.records.storage, self.records.accept(write.impacted["new"]))
            replaced.append(write)
        if is_touched:
            transaction.get().addAfterCommitHook(self._committed)
        return replaced

    def _committed(self, success: bool) -> None:
        if success:
            self.registrar.thread.wake()


def tween_factory(handler: Handler, registry: Any) -> Handler:
    steps: list[Step] = registry.tocsin_steps

    def tween(request: Any) -> Any:
        response = handler(request)
        if writes := writes_of(request):
            replaced = [write for step in steps for write in step.take(request, writes)]
            amend(request, response, replaced)
        return response

    return tween


def add_tween(config: Any, steps: list[Step]) -> None:
    if steps:
        config.registry.tocsin_steps = steps
        config.add_tween("kinto_tocsin.before_commit.tween_factory", under=TELLS_OF_EVENTS)
