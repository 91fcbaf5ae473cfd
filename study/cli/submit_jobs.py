"""The jobs of a study: one a run, and a last one that collects, fits and reports."""

from __future__ import annotations

import hashlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from study.launch import Request, Resources
from study.records import FAILURE

if TYPE_CHECKING:
    from study.launch.settings import Settings
    from study.plan.table import StudyTable

LAST = {"cpus": 1, "mem_mb": 4000, "runtime": 60}  # of a study of ten thousand runs


class StudyJobs:
    """Requests for what a study lacks; a run's key is the file that the executor's group for it makes, too."""

    def __init__(self, table: StudyTable, reports: Path, settings: Settings) -> None:
        self._table, self._settings = table, settings
        self._results = table.folder.parent
        self.folder = settings.folder or table.folder / "jobs"
        self.page = reports / table.name / "index.html"

    @property
    def last_key(self) -> str:
        """What keys of last jobs begin with."""
        return str(self.page.absolute())

    def key(self, run_id: str) -> str:
        """Of the job of a run."""
        return str(self._evaluation(run_id).absolute())

    def due(self) -> list[str]:
        """Runs that have not ended, or have not been scored."""
        return [run_id for run_id in self._table.run_ids if not self._is_done(run_id)]

    def run(self, run_id: str) -> Request:
        """The job of a run: trained and scored, or what is left of that."""
        asks = {name: self._table.resource(run_id, name) for name in ("gpus", "nodes", "threads", "mem_mb")}
        return Request(
            key=self.key(run_id),
            name=f"{self._table.name} {run_id}",
            command=_all_of(self._train(run_id), self._evaluate(run_id)),
            log=self.folder / "logs" / f"{run_id}.log",
            resources=Resources.of(
                {
                    **self._settings.resources,
                    **asks,
                    "tasks": self._table.resource(run_id, "processes"),
                    "runtime": self._table.resource(run_id, "runtime_minutes"),
                }
            ),
            after=tuple(self.key(needed) for needed in self._table.needs(run_id) if not self._is_done(needed)),
            note=self._folder(run_id) / FAILURE,
        )

    def last(self, after: Sequence[str]) -> Request:
        """The job after those with the keys ``after``, however they ended; another key for each such choice."""
        name, results = self._table.name, f"--results={self._results}"
        return Request(
            key=f"{self.last_key} {hashlib.sha256(chr(10).join(after).encode()).hexdigest()[:12]}",
            name=f"{name} report",
            command=_all_of(
                ["collect", name, results],
                ["fit", name, results],
                ["report", name, results, f"--out={self.page.parents[1]}"],
            ),
            log=self.folder / "logs" / "report.log",
            resources=Resources.of({**self._settings.resources, **LAST}),
            after=tuple(after),
        )

    def _train(self, run_id: str) -> list[str]:
        asked = self._table.resource
        return [
            "train",
            str(self._folder(run_id) / "spec.json"),
            f"--log={self._folder(run_id) / 'train.log'}",
            f"--processes={asked(run_id, 'processes')}",
            f"--nodes={asked(run_id, 'nodes')}",
            f"--micro-batch-size={asked(run_id, 'micro_batch_size')}",
            *asked(run_id, "shard").split(),
            *self._shared(run_id),
        ]

    def _evaluate(self, run_id: str) -> list[str]:
        return ["evaluate", run_id, f"--log={self._folder(run_id) / 'evaluate.log'}", *self._shared(run_id)]

    def _shared(self, run_id: str) -> list[str]:
        asked = self._table.resource
        where = [f"--study={self._table.name}", f"--results={self._results}"]
        return [*where, f"--device={asked(run_id, 'device')}", f"--threads={asked(run_id, 'threads')}"]

    def _folder(self, run_id: str) -> Path:
        return self._results / "runs" / run_id

    def _evaluation(self, run_id: str) -> Path:
        return self._folder(run_id) / f"evaluations/{self._table.evaluation_id}.json"

    def _is_done(self, run_id: str) -> bool:
        return (self._folder(run_id) / "outcome.json").exists() and self._evaluation(run_id).exists()


def _all_of(*commands: Sequence[str]) -> tuple[str, ...]:
    """Subcommands one after the other, up to the first that fails."""
    return ("bash", "-c", " && ".join(shlex.join([sys.executable, "-m", "study", *command]) for command in commands))
