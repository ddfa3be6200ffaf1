"""Workers in other languages: those of the conformance suite, which POST to the sink, unsigned."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.process import ROOT, Process
from harness.tocsin import Daemons
from harness.waiting import until

WORKERS = ROOT / "tests/conformance/workers"
COMMANDS = {
    "python": [sys.executable, str(WORKERS / "python")],
    "node": [str(WORKERS / "node")],
}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A worker that was killed hangs up, as it may."""


class Tray:
    """Where foreign workers put what they are given: the ids, in the order in which they came."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        tray = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                tray.ids.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wait_for_ids(self, ids: list[str]) -> None:
        until(lambda: set(ids) <= set(self.ids), f"all {len(ids)} arrive", 60)

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def start_foreign(
    daemons: Daemons,
    language: str,
    labels: str = "",
    places: str = "",
    brings: list[Any] | None = None,
) -> Process:
    """Its name in the broker's status is the language."""
    broker = f"TOCSIN_BROKER={daemons.settings['broker/back']}"
    told = [
        broker,
        f"TOCSIN_LABELS={labels}",
        f"TOCSIN_PLACES={places}",
        f"TOCSIN_BRINGS={json.dumps(brings or [])}",
    ]
    return daemons.start_process(language, ["env", *told, *COMMANDS[language]])
