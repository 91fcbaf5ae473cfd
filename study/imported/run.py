"""``import``: files of others become a study's two tables, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import DataError
from study.imported.choose import Chosen, choose
from study.imported.profile import sizes
from study.imported.runs import Merged, merge, run_rows
from study.imported.scores import Scores, read_scores
from study.imported.write import check_name, recover, write
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

SHOWN = 20  # problems told one by one


@dataclass(frozen=True)
class Imported:
    """What an import found: the two tables, and what a reader must know of them.

    ``repeated`` scores stood in the files more than once and were equal; ``marked`` are runs of which a score is
    missing because it was no number from 0 to 1.
    """

    name: str
    format: str
    files: tuple[Path, ...]
    runs: pl.DataFrame
    scores: pl.DataFrame
    repeated: int
    marked: int
    notes: tuple[str, ...]

    def summary(self) -> dict[str, Any]:
        """As plain data for JSON."""
        return {
            "study": self.name,
            "format": self.format,
            "files": [str(path) for path in self.files],
            "runs": self.runs.height,
            "scores": self.scores.height,
            "repeated_scores": self.repeated,
            "runs_with_marks": self.marked,
            "runs_without_train_flops": self.runs["train_flops"].null_count(),
            "notes": list(self.notes),
        }


def import_study(
    results: Path,
    name: str,
    paths: Sequence[Path],
    format_name: str | None = None,
    mapping: Path | None = None,
    dry_run: bool = False,
) -> Imported:
    """Read the files and write ``results/NAME``, or with ``dry_run`` only read them.

    Raises UnknownNameError for an unknown format, GridError for a wrong mapping, DataError with all that is wrong in
    the files, StorageError where a study of the user's own has that name. Then nothing is written.
    """
    check_name(results, name)
    if not dry_run:
        recover(results, name)
    chosen = choose(paths, format_name, mapping)
    findings = chosen.format.read(chosen.files)
    runs, problems = merge(findings.found)
    scores = read_scores(findings.found)
    _refuse([*problems, *scores.problems])
    facts = {"title": name, **findings.facts}
    rows = [row | _marks(scores, run) for run, row in zip(runs, _rows(name, runs, chosen, facts), strict=True)]
    imported = Imported(
        name=name,
        format=chosen.name,
        files=tuple(file.path for file in (*chosen.files, *chosen.profiles)),
        runs=pl.DataFrame(rows, schema=schema(RUNS_COLUMNS)),
        scores=_scores_table(name, scores),
        repeated=scores.repeated,
        marked=len(scores.marks),
        notes=(*chosen.notes, *findings.notes),
    )
    if not dry_run:
        write(results, imported.name, imported.runs, imported.scores, facts | {"imported": imported.summary()})
    return imported


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        more = [f"... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        raise DataError("\n".join([*problems[:SHOWN], *more]))


def _rows(name: str, runs: dict[str, Merged], chosen: Chosen, facts: dict[str, str]) -> list[dict[str, Any]]:
    return run_rows(name, runs, sizes(chosen.profiles), facts)


def _marks(scores: Scores, run: str) -> dict[str, Any]:
    """What is said of the scores that a run does not have."""
    return {"evaluation_note": "; ".join(scores.marks.get(run, ())) or None}


def _scores_table(study: str, scores: Scores) -> pl.DataFrame:
    rows = [
        {"run_id": f"{study}/{run}", "dataset": dataset, "metric": metric, "value": number.value}
        for (run, dataset, metric), number in scores.values.items()
    ]
    return pl.DataFrame(rows, schema=schema(SCORES_COLUMNS))
