"""sink - the consumer that actions POST to; its paths say what it answers."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS = {"/ok": 200, "/hold": 200, "/retry": 503, "/fail": 410}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw5n"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sink: "Sink"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed or gave up hangs up, as it may."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.sink.take(self.path)
        self.send_response(ANSWERS[self.path])
        if self.path == "/retry":
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


class Sink:
    def __init__(self) -> None:
        self.paths: list[str] = []  # of each request
        self._released = threading.Event()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.sink = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def deliver_json(self, action: str, path: str) -> str:
        deliver = {"url": self.url + path, "format": "cloudevents", "headers": {}, "secret": SECRET}
        return json.dumps({"action": {"name": action}, "deliver": deliver})

    def take(self, path: str) -> None:
        self.paths.append(path)
        if path == "/hold":
            self._released.wait(60)

    def release(self) -> None:
        """All that hold, now and later."""
        self._released.set()

    def end(self) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
