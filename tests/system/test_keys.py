"""Keys between nodes: who has one that is allowed gets in, nobody else; on hosts of their own."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgpack
import pytest
import zmq

from harness.accounts import Audience, Load, Troubles
from harness.broadcast import Listeners
from harness.keys import BROKER, KeyedDaemons
from harness.network import Namespace, Wire
from harness.sink import Sink
from harness.tocsin import Daemons, run
from harness.waiting import until

HOST, CONSUMER = "10.9.1.1", "10.9.2.1"
WORKERS = ("worker-1", "worker-2")
PUBLISH, CALL = b"\x01\x01", b"\x01\x02"


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[KeyedDaemons]:
    with KeyedDaemons(tmp_path) as daemons:
        yield daemons


def publish(daemons: KeyedDaemons, count: int) -> list[str]:
    client = daemons.client()
    return [client.publish()["id"] for _ in range(count)]


class Hosts:
    """A broker with its gateway, two workers and a consumer, each a host, none of them loopback."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        home, far = self._host(stack), self._host(stack)
        places = {name: self._host(stack) for name in WORKERS}
        for number, place in enumerate(places.values(), 101):
            for here, wire in ((home, HOST), (far, CONSUMER)):
                there = f"{wire.rpartition('.')[0]}.{number}"
                stack.callback(Wire((here, wire), (place, there)).end)
        with far.inside():
            self.sink = Sink(CONSUMER)
        stack.callback(self.sink.end)
        stack.enter_context(home.inside())
        self.daemons = stack.enter_context(KeyedDaemons(directory, HOST))
        self.audience = Audience(self.daemons, self.sink)
        for name, place in places.items():
            with place.inside():
                self.daemons.start_worker(name)
        self.daemons.wait_for_workers(*WORKERS)

    def _host(self, stack: ExitStack) -> Namespace:
        namespace = Namespace()
        stack.callback(namespace.end)
        return namespace


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield Hosts(tmp_path, stack)


def test_hosts_with_keys_deliver_everything_once(hosts: Hosts) -> None:
    load = Load()
    with load.of(hosts.daemons, 2):
        load.wait_for_more(200)
    hosts.audience.check(load.accepted, Troubles())


def test_a_key_that_is_revoked_under_load_is_cut_off_and_let_in_again(hosts: Hosts) -> None:
    daemons = hosts.daemons
    load, troubles = Load(), Troubles()
    with load.of(daemons, 2):
        load.wait_for_more(100)
        start = time.monotonic()
        daemons.keys.revoke("worker-1")
        daemons.wait_for_workers("worker-2")
        daemons.workers["worker-1"].wait_for_log("refuses the key of worker-1")
        load.wait_for_more(100)
        daemons.keys.allow("worker-1")
        daemons.wait_for_workers(*WORKERS)
        troubles.note("worker-1", start, time.monotonic())
        load.wait_for_more(100)
    hosts.audience.check(load.accepted, troubles)
    log = daemons.broker.log.read_text()
    assert "the key of worker worker-1 is gone: its " in log
    assert "0 are new, 1 are gone" in log


def test_an_address_of_other_hosts_is_refused_without_keys(tmp_path: Path) -> None:
    for setting in ("broker/front", "broker/back", "broker/feed"):
        for address in ("tcp://*:7101", "tcp://0.0.0.0:7101", "tcp://192.0.2.7:7101"):
            done = run(
                f"--set=store/url=sqlite://{tmp_path}/t.db",
                "--set=broker/front=inproc://front",
                "--set=broker/back=inproc://back",
                "--set=broker/feed=inproc://feed",
                f"--set={setting}={address}",
                name="tocsin-broker",
            )
            assert done.returncode == 78, done.stderr
            assert "without keys only this machine is spoken with" in done.stderr
            assert "tocsin keygen" in done.stderr


def test_an_unknown_key_is_told_on_both_sides_and_gets_in_when_it_is_copied(
    keyed: KeyedDaemons,
) -> None:
    keyed.keys.make("worker-9", "worker")
    keyed.start_worker("worker-9")
    keyed.workers["worker-9"].wait_for_log("refuses the key of worker-9: copy its .public file")
    keyed.broker.wait_for_log(f"its key {keyed.keys.public_key('worker-9')} is in no file of")
    assert keyed.worker_names() == []
    keyed.keys.allow("worker-9")
    keyed.wait_for_workers("worker-9")
    assert keyed.metric("tocsin_keys_allowed") == 2
    assert keyed.metric("tocsin_handshakes_refused_total") > 0


def test_a_gateways_key_opens_no_workers_door(keyed: KeyedDaemons) -> None:
    keyed.start_worker("impostor", key="gateway")
    keyed.broker.wait_for_log("was refused at broker/back: its key is that of gateway, a gateway")
    keyed.workers["impostor"].wait_for_log("refuses the key of gateway")
    assert keyed.worker_names() == []


def test_the_key_of_another_broker_is_told_with_what_to_check(keyed: KeyedDaemons) -> None:
    keyed.keys.make("other", "broker")
    keyed.start_worker("worker-1", keys__brokers=keyed.keys.public("other"))
    keyed.workers["worker-1"].wait_for_log("is the file of keys/brokers that broker's")
    keyed.broker.wait_for_log("with the key of another broker: its keys/brokers must name")


def test_a_worker_without_keys_is_told_that_they_are_wanted(keyed: KeyedDaemons) -> None:
    keyed.start_worker("worker-1", keys__own="", keys__brokers="")
    keyed.workers["worker-1"].wait_for_log(
        "speaks only with keys, this node has none", "if it speaks only with keys, set keys/own"
    )
    keyed.broker.wait_for_log("has no keys: both sides need keys/own", "it may have no keys")


