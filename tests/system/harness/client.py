"""An honest client of the HTTP API: it repeats an event, under one id, until it is accepted."""

import threading
import uuid
from typing import Any

import requests

from harness.waiting import DEADLINE_SECONDS, until

Json = dict[str, Any]
TIMEOUT_SECONDS = 20.0


class Client:
    """One connection, for one thread."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("timeout", TIMEOUT_SECONDS)
        return self.session.request(method, self.url + path, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", path, json=body, **options)

    def put(self, path: str, body: Any, **options: Any) -> requests.Response:
        return self.request("PUT", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def publish(self, **event: Any) -> Json:
        """POST a plain event until it is accepted; its line of the answer.

        The id is the same each time, so repeating is safe whatever became of the tries before.
        """
        event.setdefault("id", str(uuid.uuid4()))
        event.setdefault("type", "test.thing.changed")
        event.setdefault("subject", "/things/1")
        event.setdefault("data", {})
        return self.post_until_accepted({"data": event})[0]

    def post_until_accepted(
        self, body: Json, stop: threading.Event | None = None, seconds: float = DEADLINE_SECONDS
    ) -> list[Json]:
        """The answer's lines; only what may be repeated is: no answer at all, 429 and 503."""
        pause = stop or threading.Event()

        def attempt() -> list[Json] | None:
            try:
                answer = self.post("/v1/events", body)
            except requests.RequestException:
                return None
            if answer.status_code in (429, 503):
                pause.wait(min(float(answer.headers["Retry-After"]), 0.1))
                return None
            assert answer.status_code == 202, (answer.status_code, answer.text)
            lines: list[Json] = answer.json()["data"]
            return lines

        return until(attempt, f"{self.url} accepts {str(body)[:80]}", seconds)

    def subscribe(self, subscription: Json) -> Json:
        answer = self.post("/v1/subscriptions", {"data": subscription})
        assert answer.status_code == 201, (answer.status_code, answer.text)
        made: Json = answer.json()["data"]
        return made

    def event(self, event_id: str) -> Json:
        answer = self.get(f"/v1/events/{event_id}")
        assert answer.status_code == 200, (answer.status_code, answer.text)
        event: Json = answer.json()["data"]
        return event

    def delivery(self, event_id: str, subscription: str) -> Json:
        """What has become of an event for one subscription."""
        deliveries: list[Json] = self.event(event_id)["deliveries"]
        found = [each for each in deliveries if each["subscription"] == subscription]
        assert len(found) == 1, deliveries
        return found[0]

    def wait_for_delivery(self, event_id: str, subscription: str, status: str) -> Json:
        """The delivery, once it has that status."""

        def look() -> Json | None:
            found = self.delivery(event_id, subscription)
            return found if found["status"] == status else None

        return until(look, f"{event_id} for {subscription} is {status}")

    def wait_for_attempt(self, event_id: str, subscription: str) -> Json:
        """The first one."""
        attempts: list[Json] = until(
            lambda: self.delivery(event_id, subscription)["attempts"],
            f"{event_id} is tried for {subscription}",
        )
        return attempts[0]
