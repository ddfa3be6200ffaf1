"""What Kinto holds against what Tocsin has: the events that the log lacks are told again.

Kinto's lists are walked by `_since`, tombstones included, and the last change of each object is
looked up in Tocsin by the id that its event would have. So it may run at any time, twice, or beside
the plug-in.

What a list cannot tell: whether a last change made the object or changed it (it is told as an
update), changes between (only the last is to be seen), who made it, and what went down with a
deleted bucket or collection.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests
from kinto.core.utils import json

from kinto_tocsin import event_id
from kinto_tocsin.progress import Progress
from kinto_tocsin.selection import uri_of

Json = dict[str, Any]
PAGE = 500
TIMEOUT_SECONDS = 60
LOOKERS = 8  # at once, in Tocsin
MOST_REFUSED = 1000  # that a report names


@dataclass
class Options:
    kinto: str  # URL, with /v1
    auth: tuple[str, str] | None
    tocsin: str  # URL, without it
    token: str
    buckets: list[str]  # all that can be read, if there are none
    collections: list[str]  # ids; all, if there are none
    source: str = "kinto"
    state: Path | None = None  # where it is kept how far a run came
    overlap_seconds: int = 600  # looked at again, for what was committed late
    settle_seconds: int = 60  # what is younger may still be on its way
    dry_run: bool = False


@dataclass
class Count:
    """Of one list."""

    checked: int = 0
    missing: int = 0
    told: int = 0

    def __str__(self) -> str:
        return f"{self.checked} checked, {self.missing} missing, {self.told} told"


@dataclass
class Report:
    started: str  # RFC 3339
    seconds: float = 0.0
    lists: dict[str, Count] = field(default_factory=dict)  # by path
    refused: list[str] = field(default_factory=list)
    refused_count: int = 0

    @property
    def sum(self) -> Count:
        counts = self.lists.values()
        return Count(*(sum(getattr(each, n) for each in counts) for n in Count.__annotations__))

    def refuse(self, text: str) -> None:
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED:
            self.refused.append(text)

    def __str__(self) -> str:
        lists = [f"    {path}: {each}" for path, each in self.lists.items() if each.missing]
        text = f"{self.sum}, {self.refused_count} refused, in {self.seconds:.1f} s"
        return "\n".join([text, *lists, *self.refused])

    def to_json(self) -> Json:
        return {**asdict(self.sum), **asdict(self)}


def write_whole(path: Path, text: str) -> None:
    """Whoever reads it sees the old one or the new one."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.replace(path)


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
            write_whole(self.path, json.dumps(self.seen))


class Stopped(Exception):
    """Somebody asked for it; what was done is done."""


