"""Where a change comes from: the header X-Tocsin-Causation, which Tocsin's own action sends with
what it writes, so that the tree of causes goes through Kinto.

Kinto tells of all that a batch changed in one event, and that action writes in batches: so it is
noted which objects each request of a batch has changed.
"""

import re
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
HEADER = "X-Tocsin-Causation"
CAUSES = "tocsin.causes"  # in request.bound_data, if there are any
BEFORE = "_tocsin_before"  # of a request that has the header: what had been changed before it
FORM = re.compile(r"id=([A-Za-z0-9_-]{1,64}); root=([A-Za-z0-9_-]{1,64}); hops=([0-9]{1,5})")
MOST_HOPS = 65535  # Tocsin takes no more
MOST_TEXT = 1024  # characters


@dataclass(frozen=True)
class Cause:
    text: str  # the header

    def to_json(self) -> Json | None:
        """As Tocsin takes it beside a notification; None if it is not of Tocsin's form."""
        found = FORM.fullmatch(self.text)
        if not found or int(found[3]) > MOST_HOPS:
            return None
        return {"id": found[1], "root": found[2], "hops": int(found[3])}


def cause_in(request: Any) -> Cause | None:
    text = request.headers.get(HEADER)
    return Cause(text[:MOST_TEXT]) if text else None


def objects_of(request: Any) -> list[Json]:
    collector = request.bound_data.get("resource_events")
    if collector is None:
        return []
    return [each for _, impacted, _ in collector.event_dict.values() for each in impacted]


def request_begins(request: Any) -> None:
    """Called for each request of a batch too."""
    if HEADER in request.headers:
        setattr(request, BEFORE, {id(each) for each in objects_of(request)})


def request_ends(request: Any) -> None:
    """Called for each request of a batch; of one by itself too late, and not needed."""
    before = getattr(request, BEFORE, None)
    if before is None:
        return
    causes = request.bound_data.setdefault(CAUSES, {})
    for each in objects_of(request):
        if id(each) not in before:
            causes.setdefault(id(each), (cause_in(request), each))  # kept: no id is used again


def cause_of(request: Any, impacted: Json) -> Cause | None:
    """Of one object that `request`, or a request of its batch, has changed."""
    causes = request.bound_data.get(CAUSES)
    if causes is None:
        return cause_in(request)
    found: tuple[Cause | None, Json] | None = causes.get(id(impacted))
    return found[0] if found else None
