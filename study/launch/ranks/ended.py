"""How several ranks ended, as one exit code and one message."""

from __future__ import annotations

import signal
from collections.abc import Mapping

from study.errors import INTERRUPTED_CODE

USERS_CODE = 2  # a StudyError, told on the rank's standard error
KILLED = 128 + signal.SIGKILL
# of ranks that a signal ended before they listened, or that were asked twice
STOPPED = {128 + number for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)}


def decisive(codes: Mapping[int, int]) -> int:
    """The rank whose end is that of the run; ``codes`` are in the order of their ends.

    The others' errors come second: they lost a rank. What the user has to mend is told by whoever found it.
    """
    if codes.get(0) == 0:  # it writes the outcome
        return 0
    failed = [rank for rank, code in codes.items() if code]
    told = [rank for rank in failed if codes[rank] == USERS_CODE]
    if told:
        return told[0]
    if failed and codes[failed[0]] == INTERRUPTED_CODE and codes.get(0, KILLED) != INTERRUPTED_CODE:
        return 0  # the others need not save
    return failed[0] if failed else 0
