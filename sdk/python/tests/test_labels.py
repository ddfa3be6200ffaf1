"""What is a label, and what is none."""

from __future__ import annotations

import pytest

from tocsin_worker import Worker

SIXTY_FOUR = "a" * 64


def test_labels_are_said_as_texts_sorted() -> None:
    worker = Worker("tcp://127.0.0.1:1", labels={"tier": "fast", "a/b.c_d-e": SIXTY_FOUR})
    assert worker.labels == [f"a/b.c_d-e={SIXTY_FOUR}", "tier=fast"]
    assert Worker("tcp://127.0.0.1:1").labels == []


@pytest.mark.parametrize(
    "labels",
    [
        {"": "eu"},
        {"region": ""},
        {"re gion": "eu"},
        {"region": "e=u"},
        {"region": "eu\n"},
        {"région": "eu"},
        {SIXTY_FOUR + "a": "eu"},
        {"region": 1},
        {str(number): "x" for number in range(17)},
    ],
)
def test_what_is_no_label_is_refused(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="label"):
        Worker("tcp://127.0.0.1:1", labels=labels)
