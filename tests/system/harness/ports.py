"""Free ports that stay free while a process that had one is killed and started again."""

import fcntl
import os
import random
import socket
import tempfile
from collections import deque
from pathlib import Path

#   Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that
#   nobody is given ours while its owner is down.
LOWEST, HIGHEST = 12000, 30000

#   Plays that run side by side, in other processes, are kept off by a lock on one byte of a file
#   for each port. So many are ours, the last ones: more than a play has, and others have enough.
OURS = 200
_file = os.open(
    Path(tempfile.gettempdir()) / f"tocsin-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600
)
_ours: deque[int] = deque()


def _take(port: int) -> bool:
    try:
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _ours.append(port)
    if len(_ours) > OURS:
        fcntl.lockf(_file, fcntl.LOCK_UN, 1, _ours.popleft())
    return True


def free_port() -> int:
    while True:
        port = random.randint(LOWEST, HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in _ours and _take(port):
                return port
