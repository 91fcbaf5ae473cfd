"""The questions to Slurm: no more than one an interval, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from study.launch.backend import Say
from study.launch.once import Once
from study.launch.options import Options
from study.launch.slurm.sources import Said, Silent, ask_sacct, ask_squeue

REST_SECONDS = 600.0  # before sacct is asked again after it did not answer
SACCT_LAGS_SECONDS = 45.0  # when it lacks jobs for longer, squeue is asked every other time

_Words = Mapping[str, Said]


class Queries:
    """What Slurm said last, by sacct where it knows a job, else by squeue."""

    def __init__(self, options: Options, say: Say) -> None:
        self._options, self._once = options, Once(say)
        self._by_sacct: _Words = {}
        self._by_squeue: _Words = {}
        self._answers = False  # the last question was answered
        self._is_whole = False  # a job in neither is unknown to both
        self._squeue_is_next = False
        self._whole_at: float | None = None  # when sacct knew all jobs
        self._last = self._rests_until = float("-inf")

    @property
    def due(self) -> bool:
        """Whether it is time for a question."""
        return time.monotonic() - self._last >= self._options.query_seconds

    def said(self, job: str) -> Said | None:
        """Slurm's last word on a job."""
        return self._by_sacct.get(job) or self._by_squeue.get(job)

    def answers_on(self, job: str) -> bool:
        """Whether Slurm answers: has a word on the job, or all that could have one answered and have none."""
        return self._answers and (self._is_whole or self.said(job) is not None)

    def ask(self, ids: Sequence[str], jobs: Collection[str]) -> None:
        """Ask for jobs, ``ids`` being those of their arrays. No answer leaves what was said before."""
        self._last = now = time.monotonic()
        if not ids:
            return
        if now < self._rests_until:
            self._by_sacct = {}
            self._ask_squeue(ids)
        elif self._squeue_is_next:
            self._squeue_is_next = False
            self._ask_squeue(ids)
        else:
            self._ask_sacct(ids, jobs, now)

    def _ask_sacct(self, ids: Sequence[str], jobs: Collection[str], now: float) -> None:
        found = ask_sacct(ids)
        if isinstance(found, Silent):
            self._rests_until = float("inf") if found.ever else now + REST_SECONDS
            self._once.complain(f"{found.words}; squeue is asked instead")
            self._by_sacct = {}
            self._ask_squeue(ids)
            return
        self._once.settle("sacct answers again")
        self._by_sacct, self._answers = found, True
        if all(job in found for job in jobs):
            self._by_squeue, self._is_whole, self._whole_at = {}, False, now
        else:
            self._whole_at = now if self._whole_at is None else self._whole_at
            self._squeue_is_next = now - self._whole_at >= SACCT_LAGS_SECONDS

    def _ask_squeue(self, ids: Sequence[str]) -> None:
        found = ask_squeue(ids)
        if isinstance(found, Silent):
            self._answers = False
            self._once.complain(f"Slurm does not say how jobs stand, they are waited for: {found.words}")
            return
        if not self._answers and self._by_squeue:
            self._once.settle("squeue answers again")
        self._by_squeue, self._answers, self._is_whole = found, True, True
