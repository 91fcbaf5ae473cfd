"""The Slurm behind a launcher: arrays in, states out, one question an interval for all jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from study.errors import StorageError, SubmitError
from study.launch.backend import Entry, Finding, Say, TryLaterError, by_batch
from study.launch.batch import Batch, cancel
from study.launch.ended import End, read_end
from study.launch.options import Options
from study.launch.request import Request
from study.launch.slurm.ask import ask
from study.launch.slurm.judge import Judge
from study.launch.slurm.parameters import check_extra
from study.launch.slurm.queries import Queries
from study.launch.slurm.script import check_here, submit
from study.launch.slurm.sources import find

AT_ONCE = 500  # ids on one command line
SURE_SECONDS = 30.0  # after which sbatch of a process that died has done what it will


class SlurmBackend:
    """Jobs of Slurm."""

    orders = True

    def __init__(self, options: Options, say: Say) -> None:
        check_here()
        self._options, self._say = options, say
        self._queries = Queries(options, say)
        self._judges: dict[tuple[Path, int], Judge] = {}
        self._ends: dict[tuple[Path, int], End] = {}
        self._recalled: dict[Path, float] = {}
        self._absent: set[Path] = set()  # batches without an id of which Slurm says that it has none
        self._most: int | None = None
        self._not_before = 0.0

    def recall(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those that Slurm has; a batch without an id is one whose submitter died, maybe before Slurm heard of it."""
        found = [batch for batch in batches if batch.id is not None or self._took(batch)]
        self._recalled = {batch.folder: time.monotonic() - (time.time() - batch.handed.made) for batch in found}
        return found

    def check(self, request: Request) -> None:
        """Whether partition, account and so on are right is Slurm's to say; options of its must look like some."""
        check_extra(request.resources.extra)

    def admit(self, waiting: Sequence[Request], in_flight: int) -> list[list[Request]]:
        """As many as the cap leaves room for, those that ask for the same in one array, as long as arrays may be."""
        cap = self._options.in_flight
        room = len(waiting) if cap is None else cap - in_flight
        # the last few wait for more room, so that a study of many jobs is not handed over one by one
        few = cap is not None and in_flight and room < min(len(waiting), cap // 20)
        if not waiting or room <= 0 or few or time.monotonic() < self._not_before:
            return []
        alike: dict[str, list[Request]] = {}
        for request in waiting[:room]:
            alike.setdefault(request.model_dump_json(include={"resources", "after"}), []).append(request)
        most = self._most_in_array()
        return [group[at : at + most] for group in alike.values() for at in range(0, len(group), most)]

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """One call of sbatch."""
        if unknown := [entry for entry in after if entry.id is None]:
            raise self._later(f"Slurm's id of {unknown[0].request.name}, which others wait for, is not known yet")
        try:
            batch.note(submit(batch, _ids(after)))
        except TryLaterError as error:
            raise self._later(str(error)) from None
        if batch.id is None:
            self._say(f"Slurm did not say whether it took {batch.handed.label}; it will be asked")

    def look(self, entries: Sequence[Entry]) -> list[Finding]:
        """Records first; Slurm is asked for jobs without one, when it is time."""
        for batch, indexes in by_batch(entries):
            self._read_ends(batch, indexes)
        open_ones = [entry for entry in entries if not self._has_ended_well(entry)]
        if self._queries.due and open_ones:
            for batch, _ in by_batch(open_ones):
                if batch.id is None:
                    self._find(batch)
            arrays = {batch.id for batch, _ in by_batch(open_ones) if batch.id is not None}
            self._queries.ask(sorted(arrays, key=int), {entry.id for entry in open_ones if entry.id is not None})
        return [self._judged(entry) for entry in entries]

    def stop(self, entries: Sequence[Entry]) -> None:
        """By scancel: whole arrays where all that is left of them is to end."""
        for batch, indexes in by_batch(entries):
            try:
                cancel(batch.folder, indexes)
            except StorageError as error:  # such a job may ask to be started again, and is then cancelled again
                self._say(str(error))
        ids = _ids(entries)
        named = [f"--name={batch.handed.label}" for batch, _ in by_batch(entries) if batch.id is None]
        commands = [["scancel", *ids[at : at + AT_ONCE]] for at in range(0, len(ids), AT_ONCE)]
        for answer in [ask(command) for command in [*commands, *(["scancel", name] for name in named)]]:
            if answer.code != 0 and not re.search("invalid job id|already completing", answer.error.lower()):
                raise SubmitError(f"scancel: {answer.words}; the jobs go on: cancel them again")

    def close(self) -> None:
        """Jobs go on."""

    def _judged(self, entry: Entry) -> Finding:
        key = (entry.batch.folder, entry.index)
        judge = self._judges.setdefault(key, Judge(entry, self._options, self._recalled.get(entry.batch.folder)))
        said = self._queries.said.get(entry.id) if entry.id else None
        answers = self._queries.answers if entry.id else entry.batch.folder in self._absent
        finding = judge.judge(self._ends.get(key), said, answers, time.monotonic())
        if not finding.state.active:
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

    def _has_ended_well(self, entry: Entry) -> bool:
        end = self._ends.get((entry.batch.folder, entry.index))
        return end is not None and end.is_success

    def _most_in_array(self) -> int:
        """As the cluster is set up; raises TryLaterError while its controller does not answer."""
        if self._most is None:
            answer = ask(["scontrol", "show", "config"])
            if answer.code != 0:
                raise self._later(f"Slurm takes no job now, tried again later: {answer.words}")
            found = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.output, re.MULTILINE)
            self._most = max(1, int(found[1])) if found else 1  # without the setting no arrays
        return self._most

    def _took(self, batch: Batch) -> bool:
        return self._find(batch) or time.time() - batch.handed.made < SURE_SECONDS

    def _find(self, batch: Batch) -> bool:
        """Look for a batch by its label; whether it may be there."""
        since = datetime.fromtimestamp(batch.handed.made - 86400).strftime("%Y-%m-%d")
        found = find(batch.handed.label, since)
        if isinstance(found, str):
            batch.note(found)
        if found is None:
            self._absent.add(batch.folder)
        return found is not None

    def _later(self, words: str) -> TryLaterError:
        self._not_before = time.monotonic() + self._options.query_seconds
        return TryLaterError(words)


def _ids(entries: Sequence[Entry]) -> list[str]:
    """Of whole arrays where all of their jobs that have not ended are there."""
    found = []
    for batch, indexes in by_batch(entries):
        if batch.id is not None:
            whole = set(indexes) >= set(batch.untold)
            found += [batch.id] if whole else [str(batch.job_id(index)) for index in indexes]
    return found
