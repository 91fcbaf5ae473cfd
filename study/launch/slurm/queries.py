"""The questions to Slurm: no more than one an interval, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from study.launch.backend import Say
from study.launch.options import Options
from study.launch.slurm.sources import Said, Silent, ask_sacct, ask_squeue

REST_SECONDS = 600.0  # before sacct is asked again after it did not answer
SACCT_LAGS_SECONDS = 45.0  # jobs that it does not know after that are asked of squeue, too


class Queries:
    """What Slurm said last; ``answers`` is whether it answered the last question."""

    def __init__(self, options: Options, say: Say) -> None:
        self._options, self._say = options, say
        self.said: dict[str, Said] = {}
        self.answers = False
        self._last = self._rests_until = float("-inf")
        self._whole_at = float("-inf")  # when sacct last knew all jobs
        self._complaint = ""

    @property
    def due(self) -> bool:
        """Whether it is time for a question."""
        return time.monotonic() - self._last >= self._options.query_seconds

    def ask(self, ids: Sequence[str], jobs: Collection[str]) -> None:
        """Ask for jobs, ``ids`` being those of their arrays. No answer leaves what was said before."""
        self._last = now = time.monotonic()
        if not ids:
            return
        complaint, found = "", None
        if now >= self._rests_until:
            found = self._by_sacct(ids, jobs, now)
        if found is None or isinstance(found, Silent):
            complaint = f"{found.words}; squeue is asked instead" if found else self._complaint
            if found is not None:
                self._rests_until = float("inf") if found.ever else now + REST_SECONDS
            told = ask_squeue(ids)
            if isinstance(told, Silent):
                complaint = f"Slurm does not say how jobs stand, they are waited for: {told.words}"
            found = told
        self.answers = not isinstance(found, Silent)
        self.said = self.said if isinstance(found, Silent) else found
        self._complain(complaint)

    def _by_sacct(self, ids: Sequence[str], jobs: Collection[str], now: float) -> dict[str, Said] | Silent:
        """With squeue's word on jobs that sacct should know by now, and does not."""
        found = ask_sacct(ids)
        if isinstance(found, Silent) or all(job in found for job in jobs):
            self._whole_at = now
            return found
        if now - self._whole_at > SACCT_LAGS_SECONDS:
            told = ask_squeue(ids)
            return found if isinstance(told, Silent) else told | found
        return found

    def _complain(self, words: str) -> None:
        if words and words != self._complaint:
            self._say(words)
        elif self._complaint and not words:
            self._say("Slurm answers again")
        self._complaint = words
