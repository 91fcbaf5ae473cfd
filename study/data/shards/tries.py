"""Reads of a store that fails at times."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from study.errors import DataError

WAITS = (0.5, 2.0, 5.0)  # seconds between tries
FAILED = (OSError, DataError)


def tried(
    read: Callable[[], bytes],
    again: Callable[[Exception], bool],
    waits: Sequence[float] = WAITS,
    wait: Callable[[float], object] = time.sleep,
) -> bytes:
    """What ``read`` gives at last; ``again`` is told what it raised, and whether another try may mend that.

    Raises the last of ``FAILED`` where it may not, or there was a try after each wait.
    """
    for seconds in waits:
        try:
            return read()
        except FAILED as error:
            if not again(error):
                raise
        wait(seconds)
    return read()
