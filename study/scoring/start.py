"""Start the processes of a scoring, add up what they tell, and end them all when one fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl

from study.data.parquet import read_apart
from study.data.source import Source
from study.data.table_formats import readable
from study.errors import DataError
from study.hardware import cpu_threads
from study.scoring.files import ScoreFiles
from study.scoring.hub import check_packages
from study.scoring.progress import Done, Progress
from study.scoring.request import Request, RunsRef, Scored, scored_by_runs

Child = subprocess.Popen[str]


def score(request: Request, source: Source, processes: int, say: Callable[[str], None]) -> Progress:
    """Score all of a source by so many processes of this machine; says how far it is now and then.

    Raises what ``check`` does, and DataError with what the first process that failed said.
    """
    check(request)
    progress, counting = Progress(source.index().pairs, say), Lock()
    threads = request.threads or max(1, cpu_threads() // processes)
    handed = request.model_copy(update={"threads": threads}).model_dump_json()
    children = [_start(handed, index, processes) for index in range(processes)]

    def add(done: Done) -> None:
        with counting:
            progress.add(done)

    try:
        with ThreadPoolExecutor(processes) as listening:
            for future in as_completed([listening.submit(_heard, child, add) for child in children]):
                problem = future.result()
                if problem is not None:
                    _end(children)
                    raise DataError(problem)
    finally:
        _end(children)
    return progress


def check(request: Request) -> None:
    """Raise a StudyError for what can be seen to be wrong before any process starts."""
    if isinstance(request.by, RunsRef):
        scored_by_runs(request, request.by)
    else:
        check_packages(request.by.model)


def _start(request: str, index: int, processes: int) -> Child:
    command = [sys.executable, "-m", "study.scoring.worker", str(index), str(processes)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    child.stdin.write(request)
    child.stdin.close()
    return child


def _heard(child: Child, add: Callable[[Done], None]) -> str | None:
    """Listen until the process ends; why it failed, none if it did not."""
    assert child.stdout is not None
    problem = None
    with child.stdout:
        for line in child.stdout:
            told = json.loads(line)
            if "error" in told:
                problem = str(told["error"])
            else:
                add(Done(**told))
    code = child.wait()
    if code and problem is None:
        problem = f"a process that scores ended with code {code}; run the same command again: what is done is kept"
    return problem


def _end(children: list[Child]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
            child.wait()


def summary(source: Source, out: Path | None, column: str) -> dict[str, Any]:
    """What the files of a column hold: pairs, those without a score by reason, and the scores' mean and quantiles."""
    files = ScoreFiles(source, out, Scored(column=column, model="", pretrained="", weights="", how=""))
    paths = [files.path(piece) for piece in source.index().pieces]
    with readable(paths[0], "scores"):
        counts, first, known = read_apart(_summed, (paths, files.scored.columns()))
    by, spread = first.row(0), known.row(0, named=True)
    return {
        "column": files.scored.columns()[0],
        "model": by[0],
        "pretrained": by[1],
        "weights": by[2],
        "how": by[3],
        "files": len(paths),
        "first_file": str(paths[0]) if paths else None,
        "pairs": int(counts["len"].sum()),
        "without_score": {str(reason): count for reason, count in sorted(counts.drop_nulls().iter_rows())},
        "score": {name: None if value is None else round(float(value), 4) for name, value in spread.items()},
    }


def _summed(asked: tuple[list[Path], tuple[str, ...]]) -> Iterator[pl.DataFrame]:
    """How often each reason for no score is, who scored, and the mean and quantiles of the scores."""
    paths, (score, why, *told) = asked
    columns = (pl.scan_parquet(path, glob=False).select(score, why, *told) for path in paths)
    table = pl.concat(columns).filter(pl.col(told[2]).is_not_null())
    yield table.group_by(why).len().collect()
    yield table.select(pl.col(name).first() for name in told).collect()
    quantiles = [pl.col(score).quantile(share, "linear").alias(f"p{share * 100:g}") for share in (0.1, 0.5, 0.9)]
    yield table.select(pl.col(score).mean().alias("mean"), *quantiles).collect()
