"""Starts ranks, passes signals on to them, ends those that lost one, and ends as they do."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Sequence

from study.errors import INTERRUPTED_CODE
from study.launch.ranks.ended import KILLED, STOPPED, decisive
from study.launch.ranks.group import Ranks, described
from study.launch.ranks.here import Here
from study.launch.ranks.srun import Srun
from study.launch.signals import Signals

LOOK_SECONDS = 1.0  # between two looks, and two reminders to stop
END_SECONDS = 5.0  # for those that lost a rank, to find that out


def run_ranks(command: Sequence[str], processes: int, nodes: int) -> int:
    """Run a command as the ranks of a run: on this machine, or on so many nodes of the Slurm job that this is in.

    Rank 0 prints as if it were alone. The exit code is 0 when the run has its outcome, 75 when the ranks have saved and
    ended, else that of the rank which failed first, whose message is printed. Raises SubmitError when they do not
    start, PlanError where no Slurm job has the nodes.
    """
    parent = _Parent(processes)
    return parent.run((lambda: Srun(command, processes, nodes)) if nodes > 1 else (lambda: Here(command, processes)))


class _Parent:
    def __init__(self, count: int) -> None:
        self._count = count
        self._asked: list[str] = []
        self._reminded = self._lost = float("inf")

    def run(self, start: Callable[[], Ranks]) -> int:
        with Signals() as heard:
            ranks = start()
            try:
                while ranks.running:
                    numbers, ready = heard.wait(ranks.files, LOOK_SECONDS)
                    ranks.look(ready)
                    for number in numbers:
                        self._pass_on(ranks, number)
                    self._remind(ranks)
                    self._end_the_rest(ranks)
            finally:
                ranks.end(signal.SIGKILL)
        return self._told(ranks)

    def _pass_on(self, ranks: Ranks, number: int) -> None:
        self._asked.append(signal.Signals(number).name)
        ranks.stop(number)
        self._reminded = time.monotonic()

    def _remind(self, ranks: Ranks) -> None:
        """A rank that is starting ignores USR2."""
        if time.monotonic() - self._reminded >= LOOK_SECONDS:
            self._reminded = time.monotonic()
            ranks.remind()

    def _end_the_rest(self, ranks: Ranks) -> None:
        """Who lost a rank may wait for it for ever; one that has saved may be ahead of the one that writes."""
        if 0 in ranks.codes or any(code not in (0, INTERRUPTED_CODE) for code in ranks.codes.values()):
            self._lost = min(self._lost, time.monotonic())
        if time.monotonic() - self._lost >= END_SECONDS:
            ranks.end(signal.SIGKILL)

    def _told(self, ranks: Ranks) -> int:
        rank = decisive(ranks.codes)
        code = ranks.codes.get(rank, KILLED)
        words = ranks.words(rank).strip()
        if self._asked and code in (INTERRUPTED_CODE, *STOPPED):
            saved = "saved, " if code == INTERRUPTED_CODE else ""
            print(f"study: stopped by {self._asked[0]}; {saved}the same command goes on from here", file=sys.stderr)
            return INTERRUPTED_CODE
        if code > 128 or (code and not words):
            words = f"{words}\n{described(rank, self._count, code)}".strip()
        if words:
            print(words, file=sys.stderr)
        return code
