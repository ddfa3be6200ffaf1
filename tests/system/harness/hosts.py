"""Six hosts and the wires between them: broker, gateway, three workers and a consumer, with keys.

Who plays is where the gateway is, which is how a client finds it. The broker has a name, which is
looked up in a file that the play may change.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.accounts import Audience, Load, Troubles
from harness.keys import KeyedDaemons
from harness.network import Namespace, Wire, run
from harness.process import Process
from harness.sink import Sink

BROKER_NAME = "broker.tocsin.test"
WORKERS = ("worker-1", "worker-2", "worker-3")
HEARTBEAT_MS = 500
TIMEOUT_MS = 2000  # of an attempt: so that a cut is not sat out in one


class Addresses:
    """Of the two networks: one that the broker is in, one that the consumer is in."""

    def __init__(self, is_ipv6: bool) -> None:
        self.form = "fd09::{}:{:x}" if is_ipv6 else "10.9.{}.{}"
        self.broker, self.elsewhere, self.consumer = self.at(1, 1), self.at(3, 1), self.at(2, 1)
        self.bits = 128 if is_ipv6 else 32

    def at(self, network: int, host: int) -> str:
        return self.form.format(network, host)


class HostedDaemons(KeyedDaemons):
    """Each daemon is on the host of its name."""

    def __init__(self, directory: Path, homes: dict[str, Namespace], names: Path) -> None:
        super().__init__(directory, BROKER_NAME, broker__heartbeat_ms=HEARTBEAT_MS)
        self.homes, self.names = homes, names

    def start_process(self, name: str, command: list[str]) -> Process:
        """With our file of names in the place of the machine's."""
        place = 'mount --bind "$0" /etc/hosts && exec "$@"'
        words = ["unshare", "--mount", "sh", "-c", place, str(self.names), *command]
        with self.homes[name].inside():
            return super().start_process(name, words)


class Hosts:
    def __init__(self, directory: Path, stack: ExitStack, is_ipv6: bool = False) -> None:
        self.addresses = Addresses(is_ipv6)
        self.names = directory / "hosts"
        self.name_broker(self.addresses.broker)
        self.homes = {name: self._host(stack) for name in ("broker", "gateway", *WORKERS)}
        self.far = self._host(stack)
        self.links: dict[str, Wire] = {}  # of a node to the broker
        self.roads: dict[str, Wire] = {}  # of a worker to the consumer
        for number, name in enumerate(("gateway", *WORKERS), 101):
            self.links[name] = self._wire(stack, "broker", name, number)
        for number, name in enumerate(WORKERS, 102):
            self.roads[name] = self._wire(stack, "consumer", name, number)
        with self.far.inside():
            self.sink = Sink(self.addresses.consumer)
        stack.callback(self.sink.end)
        stack.enter_context(self.homes["gateway"].inside())
        daemons = HostedDaemons(directory, self.homes, self.names)
        self.daemons = stack.enter_context(daemons)
        self.audience = Audience(daemons, self.sink, TIMEOUT_MS)
        for name in WORKERS:
            daemons.start_worker(name)
        daemons.wait_for_workers(*WORKERS)

    def _host(self, stack: ExitStack) -> Namespace:
        namespace = Namespace()
        stack.callback(namespace.end)
        return namespace

    def _wire(self, stack: ExitStack, other: str, name: str, number: int) -> Wire:
        network, place = (1, self.homes["broker"]) if other == "broker" else (2, self.far)
        there = self.addresses.at(network, number)
        here = self.addresses.at(network, 1)
        wire = Wire((place, here), (self.homes[name], there))
        stack.callback(wire.end)
        return wire

    @property
    def wires(self) -> list[Wire]:
        return [*self.links.values(), *self.roads.values()]

    def name_broker(self, address: str) -> None:
        """What its name stands for, from the next question on."""
        self.names.write_text(f"127.0.0.1 localhost\n::1 localhost\n{address} {BROKER_NAME}\n")

    def broker_moves(self) -> None:
        """It is killed, and comes back with another address behind its name."""
        address = self.addresses.elsewhere
        self.daemons.broker.kill()
        width = f"{address}/{self.addresses.bits}"
        with self.homes["broker"].inside():
            run("ip", "address", "add", width, "dev", "lo")
        for name, wire in self.links.items():
            with self.homes[name].inside():
                run("ip", "route", "add", width, "dev", wire.devices[1])
        self.name_broker(address)
        self.daemons.start_broker()

    def vanishes(self, name: str) -> None:
        """Its wires are cut, and then it is gone: it says nothing more to anybody."""
        self.links[name].is_cut()
        self.roads[name].is_cut()
        self.daemons.workers.pop(name).kill()

    def check(self, load: Load, troubles: Troubles) -> None:
        """Everything has come; packets that were lost are no excuse."""
        self.audience.check(load.accepted, troubles)
        carried = sum(wire.carried() for wire in self.wires)
        print(f"packets: {carried} sent, {sum(wire.lost() for wire in self.wires)} lost")


@contextmanager
def hosts(directory: Path, is_ipv6: bool = False) -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield Hosts(directory, stack, is_ipv6)
