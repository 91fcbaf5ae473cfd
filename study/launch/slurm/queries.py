"""The questions to Slurm: no more than one an interval, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from study.launch.backend import Say
from study.launch.once import Once
from study.launch.options import Options
from study.launch.slurm.sources import Said, Silent, ask_sacct, ask_squeue

REST_SECONDS = 600.0  # before sacct is asked again after it did not answer
SACCT_LAGS_SECONDS = 45.0  # jobs that it does not know after that are asked of squeue, too


class Queries:
    """What Slurm said last; ``answers`` is whether it answered the last question."""

    def __init__(self, options: Options, say: Say) -> None:
        self._options, self._once = options, Once(say)
        self.said: dict[str, Said] = {}
        self.answers = False
        self._last = self._rests_until = self._whole_at = float("-inf")

    @property
    def due(self) -> bool:
        """Whether it is time for a question."""
        return time.monotonic() - self._last >= self._options.query_seconds

    def ask(self, ids: Sequence[str], jobs: Collection[str]) -> None:
        """Ask for jobs, ``ids`` being those of their arrays. No answer leaves what was said before."""
        self._last = now = time.monotonic()
        if not ids:
            return
        found = self._by_sacct(ids, jobs, now) if now >= self._rests_until else self._by_squeue(ids)
        self.answers = not isinstance(found, Silent)
        if not isinstance(found, Silent):
            self.said = found

    def _by_sacct(self, ids: Sequence[str], jobs: Collection[str], now: float) -> dict[str, Said] | Silent:
        """With squeue's word on jobs that sacct should know by now, and does not."""
        found = ask_sacct(ids)
        if isinstance(found, Silent):
            self._rests_until = float("inf") if found.ever else now + REST_SECONDS
            self._once.complain(f"{found.words}; squeue is asked instead")
            return self._by_squeue(ids)
        self._once.settle("sacct answers again")
        if all(job in found for job in jobs):
            self._whole_at = now
        elif now - self._whole_at > SACCT_LAGS_SECONDS:
            told = ask_squeue(ids)
            return found if isinstance(told, Silent) else told | found
        return found

    def _by_squeue(self, ids: Sequence[str]) -> dict[str, Said] | Silent:
        found = ask_squeue(ids)
        if isinstance(found, Silent):
            self._once.complain(f"Slurm does not say how jobs stand, they are waited for: {found.words}")
        elif not self.answers and self.said:
            self._once.settle("squeue answers again")
        return found
