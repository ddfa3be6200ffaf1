"""Each action with its worker, and how it is made to end in each way: for the matrix."""

import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.balrog import Balrog, Release, addon, blob_of
from harness.client import Json
from harness.kinto import Kinto
from harness.process import ROOT, Process, build_directory
from harness.rogues import Rogues
from harness.sink import Answer, Sink
from harness.tocsin import Daemons
from harness.waiting import DEADLINE_SECONDS, until

DIES_OVER_IT = 3  # workers, and then it is a dead letter
WHILE_IT_WAITS = ("cancel", "worker's death", "broker restart")

#   Of the consumers that do what none should (harness/rogues.py): for webhook, and for balrog.
CONSUMERS = {"timeout": "stalls", "crash": "closes", "giant output": "endless-body"}
SERVERS = {"crash": "closes", "giant output": "endless-body"}

#   What the program of exec does, and the plug-in; in all other ways it waits.
SCRIPTS = {
    "success": "echo '{\"built\": true}'",
    "failure": "echo 'no such add-on' >&2; exit 3",
    "crash": "kill -SEGV $$",
    "giant output": "yes",
}
WAITS = "touch {begun}; while ! test -e {gate}; do sleep 0.05; done"
MANNERS = {
    "success": "echoes",
    "failure": "unknown",
    "crash": "crashes",
    "giant output": "giant",
}


class Stage:
    """Of one action. What waits does so until the stage is released."""

    def __init__(self, daemons: Daemons, place: Path, stack: ExitStack) -> None:
        self.daemons, self.place, self.stack = daemons, place, stack
        self.gate = place / "gate"
        self.begun = place / "begun"
        self.worker: Process

    def settings(self) -> dict[str, Any]:
        """Of the worker."""
        return {}

    def subscription(self, end: str) -> Json:
        """Its action, and where to."""
        raise NotImplementedError

    def data(self, end: str) -> Json:
        return {"end": end}

    def start_worker(self) -> str:
        name = self.daemons.start_worker(**self.settings())
        self.worker = self.daemons.workers[name]
        return name

    def join(self) -> None:
        self.daemons.wait_for_workers(self.start_worker())

    def prepare(self, end: str) -> None:
        """Before the event."""

    def crash(self) -> None:
        """What is to crash, after the event: by itself, if nothing is said."""

    def wait_until_it_is_under_way(self) -> None:
        until(self.begun.exists, "it is under way")

    def release(self) -> None:
        self.gate.touch()

    def worker_dies(self) -> None:
        self.worker.kill()
        self.release()
        self.join()

    def broker_restarts(self) -> None:
        self.daemons.broker.kill()
        self.daemons.start_broker()
        until(self.daemons.serves, "the gateway has found it")
        self.release()

    def worker_dies_over_it(self) -> None:
        """By itself, and so do those that follow."""
        #   One more comes: a broker that has no time may take one for silent, which is no death.
        for _ in range(DIES_OVER_IT):
            until(lambda: not self.worker.is_running(), f"{self.worker.name} dies over it")
            self.start_worker()


class Webhook(Stage):
    def __init__(self, daemons: Daemons, place: Path, stack: ExitStack) -> None:
        super().__init__(daemons, place, stack)
        self.rogues, sink = Rogues(), Sink()
        stack.callback(self.rogues.end)
        stack.callback(sink.end)
        self.consumer = sink.consumer("matrix")

    def subscription(self, end: str) -> Json:
        rogue = CONSUMERS.get(end)
        return self.rogues.named(rogue).subscription() if rogue else self.consumer.subscription()

    def prepare(self, end: str) -> None:
        if end == "failure":
            self.consumer.always_answers(Answer(500))
        if end in WHILE_IT_WAITS:
            self.consumer.holds()

    def wait_until_it_is_under_way(self) -> None:
        self.consumer.wait_for(1)

    def release(self) -> None:
        self.consumer.releases()


class Exec(Stage):
    def settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"worker/exec/program/command": self.place / "program"}
        if os.geteuid() == 0:
            settings["worker/exec/program/user"] = "nobody"
        return settings

    def subscription(self, end: str) -> Json:
        return {"action": {"name": "exec", "program": "program"}}

    def prepare(self, end: str) -> None:
        waits = WAITS.format(begun=self.begun, gate=self.gate)
        program = self.place / "program"
        program.write_text(f"#!/bin/sh\n{SCRIPTS.get(end, waits)}\n")
        program.chmod(0o755)


class Counter(Stage):
    """Nothing that it does takes time: what is under way is with a worker that stands still."""

    def settings(self) -> dict[str, Any]:
        return {"worker/counter_keys": 1}

    def subscription(self, end: str) -> Json:
        key = "{/long}" if end == "giant output" else "{subject}"
        return {"action": {"name": "counter", "key": key}}

    def data(self, end: str) -> Json:
        return {"end": end, "long": "x" * 2000}

    def prepare(self, end: str) -> None:
        if end == "failure":  # of a second key
            self.daemons.client().publish(subject="/another")
            until(lambda: self.daemons.metric("tocsin_settled_total") >= 1, "one is counted")
        if end in ("timeout", "crash", *WHILE_IT_WAITS):
            until(self._takes_deliveries, "it has said how many it takes")
            self.worker.freeze()
        if end == "timeout":
            self.daemons.start_worker()

    def _takes_deliveries(self) -> bool:
        return any(worker["credit"] > 0 for worker in self.daemons.status()["workers"])

    def wait_until_it_is_under_way(self) -> None:
        until(lambda: self.daemons.metric("tocsin_leases") >= 1, "it is under way")

    def crash(self) -> None:
        self.wait_until_it_is_under_way()
        self.worker.child.kill()
        self.join()

    def release(self) -> None:
        if self.worker.is_running():
            self.worker.thaw()


