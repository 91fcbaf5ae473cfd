"""Start the processes of a scoring, add up what they tell, and end them all when one fails."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from study.data import skipped
from study.data.imageless import with_images
from study.data.parquet import read_apart
from study.data.source import Source
from study.data.tables.formats import readable
from study.errors import DataError
from study.hardware import cpu_threads
from study.scoring.files import ScoreFiles
from study.scoring.hub import check_packages
from study.scoring.progress import EVERY, Done, Progress
from study.scoring.request import IDS, NOT_FINITE, SEEN, Request, RunsRef, Scored, scored_by_runs
from study.scoring.table import columns

Child = subprocess.Popen[str]


def score(request: Request, source: Source, processes: int, say: Callable[[str], None]) -> Progress:
    """Score all of a source by so many processes of this machine; says how far it is every ten seconds.

    Raises what ``check`` does, BusyError while another process gives the same column, and DataError with what the
    first process that failed said. Whatever ends this ends the processes.
    """
    check(request, source)
    pieces = source.index().pieces
    threads = request.threads or max(1, cpu_threads() // processes)
    handed = request.model_copy(update={"threads": threads}).model_dump_json()
    with _files(source, request.out, request.column).lock(pieces):
        progress = Progress(source.index().pairs, say)
        with ThreadPoolExecutor(processes) as listening, _ended() as children:
            children.extend(_start(handed, index, processes) for index in range(processes))
            left = {listening.submit(_heard, child, progress.add) for child in children}
            while left:
                heard, left = wait(left, EVERY, FIRST_COMPLETED)
                for problem in (future.result() for future in heard):
                    if problem is not None:
                        raise DataError(problem)
                progress.tell()
    return progress


def check(request: Request, source: Source) -> None:
    """Raise a StudyError for what can be seen to be wrong before any process starts."""
    with_images(source)
    _check_column(_files(source, request.out, request.column))
    if isinstance(request.by, RunsRef):
        scored_by_runs(request, request.by)
    else:
        check_packages(request.by.model)


def _check_column(files: ScoreFiles) -> None:
    """Raise DataError for one that would take the place of another: of the data, or of what stands beside scores."""
    column, own, known = files.scored.column, {*files.scored.columns()}, {*files.source.columns()}
    for piece in files.source.index().pieces[:1]:
        known |= {*columns(files.path(piece))} if files.path(piece).exists() else set()
    if column in IDS:
        raise DataError(f"--column {column}: the name of what scores are found by; take another")
    if (taken := sorted(own & known)) and not own <= known:
        raise DataError(
            f"--column {column}: there is another column {taken[0]!r}, which its scores would hide; take another"
        )


def check_scored(source: Source, told: dict[str, Any]) -> None:
    """Raise Unreadable where what ``summary`` told has more pairs without an image than the source allows.

    And DataError where no pair has a score.
    """
    reasons: dict[str, int] = told["without_score"]
    unreadable = {why: count for why, count in reasons.items() if why not in (SEEN, NOT_FINITE)}
    skipped.check(unreadable, told["pairs"], source.max_skipped)
    if sum(reasons.values()) == told["pairs"]:
        way = "; to score what was trained on, too: --seen-too and another --column" if SEEN in reasons else ""
        raise DataError(f"column {told['column']!r}: no pair has a score ({skipped.words(reasons)}){way}")


def _start(request: str, index: int, processes: int) -> Child:
    """In a group of its own: an interrupt at the keyboard is for this process, which ends the others."""
    command = [sys.executable, "-m", "study.scoring.worker", str(index), str(processes)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0)
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


@contextmanager
def _ended() -> Iterator[list[Child]]:
    """Processes that end with the block, however that ends."""
    children: list[Child] = []
    try:
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _files(source: Source, out: Path | None, column: str) -> ScoreFiles:
    """Those of a column, by whomever."""
    return ScoreFiles(source, out, Scored(column=column, model="", pretrained="", weights="", how=""))


def summary(source: Source, out: Path | None, column: str) -> dict[str, Any]:
    """What the files of a column hold: pairs, those without a score by reason, and the scores' mean and quantiles."""
    files = _files(source, out, column)
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