class Peer:
    """Somebody with a key who says what he likes."""

    def __init__(self, keyed: KeyedDaemons, setting: str, key: str) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.curve_serverkey = keyed.keys.public_key(BROKER).encode()
        self.socket.curve_publickey = keyed.keys.public_key(key).encode()
        self.socket.curve_secretkey = keyed.keys.secret_key(key).encode()
        self.socket.connect(str(keyed.settings[setting]))

    def say(self, head: bytes, **body: object) -> None:
        self.socket.send_multipart([head, msgpack.packb(body)])

    def hear(self) -> tuple[int, dict[str, object]]:
        assert self.socket.poll(30000), "nothing came"
        head, body = self.socket.recv_multipart()
        return head[1], msgpack.unpackb(body)

    def end(self) -> None:
        self.context.destroy(linger=0)


@pytest.fixture
def peers() -> Iterator[list[Peer]]:
    peers: list[Peer] = []
    yield peers
    for peer in peers:
        peer.end()


def test_a_client_may_ask_and_publish_and_changes_nothing(
    keyed: KeyedDaemons, peers: list[Peer]
) -> None:
    keyed.keys.make("watcher", "client")
    keyed.keys.allow("watcher")
    until(lambda: keyed.metric("tocsin_keys_allowed") == 2, "the key is allowed")
    peer = Peer(keyed, "broker/front", "watcher")
    peers.append(peer)

    def ask(request: int, method: str, json: str) -> object:
        peer.say(CALL, request=request, method=method, json=json)
        while True:
            _, body = peer.hear()
            if body.get("request") == request:
                return body["status"]

    assert ask(1, "status", "{}") == "OK"
    assert ask(2, "subscription.list", "{}") == "OK"
    changes = ("subscription.delete", "subscription.create", "token.create", "token.verify")
    for number, method in enumerate(changes, 3):
        assert ask(number, method, '{"id": "x"}') == "FORBIDDEN"
    event = {"id": "e1", "type": "a.b", "subject": "/a", "time": "2026-11-24T03:00:00Z"}
    peer.say(PUBLISH, request=9, events=[event])
    command, body = peer.hear()
    assert (command, body["request"]) == (0x11, 9)


def test_a_flood_of_handshakes_harms_nobody(keyed: KeyedDaemons, sink: Sink) -> None:
    consumer = sink.consumer("shop")
    client = keyed.client()
    client.subscribe(consumer.subscription())
    keyed.start_worker()
    keyed.wait_for_workers("worker-1")
    keyed.keys.make("stranger", "worker")
    context = zmq.Context()
    try:
        for _ in range(300):
            socket = context.socket(zmq.DEALER)
            socket.linger = 0
            socket.reconnect_ivl = 1
            socket.handshake_ivl = 100
            socket.curve_serverkey = keyed.keys.public_key(BROKER).encode()
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
            socket.connect(str(keyed.settings["broker/back"]))
        until(lambda: keyed.metric("tocsin_handshakes_refused_total") >= 300, "refused")
        ids = [client.publish()["id"] for _ in range(50)]
        for event_id in ids:
            client.wait_for_delivery(event_id, "shop", "delivered")
    finally:
        context.destroy(linger=0)
    assert keyed.worker_names() == ["worker-1"]
    lines = [line for line in keyed.broker.log.read_text().splitlines() if "was refused" in line]
    assert 0 < len(lines) <= 10


def test_a_file_that_is_no_key_allows_nobody_and_is_named(keyed: KeyedDaemons) -> None:
    (keyed.keys.allowed / "torn.public").write_text('name = "torn"\n')
    keyed.broker.wait_for_log("1 files of keys/allowed allow nobody")
    keyed.start_worker("worker-1")
    keyed.wait_for_workers("worker-1")


def test_a_secret_that_others_can_read_is_refused_at_start(keyed: KeyedDaemons) -> None:
    keyed.keys.make("worker-1", "worker")
    keyed.keys.secret("worker-1").chmod(0o644)
    keyed.start_worker("worker-1")
    assert keyed.workers["worker-1"].wait() == 78
    keyed.workers["worker-1"].wait_for_log("can be read by others, and it is a secret: chmod 600")


def test_daemons_without_keys_are_told_who_has_some(daemons: Daemons, tmp_path: Path) -> None:
    made = run("keygen", "worker-1", f"--directory={tmp_path}")
    assert made.returncode == 0, made.stderr
    run("keygen", "broker", "--role=broker", f"--directory={tmp_path}")
    daemons.start_worker(
        "worker-1",
        keys__own=tmp_path / "worker-1.secret",
        keys__brokers=tmp_path / "broker.public",
    )
    daemons.workers["worker-1"].wait_for_log(
        "speaks without keys, this node only with them", "broke off before it said who it is"
    )
    daemons.broker.wait_for_log("has keys, as we have not", "it may have keys, as we have not")


def test_a_worker_hears_the_feed_by_its_key_and_again_after_it_was_revoked(
    keyed: KeyedDaemons,
) -> None:
    listeners = Listeners(keyed)
    listeners.subscribe()
    for name in WORKERS:
        listeners.start(name)
    listeners.wait_until_listening(*WORKERS)
    events = publish(keyed, 5)
    listeners.wait_for(events, *WORKERS)
    keyed.keys.revoke("worker-1")
    keyed.wait_for_workers("worker-2")
    before = list(events)
    events += publish(keyed, 5)
    listeners.wait_for(events, "worker-2")
    assert listeners.heard("worker-1") == before
    keyed.keys.allow("worker-1")
    keyed.wait_for_workers(*WORKERS)
    events += publish(keyed, 5)
    listeners.wait_for(events, *WORKERS)
