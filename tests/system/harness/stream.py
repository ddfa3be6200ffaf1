"""A client of GET /v1/stream: it reads in a thread of its own, and comes back with its last id."""

import contextlib
import json
import threading
from dataclasses import dataclass, field

import requests

from harness.client import Json
from harness.waiting import DEADLINE_SECONDS


@dataclass
class Told:
    """One server-sent event."""

    id: str = ""
    event: str = ""
    data: list[str] = field(default_factory=list)

    def json(self) -> Json:
        told: Json = json.loads("\n".join(self.data))
        return told


class Stream:
    """All that was told, over as many connections as it took."""

    def __init__(self, url: str, token: str, **parameters: str) -> None:
        self.url = url
        self.token = token
        self.parameters = parameters
        self.told: list[Told] = []
        self.last_id = ""
        self.is_open = threading.Event()
        self._is_over = threading.Event()
        self._answer: requests.Response | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ids(self) -> list[str]:
        """Of the events that were told, in order."""
        return [told.json()["id"] for told in list(self.told) if told.event == ""]

    def _run(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(requests.RequestException):
                self._listen()
            self.is_open.clear()
            self._is_over.wait(0.05)

    def _listen(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        with requests.get(
            self.url + "/v1/stream", self.parameters, headers=headers, stream=True, timeout=30
        ) as answer:
            self._answer = answer
            if answer.status_code != 200:
                return
            self._read(answer)

    def _read(self, answer: requests.Response) -> None:
        told = Told(id=self.last_id)
        for raw in answer.iter_lines(chunk_size=1):
            line = raw.decode()
            name, _, value = line.partition(": ")
            if name == "id":
                told.id = value
            elif name == "event":
                told.event = value
            elif name == "data":
                told.data.append(value)
            elif line == "":
                self.last_id = told.id
                if told.data:
                    self.told.append(told)
                self.is_open.set()
                told = Told(id=self.last_id)

    def end(self) -> None:
        """At once: a close would wait for whoever reads, and that is until the next empty event."""
        self._is_over.set()
        if self._answer is not None:
            with contextlib.suppress(ValueError, RuntimeError):  # it is over already
                self._answer.raw.shutdown()
        self._thread.join(DEADLINE_SECONDS)
