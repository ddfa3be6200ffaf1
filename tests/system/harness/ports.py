"""Free ports that stay free while a process that had one is killed and started again."""

import random
import socket

#   Below the range from which Linux takes the ports of outgoing connections (32768 and up), so that
#   nobody is given ours while its owner is down.
LOWEST, HIGHEST = 12000, 30000


def free_port() -> int:
    while True:
        port = random.randint(LOWEST, HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