class Reconciler:
    """One run."""

    def __init__(self, options: Options, progress: Progress, stop: threading.Event) -> None:
        self.options = options
        self.progress = progress
        self.stop = stop
        self.kinto = requests.Session()
        self.kinto.auth = options.auth
        self.state = State(options.state)
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.report = Report(started)
        self.count = Count()  # of the list under way
        self._of_thread = threading.local()  # each has a connection of its own

    def run(self) -> Report:
        """Raises requests.RequestException if Kinto or Tocsin is away."""
        started = time.monotonic()
        with ThreadPoolExecutor(LOOKERS) as lookers:
            self._lookers = lookers
            try:
                for bucket in self.options.buckets or self._buckets():
                    self._run_bucket(bucket)
            finally:
                self.progress.end()
                self.report.seconds = round(time.monotonic() - started, 1)
        return self.report

    def _run_bucket(self, bucket: str) -> None:
        self._begin("/buckets", 1)
        self._check("bucket", "/buckets", {}, [self._bucket(bucket)])
        names = self._walk("collection", f"/buckets/{bucket}/collections", {"bucket_id": bucket})
        for name in self.options.collections or sorted(names):
            if name in names:
                path = f"/buckets/{bucket}/collections/{name}/records"
                self._walk("record", path, {"bucket_id": bucket, "collection_id": name})

    #   Kinto.

    def _request(self, method: str, url: str) -> requests.Response:
        if self.stop.is_set():
            raise Stopped
        answer = self.kinto.request(method, url, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer

    def _buckets(self) -> list[str]:
        pages = self._follow(f"{self.options.kinto}/buckets?_sort=id&_limit={PAGE}")
        return [each["id"] for page in pages for each in page]

    def _bucket(self, name: str) -> Json:
        found: Json = self._request("GET", f"{self.options.kinto}/buckets/{name}").json()["data"]
        return found

    def _walk(self, resource: str, path: str, ids: Json) -> set[str]:
        """Names of what is there, of those that were looked at."""
        names: set[str] = set()
        key = f"{self.options.kinto}{path}"
        #   Collections are few, and each is needed for its records: all of them, each time.
        since = self.state.seen.get(key, 0) if resource == "record" else 0
        since = max(since - 1000 * self.options.overlap_seconds, 0)
        #   In the order of last_modified, without what is too new to be missed.
        newest = int((time.time() - self.options.settle_seconds) * 1000)
        query = f"_since={since}&_before={newest}"
        url = f"{key}?{query}"
        self._begin(path, int(self._request("HEAD", url).headers.get("Total-Objects", 0)))
        for page in self._follow(f"{url}&_sort=last_modified&_limit={PAGE}"):
            self._check(resource, path, ids, page)
            names |= {each["id"] for each in page if not each.get("deleted")}
            self.state.note(key, page[-1]["last_modified"])
        return names

    def _follow(self, url: str) -> Iterator[list[Json]]:
        while url:
            answer = self._request("GET", url)
            if page := answer.json()["data"]:
                yield page
            url = answer.headers.get("Next-Page", "")

    def _begin(self, path: str, total: int) -> None:
        self.count = self.report.lists.setdefault(path, Count())
        self.progress.begin(path, total)

    #   Tocsin.

    def _tocsin(self) -> requests.Session:
        found: requests.Session | None = getattr(self._of_thread, "session", None)
        if found is None:
            found = self._of_thread.session = requests.Session()
            found.headers["Authorization"] = f"Bearer {self.options.token}"
        return found

    def _check(self, resource: str, path: str, ids: Json, page: list[Json]) -> None:
        def lacks(each: Json) -> bool:
            subject = uri_of({"resource_name": resource, **ids}, each["id"])
            return not any(self._has(subject, action, each) for action in actions_of(each))

        missing: dict[str, list[Json]] = {"update": [], "delete": []}
        for each, is_missing in zip(page, self._lookers.map(lacks, page), strict=True):
            if is_missing:
                missing[actions_of(each)[0]].append(each)
        self.count.checked += len(page)
        for action, objects in missing.items():
            self.count.missing += len(objects)
            if objects and not self.options.dry_run:
                self._tell({"resource_name": resource, "uri": path, **ids}, action, objects)
        self.progress.advance(len(page), f"{self.report.sum.missing} missing")

    def _has(self, subject: str, action: str, each: Json) -> bool:
        if self.stop.is_set():
            raise Stopped
        name = event_id.derive(self.options.source, subject, action, each["last_modified"])
        url = f"{self.options.tocsin}/v1/events/{name}"
        answer = self._tocsin().get(url, timeout=TIMEOUT_SECONDS)
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
        url = f"{self.options.tocsin}/v1/events"
        answer = self._tocsin().post(url, json=body, timeout=TIMEOUT_SECONDS)
        if answer.status_code == 202:
            self.count.told += len(objects)
        elif answer.status_code not in (400, 409, 413, 422):
            answer.raise_for_status()
        elif len(objects) > 1:
            for each in objects:
                self._tell(payload, action, [each])
        else:
            self.report.refuse(f"{payload['uri']} {objects[0]['id']}: {answer.text[:300]}")


def actions_of(each: Json) -> tuple[str, ...]:
    """Of which one may have been told; the first is what is told."""
    return ("delete",) if each.get("deleted") else ("update", "create")
