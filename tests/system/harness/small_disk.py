"""A disk that can be filled: a file system of its own, in memory, as small as is asked for."""

import os
import subprocess
from pathlib import Path
from typing import Self

PIECE = bytes(65536)


class SmallDisk:
    """Mounted within the `with`; what lies in it goes with it. Only root may mount."""

    def __init__(self, place: Path, size_bytes: int) -> None:
        self.place = place
        self.size_bytes = size_bytes
        self.ballast = place / "ballast"  # what takes the room

    def __enter__(self) -> Self:
        assert os.geteuid() == 0, "only root may mount a file system, which this play needs"
        self.place.mkdir(parents=True, exist_ok=True)
        options = f"size={self.size_bytes},mode=0700"
        self._run("mount", "-t", "tmpfs", "-o", options, "tocsin-test", str(self.place))
        return self

    def __exit__(self, *_: object) -> None:
        self._run("umount", "--lazy", str(self.place))

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"

    def free_bytes(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_bsize

    def leave(self, free_bytes: int) -> None:
        """Takes room until only so much is free."""
        with self.ballast.open("ab", buffering=0) as ballast:
            while self.free_bytes() > free_bytes:
                ballast.write(PIECE[: self.free_bytes() - free_bytes])

    def make_room(self) -> None:
        self.ballast.unlink(missing_ok=True)
