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

# What an import writes, and what other commands add: nothing else is ever removed.
FILES = frozenset({"runs.parquet", "scores.parquet", "plan.json", "laws.parquet"})
_TAKEN = frozenset({"runs", "cache", "subsets"})  # folders of results that are no studies


def check_name(results: Path, name: str) -> None:
    """Raise StorageError for a name that cannot be an imported study's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name in _TAKEN:
        raise StorageError(f"{name!r} is no name for a study: letters, digits, dots and dashes, and not {_listed()}")
    folder = results / name
    others = sorted(path.name for path in folder.iterdir() if path.name not in FILES) if folder.is_dir() else []
    if others or (folder.exists() and not _was_imported(folder)):
        found = f" (it holds {', '.join(others[:3])})" if others else ""
        raise StorageError(f"{folder} is a study that was not imported{found}; choose another --name")


def _listed() -> str:
    return ", ".join(sorted(_TAKEN))


def _was_imported(folder: Path) -> bool:
    plan = folder / "plan.json"
    return not any(folder.iterdir()) or (plan.exists() and "imported" in read_json(plan))


def write(results: Path, name: str, runs: pl.DataFrame, scores: pl.DataFrame, facts: Mapping[str, Any]) -> None:
    """Write the study; one that was imported before under that name is replaced, and its laws go with it."""
    folder = results / name
    fresh = folder.with_name(f".{name}.imported")
    shutil.rmtree(fresh, ignore_errors=True)
    with whole_folder(fresh) as made:
        write_parquet(made / "runs.parquet", runs)
        write_parquet(made / "scores.parquet", scores)
        write_json(made / "plan.json", dict(facts))
    try:
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)
    except OSError as error:
        raise StorageError(f"cannot write {folder}: {error.strerror or error}") from error
