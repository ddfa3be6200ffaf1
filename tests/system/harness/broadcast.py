"""Workers that write down what they hear of a broadcast subscription, each in a list of its own."""

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

from harness.client import Json
from harness.tocsin import Daemons
from harness.waiting import until

SUBSCRIPTION = "news"


class Listeners:
    """Each performs the action exec with a program of its own, which adds a line to a file."""

    def __init__(self, daemons: Daemons) -> None:
        self.daemons = daemons
        #   Not among pytest's directories, which only root may enter: programs run as nobody.
        self.place = Path(tempfile.mkdtemp(prefix="listeners-"))
        self.place.chmod(0o777)
        weakref.finalize(self, shutil.rmtree, self.place)

    def subscribe(self, **more: Any) -> None:
        action = {"name": "exec", "program": "note"}
        document: Json = {"id": SUBSCRIPTION, "mode": "broadcast", "match": {}, "action": action}
        self.daemons.client().subscribe(document | more)

    def start(self, name: str, script: str = "", **settings: object) -> None:
        program = self.place / name
        program.write_text(
            f'#!/bin/sh\n{script}\nprintf "%s\\n" "$TOCSIN_EVENT_ID" >> {self.file(name)}\n'
        )
        program.chmod(0o755)
        more: dict[str, object] = {
            "worker/exec/note/command": program,
            "worker/state": self.place / f"{name}.state",
            **settings,
        }
        if os.geteuid() == 0:
            more["worker/exec/note/user"] = "nobody"
        self.daemons.start_worker(name, **more)

    def file(self, name: str) -> Path:
        return self.place / f"{name}.heard"

    def heard(self, name: str) -> list[str]:
        """Event ids, in the order in which they were performed."""
        return self.file(name).read_text().split() if self.file(name).exists() else []

    def wait_until_listening(self, *names: str) -> None:
        for name in names:
            self.daemons.workers[name].wait_for_log(
                f"listens to broadcast subscription {SUBSCRIPTION}"
            )

    def wait_for(self, events: list[str], *names: str, seconds: float = 60) -> None:
        """Each has heard all of these, in this order, and nothing else."""
        for name in names:
            until(
                lambda name=name: without_repeats(self.heard(name)) == events,  # type: ignore[misc]
                f"{name} has heard {len(events)} events: {len(set(self.heard(name)))}",
                seconds,
            )


def without_repeats(events: list[str]) -> list[str]:
    return list(dict.fromkeys(events))
