"""What Kinto holds against what Tocsin has: the events that the log lacks are told again.

Kinto's lists are walked by `_since`, tombstones included, and the last change of each object is
looked up in Tocsin by the id that its event would have. So it may run at any time, twice, or beside
the plug-in.

What a list cannot tell: whether a last change made the object or changed it (it is told as an
update), changes between (only the last is to be seen), who made it, and what went down with a
deleted bucket or collection.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from kinto_tocsin import event_id
from kinto_tocsin.selection import uri_of

Json = dict[str, Any]
PAGE = 500
TIMEOUT_SECONDS = 60


@dataclass
class Options:
    kinto: str  # URL, with /v1
    tocsin: str  # URL, without it
    buckets: list[str]
    collections: list[str]  # ids; all, if there are none
    source: str = "kinto"
    state: Path | None = None  # where it is kept how far a run came
    overlap_seconds: int = 600  # looked at again, for what was committed late
    settle_seconds: int = 60  # what is younger may still be on its way
    dry_run: bool = False


@dataclass
class Report:
    checked: int = 0
    missing: int = 0
    told: int = 0
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = f"{self.checked} checked, {self.missing} missing, {self.told} told"
        return "\n".join([f"{text}, {len(self.refused)} refused", *self.refused])


class State:
    """The last_modified up to which each list was checked."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.seen: dict[str, int] = {}
        if path and path.exists():
            self.seen = json.loads(path.read_text())

    def note(self, key: str, last_modified: int) -> None:
        self.seen[key] = max(last_modified, self.seen.get(key, 0))
        if self.path:
            new = self.path.with_name(f"{self.path.name}.new")
            new.write_text(json.dumps(self.seen, indent=1))
            new.replace(self.path)


class Reconciler:
    """`kinto` and `tocsin` are sessions that know how to authenticate."""

    def __init__(self, options: Options, kinto: requests.Session, tocsin: requests.Session) -> None:
        self.options = options
        self.kinto = kinto
        self.tocsin = tocsin
        self.state = State(options.state)
        self.report = Report()

    def run(self) -> Report:
        for bucket in self.options.buckets:
            self._check_object(bucket)
            parent = {"bucket_id": bucket}
            names = self._walk("collection", f"/buckets/{bucket}/collections", parent)
            for name in self.options.collections or sorted(names):
                path = f"/buckets/{bucket}/collections/{name}/records"
                self._walk("record", path, {"bucket_id": bucket, "collection_id": name})
        return self.report

    def _get(self, url: str) -> requests.Response:
        answer = self.kinto.get(url, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer

    def _check_object(self, bucket: str) -> None:
        data = self._get(f"{self.options.kinto}/buckets/{bucket}").json()["data"]
        self._check("bucket", "/buckets", {}, [data])

    def _walk(self, resource: str, path: str, ids: Json) -> set[str]:
        """Names of what is there, of those that were looked at."""
        names: set[str] = set()
        key = f"{self.options.kinto}{path}"
        #   Collections are few, and each is needed for its records: all of them, each time.
        since = self.state.seen.get(key, 0) if resource == "record" else 0
        for page in self._pages(path, max(since - 1000 * self.options.overlap_seconds, 0)):
            self._check(resource, path, ids, page)
            names |= {each["id"] for each in page if not each.get("deleted")}
            self.state.note(key, page[-1]["last_modified"])
            print(f"{path}: {self.report}", file=sys.stderr)
        return names

    def _pages(self, path: str, since: int) -> Iterator[list[Json]]:
        """In the order of last_modified, without what is too new to be missed."""
        newest = int((time.time() - self.options.settle_seconds) * 1000)
        query = f"_since={since}&_before={newest}&_sort=last_modified&_limit={PAGE}"
        url = f"{self.options.kinto}{path}?{query}"
        while url:
            answer = self._get(url)
            if page := answer.json()["data"]:
                yield page
            url = answer.headers.get("Next-Page", "")

    def _check(self, resource: str, path: str, ids: Json, page: list[Json]) -> None:
        missing: dict[str, list[Json]] = {"update": [], "delete": []}
        for each in page:
            self.report.checked += 1
            actions = ("delete",) if each.get("deleted") else ("update", "create")
            subject = uri_of({"resource_name": resource, **ids}, each["id"])
            if not any(self._has(subject, action, each) for action in actions):
                missing[actions[0]].append(each)
        for action, objects in missing.items():
            self.report.missing += len(objects)
            if objects and not self.options.dry_run:
                self._tell({"resource_name": resource, "uri": path, **ids}, action, objects)

    def _has(self, subject: str, action: str, each: Json) -> bool:
        name = event_id.derive(self.options.source, subject, action, each["last_modified"])
        answer = self.tocsin.get(f"{self.options.tocsin}/v1/events/{name}", timeout=TIMEOUT_SECONDS)
        if answer.status_code != 404:
            answer.raise_for_status()
        return answer.status_code == 200

    def _tell(self, payload: Json, action: str, objects: list[Json]) -> None:
        """All in one POST; one by one if that is refused, so that a bad one is told apart."""
        timestamp = objects[-1]["last_modified"]
        body = {
            "payload": {**payload, "action": action, "timestamp": timestamp, "reconciled": True},
            "impacted_objects": [{"new": each} for each in objects],
            "source": self.options.source,
        }
        answer = self.tocsin.post(
            f"{self.options.tocsin}/v1/events", json=body, timeout=TIMEOUT_SECONDS
        )
        if answer.status_code == 202:
            self.report.told += len(objects)
        elif answer.status_code not in (400, 409, 413, 422):
            answer.raise_for_status()
        elif len(objects) > 1:
            for each in objects:
                self._tell(payload, action, [each])
        else:
            self.report.refused.append(f"{payload['uri']} {objects[0]['id']}: {answer.text[:300]}")
