"""The Slurm behind a launcher: arrays in, states out, one question an interval for all jobs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from study.launch.backend import Entry, Finding, Say, TryLaterError, by_batch
from study.launch.batch import Batch
from study.launch.ended import End, read_end
from study.launch.options import Options
from study.launch.request import Request
from study.launch.slurm.arrays import Arrays
from study.launch.slurm.judge import Judge
from study.launch.slurm.labels import Labels
from study.launch.slurm.limits import Limits
from study.launch.slurm.parameters import check_extra
from study.launch.slurm.queries import Queries
from study.launch.slurm.script import check_here, submit
from study.launch.slurm.stop import ids_of, stop

LEAST_SHARE = 20  # of the cap: less room than that is no reason to call sbatch while more jobs wait


class SlurmBackend:
    """Jobs of Slurm."""

    orders = True

    def __init__(self, options: Options, say: Say) -> None:
        check_here()
        self._options, self._say = options, say
        self._queries, self._labels = Queries(options, say), Labels()
        self._arrays, self._limits = Arrays(), Limits(options, say)
        self._judges: dict[tuple[Path, int], Judge] = {}
        self._ends: dict[tuple[Path, int], End] = {}
        self._recalled: dict[Path, float] = {}
        self._not_before = 0.0

    def recall(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those that Slurm has; a batch without an id is one whose submitter died, maybe before Slurm heard of it."""
        found, ago = self._labels.stand(batches), time.monotonic() - time.time()
        self._recalled = {batch.folder: batch.handed.made + ago for batch in found}
        return found

    def check(self, request: Request) -> None:
        """Whether partition, account and so on are right is Slurm's to say; other options must look like some."""
        check_extra(request.resources.extra)

    def admit(self, waiting: Sequence[Request], in_flight: int) -> list[list[Request]]:
        """As many as the cap leaves room for, in arrays."""
        cap = self._options.in_flight or in_flight + len(waiting)
        room = cap - in_flight
        too_few = in_flight > 0 and room < min(len(waiting), cap // LEAST_SHARE)
        if room <= 0 or too_few or time.monotonic() < self._not_before:
            return []
        try:
            return self._arrays.of(self._limits.clip(waiting[:room]))
        except TryLaterError:
            self._rest()
            raise

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """One call of sbatch."""
        unknown = [entry.request.name for entry in after if entry.id is None]
        try:
            if unknown:
                raise TryLaterError(f"Slurm's id of {unknown[0]}, which others come after, is not known yet")
            id = submit(batch, ids_of(after))
        except TryLaterError:
            self._rest()
            raise
        batch.note(id)
        if id is None:
            self._say(f"Slurm did not say whether it took {batch.handed.label}; it will be asked")

    def look(self, entries: Sequence[Entry]) -> list[Finding | None]:
        """Records first; Slurm is asked for jobs without one, when it is time."""
        for batch, indexes in by_batch(entries):
            self._read_ends(batch, indexes)
        open_ones = [entry for entry in entries if not self._has_completed(entry)]
        if self._queries.due and open_ones:
            self._ask(open_ones)
        return [self._judged(entry) for entry in entries]

    def stop(self, entries: Sequence[Entry]) -> None:
        """By scancel."""
        stop(entries, self._say)

    def close(self) -> None:
        """Jobs go on."""

    def _ask(self, entries: Sequence[Entry]) -> None:
        batches = [batch for batch, _ in by_batch(entries)]
        for batch in batches:
            if batch.id is None:
                self._labels.find(batch)
        arrays = sorted({batch.id for batch in batches if batch.id is not None}, key=int)
        self._queries.ask(arrays, {entry.id for entry in entries if entry.id is not None})

    def _judged(self, entry: Entry) -> Finding | None:
        key, id = (entry.batch.folder, entry.index), entry.id
        judge = self._judges.setdefault(key, Judge(entry, self._options, self._recalled.get(entry.batch.folder)))
        said = self._queries.said(id) if id else None
        answers = self._queries.answers_on(id) if id else entry.batch.folder in self._labels.absent
        finding = judge.judge(self._ends.get(key), said, answers, time.monotonic())
        if finding is None or not finding.state.active:
            del self._judges[key]
            self._ends.pop(key, None)
        return finding

    def _read_ends(self, batch: Batch, indexes: Iterable[int]) -> None:
        try:
            names = {path.name for path in batch.folder.iterdir()}
        except OSError:
            return  # Slurm knows
        for index in indexes:
            end = read_end(batch.file(index, "end.json")) if f"{index}.end.json" in names else None
            if end is not None:
                self._ends[batch.folder, index] = end

    def _has_completed(self, entry: Entry) -> bool:
        end = self._ends.get((entry.batch.folder, entry.index))
        return end is not None and end.is_success

    def _rest(self) -> None:
        self._not_before = time.monotonic() + self._options.query_seconds
