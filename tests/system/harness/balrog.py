"""A Balrog built from its rules: releases with data versions, sign-offs, and an OAuth 2 server.

What it knows of the real one: v2 of the API, its errors as `detail` of a problem document (RFC
9457), that a stale data version is a 400, and that a blob of a system add-on has `schema_version`
5000. The v1 view of a release, with `X-Data-Version`, is there for `balrogclient`.
"""

import json
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import balrogclient
import requests
from requests.adapters import HTTPAdapter

from harness.client import Json

ADDONS = "/api/v2/releases/"


def addon(version: str) -> Json:
    """One add-on, as a blob has it."""
    what = {"fileUrl": f"https://files.example/{version}", "hashValue": "0" * 128, "filesize": 7}
    return {"version": version, "platforms": {"default": what}}


def blob_of(name: str, **addons: str) -> Json:
    """A release of system add-ons: name of each, and its version."""
    return {
        "name": name,
        "schema_version": 5000,
        "hashFunction": "sha512",
        "uninstall": False,
        "addons": {key: addon(version) for key, version in addons.items()},
    }


class Fault(Exception):
    """An answer that is an error."""

    def __init__(
        self, status: int, detail: str, exception: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.body: Json = {"status": status, "title": "Problem", "detail": detail, "type": "about"}
        if exception:
            self.body["exception"] = exception


@dataclass
class Release:
    blob: Json
    product: str
    version: int = 1


@dataclass
class Balrog:
    """Starts when made; end() ends it."""

    releases: dict[str, Release] = field(default_factory=dict)
    signed_off: set[str] = field(default_factory=set)  # products that want it
    scheduled: list[Json] = field(default_factory=list)
    tokens: dict[str, float] = field(default_factory=dict)  # and when each expires
    token_seconds: float = 3600
    token_fetches: int = 0
    requests: Counter[str] = field(default_factory=Counter)  # by method
    faults: deque[Fault] = field(default_factory=deque)  # of the next requests
    reads: list[Callable[[str], object]] = field(default_factory=list)  # called after a GET
    port: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        #   A client of its own, since balrogclient keeps tokens by client, for ever.
        name = f"tocsin-{secrets.token_hex(4)}"
        self.client = {"client_id": name, "client_secret": "open sesame", "audience": "balrog"}
        self.comes_up()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/api"

    def settings(self, **more: Any) -> dict[str, Any]:
        """Of a worker that may write there."""
        settings = {"url": self.url, "token_url": f"http://{self.host}/oauth/token", **self.client}
        return {f"worker/balrog/main/{key}": value for key, value in {**settings, **more}.items()}

    def comes_up(self) -> None:
        balrog = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else {}
                try:
                    status, answer, headers = balrog.serve(
                        self.command, self.path, self.headers.get("Authorization", ""), body
                    )
                except Fault as fault:
                    status, answer, headers = fault.status, fault.body, fault.headers
                text = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            def do_GET(self) -> None:
                self.answer()

            def do_HEAD(self) -> None:
                self.answer()

            def do_PUT(self) -> None:
                self.answer()

            def do_POST(self) -> None:
                self.answer()

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """Who asked has left, as it may."""

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def goes_down(self) -> None:
        """Connections are refused from now on."""
        self.server.shutdown()
        self.server.server_close()

    end = goes_down

    #   Rules

    def serve(
        self, method: str, path: str, who: str, body: Json
    ) -> tuple[int, Json, dict[str, str]]:
        with self.lock:
            if path == "/oauth/token":
                return 200, self.give_token(body), {}
            self.requests[method] += 1
            if self.faults:
                raise self.faults.popleft()
            name = unquote(path.rpartition("/")[2])
            if method in ("PUT", "POST"):
                self.check_token(who)
            answer = self.serve_release(method, path, name, body)
        if method == "GET":
            for read in list(self.reads):
                read(name)
        return answer

    def serve_release(
        self, method: str, path: str, name: str, body: Json
    ) -> tuple[int, Json, dict[str, str]]:
        if path.startswith(ADDONS):
            if method == "GET":
                return 200, self.read(name), {}
            if method == "PUT":
                return 200, self.ensure(name, body), {}
            return 200, self.update(name, body), {}
        release = self.existing(name)
        return 200, release.blob, {"X-Data-Version": str(release.version)}

    def give_token(self, body: Json) -> Json:
        self.token_fetches += 1
        if body != {**self.client, "grant_type": "client_credentials"}:
            raise Fault(401, "Unauthorized")
        token = secrets.token_hex(20)
        self.tokens[token] = time.monotonic() + self.token_seconds
        return {"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"}

    def check_token(self, who: str) -> None:
        scheme, _, token = who.partition(" ")
        if scheme != "Bearer" or self.tokens.get(token, 0) < time.monotonic():
            raise Fault(401, "Unauthorized", "the token is none, or has expired")

    def existing(self, name: str) -> Release:
        if name not in self.releases:
            raise Fault(404, "Release does not exist")
        return self.releases[name]

    def read(self, name: str) -> Json:
        release = self.existing(name)
        return {"blob": deepcopy(release.blob), "data_versions": {".": release.version}}

    def ensure(self, name: str, body: Json) -> Json:
        """PUT: the blob is what it is now."""
        old = self.releases.get(name)
        product = body.get("product") or (old.product if old else "")
        self.check_blob(name, body["blob"])
        if product in self.signed_off and not body.get("when"):
            raise Fault(
                400, "Signoff Required", "Signoff is required, cannot update Release directly"
            )
        if not product:
            raise Fault(400, "Unknown error", "a new release needs a product")
        if old and body.get("old_data_versions", {}).get(".") != old.version:
            raise Fault(400, "OutdatedDataError", "old_data_version doesn't match")
        if body.get("when"):
            self.scheduled.append({"name": name, **body})
            return {".": {"sc_id": len(self.scheduled), "when": body["when"]}}
        version = old.version + 1 if old else 1
        self.releases[name] = Release(deepcopy(body["blob"]), product, version)
        return {".": version}

    def update(self, name: str, body: Json) -> Json:
        """POST: what is given is merged into the blob."""
        merged = deepcopy(self.existing(name).blob)
        for key, value in body["blob"].items():
            old = merged.get(key)
            both = isinstance(value, dict) and isinstance(old, dict)
            merged[key] = {**old, **value} if both and isinstance(old, dict) else value
        return self.ensure(name, {**body, "blob": merged})

    def check_blob(self, name: str, blob: Json) -> None:
        if blob.get("name") != name or blob.get("schema_version") != 5000:
            raise Fault(400, "Invalid Blob", "name or schema_version")
        for each in blob["addons"].values():
            for platform in each["platforms"].values():
                if sorted(platform) != ["fileUrl", "filesize", "hashValue"]:
                    raise Fault(400, "Invalid Blob", "platforms")

    def revoke_tokens(self) -> None:
        with self.lock:
            self.tokens.clear()


class Plain(HTTPAdapter):
    """balrogclient asks for its token over https, whatever it is told."""

    def send(self, request: Any, *arguments: Any, **more: Any) -> requests.Response:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *arguments, **more)


class Outsider:
    """Mozilla's own client."""

    def __init__(self, balrog: Balrog) -> None:
        self.balrog = balrog
        session = requests.Session()
        session.mount("https://", Plain())
        self.secrets = {**balrog.client, "domain": balrog.host}
        self.session = balrogclient.get_balrog_session(self.secrets, session=session)

    def request(self, method: str, name: str, body: Json | None = None) -> Json:
        url = f"{self.balrog.url}/v2/releases/{name}"
        answer: Json = balrogclient.balrog_request(self.session, method, url, json=body)
        return answer

    def blob(self, name: str) -> tuple[Json, int]:
        """By v1 of the API: the blob, and its data version."""
        release = balrogclient.api.Release(
            name,
            auth0_secrets=self.secrets,
            api_root=self.balrog.url,
            session=self.session,
        )
        blob: Json
        version: int
        blob, version = release.get_data()
        return blob, version
