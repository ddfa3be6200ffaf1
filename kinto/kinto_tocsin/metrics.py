"""What is counted, in Kinto's own metrics (statsd or Prometheus, whichever it has).

Counters `tocsin.sent`, `.failed`, `.dropped`, `.retries`; observations `tocsin.outbox` (entries
that wait), `tocsin.outbox_age_seconds` (of the oldest), `tocsin.failed_kept`.
"""

from typing import Any


class Metrics:
    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def count(self, name: str, number: int = 1) -> None:
        if number and (service := self.registry.metrics):
            service.count(f"tocsin.{name}", count=number)

    def observe(self, name: str, value: float) -> None:
        if service := self.registry.metrics:
            service.observe(f"tocsin.{name}", value)
