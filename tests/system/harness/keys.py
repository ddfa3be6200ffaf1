"""Keys of nodes, made as an operator makes them, and daemons that speak with them alone."""

from pathlib import Path

from harness.process import Process
from harness.tocsin import Daemons, run

BROKER = "broker"
ROLES = {"tocsin-gateway": "gateway", "tocsin-worker": "worker"}


class Keys:
    """One directory for all secrets, though each belongs to a machine; and the broker's list."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "keys"
        self.allowed = directory / "allowed"
        self.directory.mkdir()
        self.allowed.mkdir()

    def make(self, name: str, role: str) -> None:
        done = run("keygen", name, f"--role={role}", f"--directory={self.directory}")
        assert done.returncode == 0, done.stderr

    def secret(self, name: str) -> Path:
        return self.directory / f"{name}.secret"

    def public(self, name: str) -> Path:
        return self.directory / f"{name}.public"

    def public_key(self, name: str) -> str:
        lines = self.public(name).read_text().splitlines()
        return next(line.split('"')[1] for line in lines if line.startswith("public-key"))

    def secret_key(self, name: str) -> str:
        lines = self.secret(name).read_text().splitlines()
        return next(line.split('"')[1] for line in lines if line.startswith("secret-key"))

    def allow(self, name: str) -> None:
        """Whole when it appears, as `mv` or `install` would do it."""
        half = self.allowed / f".{name}"
        half.write_text(self.public(name).read_text())
        half.rename(self.allowed / f"{name}.public")

    def revoke(self, name: str) -> None:
        (self.allowed / f"{name}.public").unlink()


class KeyedDaemons(Daemons):
    """Each node has a key of its own. Who is called by a name in `keys` has that key."""

    def __init__(self, directory: Path, host: str = "127.0.0.1", **settings: object) -> None:
        super().__init__(directory, **settings)
        self.keys = Keys(directory)
        self.keys.make(BROKER, "broker")
        doors = ("broker/front", "broker/back", "broker/feed")
        for key in (*doors, "gateway/brokers", "worker/brokers"):
            self.settings[key] = str(self.settings[key]).replace("127.0.0.1", host)

    def _start_daemon(self, role: str, name: str, **more: object) -> Process:
        if role == "tocsin-broker":
            mine = {"keys/own": self.keys.secret(BROKER), "keys/allowed": self.keys.allowed}
        else:
            key = str(more.pop("key", name))
            if not self.keys.secret(key).exists():
                self.keys.make(key, ROLES[role])
                self.keys.allow(key)
            mine = {"keys/own": self.keys.secret(key), "keys/brokers": self.keys.public(BROKER)}
        return super()._start_daemon(role, name, **{**mine, **more})
