"""The evidence nearest to what is asked for: rungs from the most specific one to the vaguest."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from study.predict.work import Job, Measured, Range


@dataclass(frozen=True)
class Rung:
    """Evidence counts here if ``key`` says the same of both; a value from it is right within ``factor``, likely."""

    words: str
    key: Callable[[Job], Hashable]
    factor: float


@dataclass(frozen=True)
class Found:
    """Evidence on a rung: a value of each run, at least one."""

    rung: Rung
    values: tuple[float, ...]
    runs: int
    probes: int

    @cached_property
    def range(self) -> Range:
        """The median; from the least to the most that was seen, and at least the rung's factor either way."""
        middle = median(self.values)
        return Range(middle, min(*self.values, middle / self.rung.factor), max(*self.values, middle * self.rung.factor))

    def words(self) -> str:
        """How many runs and probes, of what."""
        told = [_counted(self.runs, "run"), _counted(self.probes, "probe")]
        return f"{' and '.join(filter(None, told))} of {self.rung.words}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""


class Ladder:
    """Measured values by rung, looked up without searching all of them for each run of a plan."""

    def __init__(
        self, rungs: Sequence[Rung], measured: Iterable[Measured], value: Callable[[Measured], float | None]
    ) -> None:
        self.rungs = rungs
        self._known: list[dict[Hashable, list[tuple[str | None, float]]]] = [{} for _ in rungs]
        for one in measured:
            found = value(one)
            if found is not None:
                for rung, known in zip(rungs, self._known, strict=True):
                    known.setdefault(_key(rung, one.job), []).append((one.run_id, found))

        self._nearest: dict[tuple[int, Hashable], Found] = {}

    def nearest(self, job: Job, without: str | None = None) -> Found | None:
        """The evidence on the first rung that has any; ``without`` is a run that is no evidence for itself."""
        for index, (rung, known) in enumerate(zip(self.rungs, self._known, strict=True)):
            key = _key(rung, job)
            rows = known.get(key, [])
            others = [row for row in rows if row[0] != without] if without is not None else rows
            if len(others) < len(rows) and others:
                return _found(rung, others)
            if others:
                return self._once(index, key, rows)
        return None

    def stored(self) -> list[list[Any]]:
        """As plain data, a row a rung and key: least, median and most of the values, of how many runs and probes."""
        rows = []
        for index, (rung, known) in enumerate(zip(self.rungs, self._known, strict=True)):
            for key, values in known.items():
                found = _found(rung, values)
                three = min(found.values), median(found.values), max(found.values)
                rows.append([index, key, three, found.runs, found.probes])
        return rows

    @classmethod
    def restored(cls, rungs: Sequence[Rung], rows: Iterable[Sequence[Any]]) -> Ladder:
        """From the plain data that ``stored`` and JSON make of one. No run of it can be left out."""
        ladder = cls(rungs, (), lambda one: None)
        for index, plain, three, runs, probes in rows:
            key = _tuples(plain)
            ladder._known[index][key] = [(None, value) for value in three]
            ladder._nearest[index, key] = Found(rungs[index], tuple(three), runs, probes)
        return ladder

    def _once(self, index: int, key: Hashable, rows: list[tuple[str | None, float]]) -> Found:
        if (index, key) not in self._nearest:
            self._nearest[index, key] = _found(self.rungs[index], rows)
        return self._nearest[index, key]


def _found(rung: Rung, rows: Sequence[tuple[str | None, float]]) -> Found:
    probes = sum(run_id is None for run_id, _ in rows)
    return Found(rung, tuple(value for _, value in rows), len(rows) - probes, probes)


def _key(rung: Rung, job: Job) -> Hashable:
    return (job.device, rung.key(job))  # what another device did is no evidence here


def _tuples(plain: Any) -> Any:
    """Lists of JSON as the keys that they were."""
    return tuple(map(_tuples, plain)) if isinstance(plain, list) else plain
