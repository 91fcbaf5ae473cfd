"""Ports for servers of tests, which others may start at the same time."""

import random
import socket
from pathlib import Path

LEAST = 10_000
CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now, none of which the system gives to a connection before a server takes it."""
    most = int(CONNECTIONS.read_text().split()[0])
    tried = random.SystemRandom().sample(range(LEAST, most), 50 * count)
    return [port for port in tried if _is_free(port)][:count]


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("", port))
        except OSError:
            return False
    return True
