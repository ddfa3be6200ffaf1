"""A PostgreSQL of the tests' own: a cluster in a temporary directory, on a Unix socket there."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.process import Process
from harness.waiting import until

SETTINGS = {
    "timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "64MB",
}

SHARED_MEMORY = Path("/dev/shm")

#   To write over a tombstone is to create; rows that vanish were children of a deleted parent.
AUDIT = """
    CREATE TABLE audit (resource text, parent text, id text, action text, modified bigint);
    CREATE FUNCTION note_change () RETURNS trigger AS $$
    BEGIN
        INSERT INTO audit VALUES (NEW.resource_name, NEW.parent_id, NEW.id,
            CASE WHEN NEW.deleted THEN 'delete'
                 WHEN TG_OP = 'INSERT' OR OLD.deleted THEN 'create'
                 ELSE 'update' END,
            as_epoch (NEW.last_modified));
        RETURN NULL;
    END $$ LANGUAGE plpgsql;
    CREATE TRIGGER note_change AFTER INSERT OR UPDATE ON objects FOR EACH ROW
        WHEN (NEW.resource_name IN ('bucket', 'collection', 'record'))
        EXECUTE FUNCTION note_change ();
"""


def programs() -> Path:
    """Where the newest version has its programs; Debian does not put them into the PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    assert versions, "PostgreSQL is not installed: packaging/debian-packages names it"
    return versions[-1]


def as_postgres() -> list[str]:
    """PostgreSQL refuses to be run by root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if is_root() else []


def is_root() -> bool:
    return os.geteuid() == 0


class Postgres:
    """Ended with the tests. fsync is off unless asked for: no test cuts the power."""

    def __init__(self, fsync: bool = False, listen: str = "") -> None:
        #   Where nothing is to be kept, memory will do: no disk to wait for when others use it too.
        place = None if fsync or not SHARED_MEMORY.is_dir() else SHARED_MEMORY
        self.directory = Path(
            tempfile.mkdtemp(prefix="tocsin-pg-", dir=place)
        )  # short: for sockets
        if is_root():
            owner = pwd.getpwnam("postgres")
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        self._numbers = itertools.count(1)
        data = self.directory / "data"
        self.run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        settings = {
            **SETTINGS,
            "listen_addresses": listen,
            "unix_socket_directories": str(self.directory),
            "fsync": "on" if fsync else "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [*as_postgres(), str(programs() / "postgres"), "-D", str(data), *options]
        log_directory = Path(tempfile.mkdtemp(prefix="tocsin-pg-log-"))
        self.log_directory = log_directory
        self.process = Process("postgres", command, log_directory)
        try:
            until(self.serves, "PostgreSQL serves")
        except BaseException:
            self.end()
            raise

    def run(self, program: str, *arguments: str) -> None:
        command = [*as_postgres(), str(programs() / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.directory
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)

    def serves(self) -> bool:
        assert self.process.is_running(), self.process.tail()
        command = [str(programs() / "pg_isready"), "-q", "-h", str(self.directory)]
        return subprocess.run(command, check=False).returncode == 0

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql says, bare."""
        command = [*as_postgres(), str(programs() / "psql"), "-h", str(self.directory)]
        command += ["-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qAtc", statement]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def make_database(self, template: str = "template1") -> str:
        name = f"kinto{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def audit(self, database: str) -> None:
        """From now on a trigger notes each change of a row: the truth about what was committed."""
        self.sql(AUDIT, database)

    def audited(self, database: str) -> list[list[str]]:
        """Resource, parent, id, action and last_modified of each committed change."""
        found = self.sql("SELECT resource, parent, id, action, modified FROM audit", database)
        return [line.split("|") for line in found.splitlines()]

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}"

    def end(self) -> None:
        self.process.child.send_signal(signal.SIGINT)  # at once, but with its children
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self.log_directory, ignore_errors=True)
