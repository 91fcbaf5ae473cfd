"""How a job stands: by its own record first, then by what Slurm says, which may lag behind or be missing."""

from __future__ import annotations

from study.launch.backend import Entry, Finding
from study.launch.ended import End, Next
from study.launch.failed import last_line
from study.launch.options import Options
from study.launch.slurm.sources import Said
from study.launch.slurm.words import ENDED, GOING, PASSING, WAITING, failure, pending, written
from study.launch.states import State
from study.records import Status


class Judge:
    """One job's state machine. What cannot last is given some time, counted while Slurm answers."""

    def __init__(self, entry: Entry, options: Options, since: float | None) -> None:
        """``since`` is when a job of an earlier launcher was handed over: what holds may have held from then on."""
        self._entry, self._options = entry, options
        self._finding = Finding(State.PENDING)
        self._condition, self._since = None if since else "", since or 0.0

    def judge(self, end: End | None, said: Said | None, answers: bool, now: float) -> Finding | None:
        """How the job stands, none when Slurm never took it.

        ``said`` is what Slurm said last, and ``answers`` whether it answers; ``now`` is in seconds of a steady clock.
        """
        if end is not None and end.next is Next.NOTHING:
            self._finding = self._by_record(end, said, now)
        elif not answers:
            self._lasts("nobody answers", now)
        elif said is not None:
            self._finding = self._by_words(end, said, now)
        elif self._lasts("unknown", now) >= self._options.lag_seconds:
            if self._entry.id is None:
                return None
            self._finding = self._lost(end)
        return self._finding

    def _by_record(self, end: End, said: Said | None, now: float) -> Finding:
        if end.code == 0:
            return Finding(State.COMPLETED)
        if end.reason is not None:
            return Finding(State.FAILED, end.reason, end.detail)
        word = ENDED.get(said.state) if said else None
        if word is None and self._lasts("no word of the end", now) < self._options.file_seconds:
            return Finding(State.RUNNING)  # it has ended; Slurm knows better why
        return self._failed(word or Status.FAILED, said, end)

    def _by_words(self, end: End | None, said: Said, now: float) -> Finding:
        if said.state in ENDED:
            return self._ended(end, said, now)
        if said.state in PASSING:
            if self._lasts(said.state, now, may_be_old=False) < self._options.lag_seconds:
                return Finding(State.INTERRUPTED, None, said.state.lower())
            return self._failed(PASSING[said.state], said, end)
        self._lasts("goes on", now)
        if said.state in GOING:
            return Finding(State.RUNNING)
        if said.state in WAITING:
            again = end is not None or said.state not in ("PENDING", "CONFIGURING")
            why = pending(said.waits_for) or (end.detail if end else None)
            return Finding(State.INTERRUPTED if again else State.PENDING, None, why)
        return self._finding._replace(detail=f"Slurm says {said.state}")

    def _ended(self, end: End | None, said: Said, now: float) -> Finding:
        """By Slurm's word, without a final record: that may come late, or be of the attempt before a requeue."""
        word, requeued = ENDED[said.state], end is not None and end.next is Next.REQUEUE
        patience = self._options.lag_seconds if requeued else self._options.file_seconds
        if (requeued or word in (None, Status.FAILED)) and self._lasts(said.state, now) < patience:
            return self._finding
        return Finding(State.COMPLETED) if word is None else self._failed(word, said, end)

    def _lost(self, end: End | None) -> Finding:
        reason = written(self._entry)
        if reason is not None:
            return self._failed(reason, None, end)
        gone = "" if self._entry.batch.folder.is_dir() else f", and {self._entry.batch.folder} is gone"
        return Finding(State.FAILED, Status.FAILED, f"lost: Slurm does not know it, and it left no record{gone}")

    def _failed(self, reason: Status, said: Said | None, end: End | None) -> Finding:
        if reason is Status.FAILED:
            reason = written(self._entry) or reason
        return Finding(State.FAILED, reason, failure(reason, said, end, self._entry, last_line(self._entry)))

    def _lasts(self, condition: str, now: float, may_be_old: bool = True) -> float:
        """For how many seconds a condition has lasted: of the first that is seen, since ``since`` if it may be old."""
        if self._condition is None and may_be_old:
            self._condition = condition
        elif condition != self._condition:
            self._condition, self._since = condition, now
        return now - self._since
