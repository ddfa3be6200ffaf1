"""The registrar: a thread in each process that makes Tocsin's subscriptions what the records say.

It looks at all of them after each change, and now and then, so that whatever was missed is made
good: while Kinto or Tocsin was away, or by somebody's hand in Tocsin. One process does it at a
time.
"""

import logging
import random
import time
from datetime import datetime
from typing import Any

from kinto_tocsin.background import Background
from kinto_tocsin.drain import Lease, Others
from kinto_tocsin.relay import OTHERS_SECONDS, backoff_seconds
from kinto_tocsin.settings import Settings
from kinto_tocsin.subscription import STATE, Json, Refused, body_of, digest_of
from kinto_tocsin.subscription_api import SubscriptionApi, Unavailable
from kinto_tocsin.subscription_records import SubscriptionRecords

logger = logging.getLogger(__name__)

#   What Tocsin itself does to a subscription, or whoever is on call: it is reported, not undone.
ON_CALL = ("paused", "disabled", "disabled_because")
LONGEST_ID = 120
RENEW_SECONDS = 1.0  # of the lease


def status_of(found: Json) -> Json:
    """Of a subscription as Tocsin has it."""
    state: Json = {"id": found["id"], "last_modified": found["last_modified"]}
    if found.get("disabled"):
        why = found.get("disabled_because", "asked")
        return {**state, "status": "disabled", "error": f"it was disabled: {why}"}
    return {**state, "status": "paused" if found.get("paused") else "active"}


def has(found: Any, wanted: Any) -> bool:
    """All that was wanted is there, whatever Tocsin has filled in beside it."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(has(found.get(k), v) for k, v in wanted.items())
    return bool(found == wanted)


def has_expired(body: Json) -> bool:
    """By the record's own word; then Tocsin has deleted it."""
    try:
        ends = datetime.fromisoformat(body["expires"].replace("Z", "+00:00"))  # for Python 3.10
    except (KeyError, AttributeError, ValueError):
        return False
    return ends.tzinfo is not None and ends.timestamp() <= time.time()


class Registrar:
    def __init__(self, settings: Settings, records: SubscriptionRecords, lease: Lease) -> None:
        self.settings = settings
        self.records = records
        self.lease = lease
        self.thread = Background("tocsin-registrar", self._run)
        self._taken = 0.0  # the lease, in monotonic seconds

    def _run(self) -> None:
        thread = self.thread
        api = SubscriptionApi(self.settings)
        failures = 0
        while not thread.stopped.is_set():
            thread.woken.clear()
            try:
                self._round(api)
            except Others:
                thread.stopped.wait(OTHERS_SECONDS * random.uniform(0.5, 1.5))
            except Exception as error:
                failures += 1
                self._complain(error)
                pause = backoff_seconds(failures, self.settings.max_backoff_seconds)
                thread.stopped.wait(pause)
            else:
                failures = 0
                thread.woken.wait(self.settings.subscriptions_seconds * random.uniform(0.8, 1.2))

    def _round(self, api: SubscriptionApi) -> None:
        if not self.lease.take():
            raise Others
        self._taken = time.monotonic()
        try:
            self.reconcile(api)
        except Unavailable as error:
            self._note_waiting(str(error))
            raise
        finally:
            self.lease.release()

    def _complain(self, error: Exception) -> None:
        where = self.settings.subscriptions
        if isinstance(error, Unavailable):
            logger.warning("subscriptions of %s wait: %s", where, error)
        else:
            logger.error("subscriptions of %s wait", where, exc_info=error)

    def reconcile(self, api: SubscriptionApi) -> None:
        """Tocsin is asked first: what is there and has no record afterwards has lost it."""
        registered = api.list()
        wanted = self.records.all()
        names = {self.records.name_of(record) for record, _ in wanted}
        for name in registered.keys() - names:
            api.delete(name)
        for record, secrets in wanted:
            self._keep_lease()
            if self.records.is_open(record):
                self.records.conceal(record)
                self.thread.wake()  # it is registered in the next round
                continue
            found = registered.get(self.records.name_of(record))
            self.records.note(record, self._register(api, record, secrets, found))

    def _keep_lease(self) -> None:
        if time.monotonic() - self._taken > RENEW_SECONDS:
            self.lease.take()
            self._taken = time.monotonic()

    def _register(
        self, api: SubscriptionApi, record: Json, secrets: Json, found: Json | None
    ) -> Json:
        """The state that its record is to show."""
        name, digest = self.records.name_of(record), digest_of(record)
        state = record.get(STATE) or {}
        try:
            body = body_of(record, secrets)
            if state.get("digest") == digest and found and self._is_settled(state, found, body):
                return {**status_of(found), "digest": digest}
            if found is None and state.get("digest") == digest and has_expired(body):
                return {"id": name, "status": "expired", "digest": digest}
            if len(name) > LONGEST_ID:
                raise Refused(f"the record's id is too long: {LONGEST_ID} with {name[:20]}…")
            return {**status_of(api.put(name, body)), "digest": digest}
        except Refused as error:
            return {"id": name, "status": "refused", "error": str(error), "digest": digest}

    def _is_settled(self, state: Json, found: Json, body: Json) -> bool:
        """This very record was PUT before, and nobody has changed more than who is on call does."""
        if found["last_modified"] == state.get("last_modified"):
            return True
        wanted = {name: value for name, value in body.items() if name not in ON_CALL}
        deliver = wanted.get("deliver")
        if isinstance(deliver, dict):  # Tocsin does not show secrets
            wanted["deliver"] = {k: v for k, v in deliver.items() if k != "secret"}
        return has(found, wanted)

    def _note_waiting(self, reason: str) -> None:
        for record, _ in self.records.all():
            state = record.get(STATE) or {}
            if state.get("digest") != digest_of(record):
                pending = {"id": self.records.name_of(record), "status": "pending", "error": reason}
                self.records.note(record, pending)
