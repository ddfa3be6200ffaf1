"""labels - what a worker is, in words of its operator."""

from __future__ import annotations

import re
from collections.abc import Mapping

LABELS_MOST = 16
PART = re.compile(r"[A-Za-z0-9_./-]{1,64}")


def labels_of(labels: Mapping[str, str]) -> list[str]:
    """As HELLO has them. ValueError for what is no label."""
    for name, value in labels.items():
        for part in (name, value):
            if not isinstance(part, str) or not PART.fullmatch(part):
                raise ValueError(
                    f"{name!r}: {value!r} is no label: 1 to 64 of A-Z, a-z, 0-9, _ . - and /"
                )
    if len(labels) > LABELS_MOST:
        raise ValueError(f"a worker has at most {LABELS_MOST} labels")
    return [f"{name}={value}" for name, value in sorted(labels.items())]
