"""A study by its name: what was written in the results folder, else the one of that name that the package brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.io import read_json, read_parquet
from study.published import BUILT_IN

if TYPE_CHECKING:
    import polars as pl

# Folders beside the studies', in results and in reports: a study of that name would share one
NO_STUDIES = frozenset({"cache", "claims", "compare", "runs", "subsets"})


@dataclass(frozen=True)
class Opened:
    """A study's files. ``written`` is ``results/NAME``, where new ones go; ``tables`` is where its two tables are.

    They differ for a built-in study alone, whose tables are in the package.
    """

    name: str
    written: Path
    tables: Path

    def runs(self) -> pl.DataFrame:
        """The table of runs; raises StorageError when the study was not collected."""
        from study.summary.runs import read_runs  # loads polars, which names of studies do without

        return read_runs(self.tables)

    def scores(self) -> pl.DataFrame:
        """The table of scores; raises StorageError without one."""
        return read_parquet(self.tables / "scores.parquet")

    def laws(self) -> pl.DataFrame | None:
        """The laws fitted last, else those that come with the tables; none where there are none."""
        from study.laws.stored import read_laws

        found = (read_laws(folder) for folder in (self.written, self.tables))
        return next((laws for laws in found if laws is not None), None)

    def crossovers(self) -> pl.DataFrame | None:
        """Where groups overtake each other, by those laws; none where that was not looked for."""
        folder = next((one for one in (self.written, self.tables) if (one / "laws.parquet").exists()), self.tables)
        path = folder / "crossovers.parquet"
        return read_parquet(path) if path.exists() else None

    def facts(self) -> dict[str, Any]:
        """What is said of the study as a whole, its title for one; empty where nothing is."""
        path = self.tables / "plan.json"
        facts: dict[str, Any] = read_json(path) if path.exists() else {}
        return facts


def open_study(results: Path, name: str) -> Opened:
    """The study ``name``: its tables in ``results`` if they are there, else the built-in ones, if there are any.

    Reads nothing; a study that is nowhere is told by the first table asked for.
    """
    written = results / name
    collected = (written / "runs.parquet").exists()
    return Opened(name, written, written if collected else BUILT_IN.get(name, written))


def collected_studies(results: Path) -> list[str]:
    """Names of the studies whose tables are in ``results``, sorted."""
    return sorted(path.parent.name for path in results.glob("*/runs.parquet"))


def studies_in(results: Path) -> list[str]:
    """Names of all studies with a plan or tables in ``results``, and of the built-in ones, sorted."""
    written = {path.parent.name for name in ("plan.parquet", "runs.parquet") for path in results.glob(f"*/{name}")}
    return sorted({*written, *BUILT_IN})


def known_studies(results: Path) -> list[str]:
    """Names of all studies that can be opened, the built-in ones too, sorted."""
    return sorted({*collected_studies(results), *BUILT_IN})
