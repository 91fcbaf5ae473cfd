"""The port at which the ranks of a run meet."""

from __future__ import annotations

import socket

PORTS = range(20_000, 32_000)  # below those that systems give to connections, one of which may come first


def port_from(number: int) -> int:
    """One that is free as far as this machine can tell: the same for the same number, others for others, mostly."""
    first = number % len(PORTS)
    return next((port for port in (*PORTS[first:], *PORTS[:first]) if is_free(port)), PORTS[first])


def is_free(port: int) -> bool:
    """Whether nothing listens there now."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("", port))
        except OSError:
            return False
    return True
