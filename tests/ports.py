"""Ports for servers of tests, which others may start at the same time."""

import random

from study.launch.ranks.ports import PORTS, is_free


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now."""
    return [port for port in random.SystemRandom().sample(PORTS, 50 * count) if is_free(port)][:count]
