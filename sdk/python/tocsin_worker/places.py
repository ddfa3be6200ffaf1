"""places - how far each broadcast subscription has been performed, by partition; kept in a file, if
the worker has one, so that it goes on from there after a restart."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from os import PathLike
from pathlib import Path

log = logging.getLogger("tocsin_worker")

SAVE_SECONDS = 0.5  # between two times that the file is written


class Places:
    def __init__(self, path: str | PathLike[str] = "") -> None:
        """path: of the file; "": they are forgotten with the worker."""
        self._path = Path(path) if path else None
        self._seqs: dict[str, int] = {}
        self._is_saved = True
        self._save_at = 0.0
        if self._path and self._path.exists():
            self._seqs = read(self._path)

    def find(self, feed: str, partition: int) -> int | None:
        """feed: the subscription, and which of its name."""
        return self._seqs.get(f"{feed} {partition}")

    def note(self, feed: str, partition: int, seq: int) -> None:
        key = f"{feed} {partition}"
        if self._seqs.get(key) != seq:
            self._seqs[key] = seq
            self._is_saved = False

    def due(self) -> float:
        return float("inf") if self._is_saved or not self._path else self._save_at

    def save(self, now: float, at_once: bool = False) -> None:
        if self._is_saved or not self._path or (now < self._save_at and not at_once):
            return
        self._save_at = now + SAVE_SECONDS
        self._is_saved = True
        try:
            write(self._path, self._seqs)
        except OSError as error:
            log.error("the places of broadcasts cannot be kept: %s", error)
            self._is_saved = False


def read(path: Path) -> dict[str, int]:
    """What is no such file is an error: to begin anew would perform or miss much."""
    seqs = json.loads(path.read_text())
    if not isinstance(seqs, dict) or not all(type(each) is int for each in seqs.values()):
        raise ValueError(f"{path} has no places of broadcasts")
    return seqs


def write(path: Path, seqs: dict[str, int]) -> None:
    """The old ones or the new ones, whenever the power fails."""
    new = path.with_name(path.name + ".new")
    with new.open("w") as file:
        json.dump(seqs, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    with contextlib.suppress(OSError):
        directory = os.open(path.parent, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
