"""luggage - subscriptions that a worker brings along."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

LUGGAGE_MOST = 64


def luggage_of(subscriptions: Sequence[Mapping[str, Any]]) -> list[str]:
    """As HELLO has them. ValueError for what the broker would refuse in any case."""
    for each in subscriptions:
        revision = each.get("revision")
        if not isinstance(each.get("id"), str):
            raise ValueError(f"a subscription that is brought has an id: {dict(each)!r:.200}")
        if not isinstance(revision, int) or isinstance(revision, bool) or revision < 0:
            raise ValueError(
                f"{each['id']}: revision is a whole number that rises with each change"
            )
        if not isinstance(each.get("keep", False), bool):
            raise ValueError(f"{each['id']}: keep is True or False")
    if len(subscriptions) > LUGGAGE_MOST:
        raise ValueError(f"a worker brings at most {LUGGAGE_MOST} subscriptions")
    return [json.dumps(each, separators=(",", ":")) for each in subscriptions]