class KintoStage(Stage):
    def __init__(self, daemons: Daemons, place: Path, stack: ExitStack) -> None:
        super().__init__(daemons, place, stack)
        self.rogues = Rogues()
        stack.callback(self.rogues.end)
        self.kinto = Kinto(place, {})
        stack.callback(self.kinto.process.end)
        self.kinto.wait_until_it_serves()
        self.kinto.client().create_bucket(id="results")
        self.kinto.client(bucket="results").create_collection(id="builds")

    def settings(self) -> dict[str, Any]:
        giant = f"http://127.0.0.1:{self.rogues.named('endless-body').port}/v1"
        who = {"user": "alice", "password": "wonderland"}
        return {
            f"worker/kinto/{server}/{key}": value
            for server, url in (("main", self.kinto.url), ("giant", giant))
            for key, value in {"url": url, **who}.items()
        }

    def subscription(self, end: str) -> Json:
        server = "giant" if end == "giant output" else "main"
        collection = "nowhere" if end == "failure" else "builds"
        place = {"server": server, "bucket": "results", "collection": collection}
        return {"action": {"name": "kinto", **place}}

    def prepare(self, end: str) -> None:
        if end not in ("success", "failure", "giant output"):
            self.kinto.process.freeze()

    def wait_until_it_is_under_way(self) -> None:
        until(lambda: self.worker.is_connected_to(self.kinto.port), "it is under way")

    def crash(self) -> None:
        self.wait_until_it_is_under_way()
        self.kinto.process.kill()

    def release(self) -> None:
        self.kinto.process.thaw()


class BalrogStage(Stage):
    RELEASE = "SystemAddons-hotfix@1"

    def __init__(self, daemons: Daemons, place: Path, stack: ExitStack) -> None:
        super().__init__(daemons, place, stack)
        self.rogues, self.balrog = Rogues(), Balrog()
        stack.callback(self.rogues.end)
        stack.callback(self.balrog.end)
        self.opened = threading.Event()
        stack.callback(self.opened.set)
        self.server = ""

    def settings(self) -> dict[str, Any]:
        settings = self.balrog.settings()
        for rogue in SERVERS.values():
            there = f"http://127.0.0.1:{self.rogues.named(rogue).port}/api"
            for key, value in self.balrog.settings(url=there).items():
                settings[key.replace("/main/", f"/{rogue}/")] = value
        return settings

    def subscription(self, end: str) -> Json:
        server = SERVERS.get(end, "main")
        blob = {"addons": "{/addons}"}
        return {
            "action": {"name": "balrog", "server": server, "release": self.RELEASE, "blob": blob}
        }

    def data(self, end: str) -> Json:
        return {"addons": {"clock": addon("2.0")}}

    def prepare(self, end: str) -> None:
        if end != "failure":
            blob = blob_of(self.RELEASE, bell="1.0")
            self.balrog.releases[self.RELEASE] = Release(blob, "SystemAddons")
        if end in ("timeout", *WHILE_IT_WAITS):
            self.balrog.reads.append(self._wait)

    def _wait(self, _: str) -> None:
        self.begun.touch()
        self.opened.wait(DEADLINE_SECONDS)

    def release(self) -> None:
        self.balrog.reads.clear()
        self.opened.set()


class PlugIn(Stage):
    def settings(self) -> dict[str, Any]:
        library = build_directory().parent / "plugins/manners.so"
        return {"worker/plugin/own/library": library}

    def subscription(self, end: str) -> Json:
        manner = MANNERS.get(end, "gated")
        gate = {"gate": str(self.gate), "begun": str(self.begun)}
        return {"action": {"name": "own", "manner": manner, **gate}}

    def crash(self) -> None:
        self.worker_dies_over_it()


SDK_WORKER = """
import os, sys
sys.dont_write_bytecode = True
sys.path.insert(0, {sdk!r})
from pathlib import Path
from tocsin_worker import Delivery, Fail, Worker

worker = Worker({broker!r}, name={name!r}, capacity=4)


@worker.action("own")
def own(delivery: Delivery) -> object:
    end = delivery.event.json()["end"]
    if end == "success":
        return {{"built": True}}
    if end == "failure":
        raise Fail("no such add-on")
    if end == "crash":
        os.abort()
    if end == "giant output":
        return "x" * (8 << 20)
    Path({begun!r}).touch()
    while not Path({gate!r}).exists() and not delivery.over.wait(0.05):
        pass
    return {{"built": True}}


worker.run()
"""


class Sdk(Stage):
    """A worker of its own, in Python."""

    count = 0

    def subscription(self, end: str) -> Json:
        return {"action": {"name": "own"}}

    def start_worker(self) -> str:
        self.count += 1
        name = f"python-{self.count}"
        program = self.place / f"{name}.py"
        program.write_text(
            SDK_WORKER.format(
                sdk=str(ROOT / "sdk/python"),
                broker=str(self.daemons.settings["broker/back"]),
                name=name,
                begun=str(self.begun),
                gate=str(self.gate),
            )
        )
        self.worker = self.daemons.start_process(name, [sys.executable, str(program)])
        return name

    def crash(self) -> None:
        self.worker_dies_over_it()


STAGES: dict[str, type[Stage]] = {
    "webhook": Webhook,
    "exec": Exec,
    "counter": Counter,
    "kinto": KintoStage,
    "balrog": BalrogStage,
    "plug-in": PlugIn,
    "SDK worker": Sdk,
}
