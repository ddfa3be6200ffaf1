"""A listener for a real Kinto, by settings alone: it POSTs to Tocsin what Kinto tells it.

    kinto.event_listeners = tocsin
    kinto.event_listeners.tocsin.use = kinto_listener
    kinto.event_listeners.tocsin.url = http://127.0.0.1:8889
    kinto.event_listeners.tocsin.token = tocsin_…      (or TOCSIN_TOKEN in the environment)

Kinto calls it inside the transaction; what it raises makes Kinto's client see a 500.
"""

import json
import os
import urllib.request
from typing import Any

from kinto.core.events import ResourceChanged
from kinto.core.listeners import ListenerBase
from pyramid.config import Configurator

TIMEOUT_SECONDS = 10


class Listener(ListenerBase):  # type: ignore[misc]
    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self.url = url + "/v1/events"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def __call__(self, event: ResourceChanged) -> None:
        body = {"payload": event.payload, "impacted_objects": event.impacted_objects}
        data = json.dumps(body, default=str).encode()
        request = urllib.request.Request(self.url, data=data, headers=self.headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            assert answer.status == 202, answer.status


def load_from_config(config: Configurator, prefix: str) -> Listener:
    settings: dict[str, Any] = config.get_settings()
    token = settings.get(prefix + "token") or os.environ["TOCSIN_TOKEN"]
    return Listener(settings[prefix + "url"], token)
