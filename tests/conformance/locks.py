"""locks - keys for the broker that is played and its worker, as files of `tocsin keygen`."""

import tempfile
from pathlib import Path

import zmq
from zmq.auth import CURVE_ALLOW_ANY
from zmq.auth.thread import ThreadAuthenticator


def lines(name: str, role: str, public: bytes, secret: bytes = b"") -> str:
    text = f'name = "{name}"\nrole = "{role}"\npublic-key = "{public.decode()}"\n'
    return text + (f'secret-key = "{secret.decode()}"\n' if secret else "")


class Locks:
    """The door of a broker whose worker has a key: others do not get in, and say nothing."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._place = tempfile.TemporaryDirectory()
        self._broker = zmq.curve_keypair()
        self._own = Path(self._place.name, "worker.secret")
        self._public = Path(self._place.name, "broker.public")
        self._own.touch(0o600)
        self._own.write_text(lines("worker", "worker", *zmq.curve_keypair()))
        self._public.write_text(lines("broker", "broker", self._broker[0]))
        self._guard = ThreadAuthenticator(context)
        self._guard.start()
        self._guard.configure_curve(domain="*", location=CURVE_ALLOW_ANY)

    def lock(self, socket: zmq.Socket[bytes]) -> None:
        """Before it is bound."""
        socket.curve_publickey, socket.curve_secretkey = self._broker
        socket.curve_server = True

    def environment(self) -> dict[str, str]:
        return {"TOCSIN_KEYS_OWN": str(self._own), "TOCSIN_KEYS_BROKERS": str(self._public)}

    def end(self) -> None:
        self._guard.stop()
        self._place.cleanup()
