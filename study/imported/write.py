"""The folder of an imported study: whole or not at all, and never over a study of the user's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import StorageError
from study.io import read_json, whole_folder, write_json, write_parquet
from study.published import BUILT_IN
from study.summary.opened import NO_STUDIES

FILES = frozenset({"runs.parquet", "scores.parquet", "plan.json", "evaluation.json"})
FIRST = "imagenet1k"  # what most results of others have, and what they are compared by
_TAKEN = NO_STUDIES | frozenset(BUILT_IN)  # one of the name of a study that the package brings would hide it
_NEW, _OLD = "new", "old"  # below a folder of their own, where no reader of studies finds them


def check_name(results: Path, name: str) -> None:
    """Raise StorageError for a name that cannot be an imported study's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name in _TAKEN:
        raise StorageError(f"{name!r} is no name for a study: letters, digits, dots and dashes, and not {_listed()}")
    folder = results / name
    others = sorted(path.name for path in folder.iterdir() if not _made(path)) if folder.is_dir() else []
    if others or (folder.exists() and not _was_imported(folder)):
        found = f" (it holds {', '.join(others[:3])})" if others else ""
        raise StorageError(f"{folder} is a study that was not imported{found}; choose another --name")


def _listed() -> str:
    return ", ".join(sorted(_TAKEN))


def _made(path: Path) -> bool:
    """Whether an import wrote the file, or a command made a table out of what it wrote: only such are replaced."""
    return path.name in FILES or path.suffix == ".parquet"


def _was_imported(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    plan = folder / "plan.json"
    return not any(folder.iterdir()) or (plan.exists() and "imported" in read_json(plan))


def asked(scores: pl.DataFrame) -> list[dict[str, str | None]]:
    """The data sets as ``evaluation.json`` has them: those of the most runs first, of equals ``FIRST`` first."""
    counted = scores.group_by("dataset").agg(pl.col("run_id").n_unique().alias("runs"))
    order = counted.sort(
        pl.col("runs"), pl.col("dataset") == FIRST, pl.col("dataset"), descending=[True, True, False]
    )  # fmt: skip
    return [{"name": name, "root": None} for name in order["dataset"]]


def write(results: Path, name: str, runs: pl.DataFrame, scores: pl.DataFrame, facts: Mapping[str, Any]) -> None:
    """Write the study; one that was imported before under that name is replaced, and its laws go with it."""
    folder, aside = results / name, _aside(results, name)
    try:
        with whole_folder(aside / _NEW) as made:
            write_parquet(made / "runs.parquet", runs)
            write_parquet(made / "scores.parquet", scores)
            write_json(made / "evaluation.json", {"sets": asked(scores)})
            write_json(made / "plan.json", dict(facts))
        if folder.exists():
            folder.replace(aside / _OLD)
        (aside / _NEW).replace(folder)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        recover(results, name)


def recover(results: Path, name: str) -> None:
    """Bring back the study that an import, cut short, had set aside and not yet replaced; remove what else it left.

    Raises StorageError where it cannot be brought back.
    """
    folder, old = results / name, _aside(results, name) / _OLD
    try:
        if old.exists() and not folder.exists():
            old.replace(folder)
    except OSError as error:
        raise StorageError(f"cannot bring {old} back to {folder}: {error.strerror or error}") from error
    shutil.rmtree(old.parent, ignore_errors=True)


def _aside(results: Path, name: str) -> Path:
    return results / f".{name}.imported"
