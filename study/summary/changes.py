"""What changed between two studies, A and B: tables made by study.compare, shown by the report and the command line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import polars as pl
import polars.selectors as cs

from study.summary.headline import Headline

HIGHER, LOWER, SAME = "higher", "lower", "not told apart"
ONE_SEED = "one seed: not known"
IDENTICAL = "identical"  # run by run, so no test is needed
VERDICTS = (HIGHER, LOWER, SAME, ONE_SEED, IDENTICAL)
BEYOND = (HIGHER, LOWER)
COSTS = ("samples_per_second", "gpu_hours", "peak_memory_gib", "energy_kwh")
FLOPS = "train_flops"
COUNTED_ALIKE = 1e-6  # FLOPs are counted, so that a larger share apart is another model or another counter


@dataclass(frozen=True)
class Named:
    """One of the two studies; ``label`` tells it from the other, ``place`` is the folder of its tables."""

    name: str
    label: str
    place: str
    runs: int
    settings: int


@dataclass(frozen=True)
class Changes:
    """B against A. Differences are B less A, ratios B over A; a setting is what runs share but for their seed.

    ``settings``: a row a matched setting and measure, with both scores, the difference and its 90 % interval, p
    corrected over ``tests``, the verdict, and the least difference that would have been told (``seen_from``).
    ``overall``: a row a data set and metric that both have: the mean difference over settings; ``verdict`` is null
    where it was not tested, since nobody asked for that measure. ``costs``: a row a cost, over matched settings;
    ``setting_costs``: a row a matched setting. ``statuses``: runs of one setting and seed that ended in two ways.
    ``rescored``: scores of a run that is in both studies, where they differ. ``laws``: those of the same group.
    ``winners``: the best of the matched settings in each. ``unmatched``: settings that only one has, and why.
    ``provenance``: a row a fact. ``apart`` is what a matched setting differs in of the columns that were
    ignored. ``matched_by`` are the columns compared, ``ignored`` those that the user left out.
    ``shared_runs`` are the same runs in both, which no test counts.
    """

    a: Named
    b: Named
    measures: tuple[Headline, ...]
    tests: int
    matched: int
    shared_runs: int
    matched_by: tuple[str, ...]
    ignored: tuple[str, ...]
    settings: pl.DataFrame
    overall: pl.DataFrame
    costs: pl.DataFrame
    setting_costs: pl.DataFrame
    statuses: pl.DataFrame
    rescored: pl.DataFrame
    laws: pl.DataFrame
    winners: pl.DataFrame
    unmatched: pl.DataFrame
    provenance: pl.DataFrame

    def of(self, measure: Headline) -> pl.DataFrame:
        """The settings of one measure, largest difference first."""
        mine = (pl.col("dataset") == measure.dataset) & (pl.col("metric") == measure.metric)
        return self.settings.filter(mine).sort("difference", descending=True, nulls_last=True)

    @property
    def recounted(self) -> pl.DataFrame:
        """Settings, equal in all that both state, whose training FLOPs differ: the model or the counter changed."""
        alike = self.setting_costs.filter(pl.col("apart").is_null())
        return alike.filter((pl.col(f"{FLOPS}_ratio") - 1).abs() > COUNTED_ALIKE)

    @property
    def broken(self) -> pl.DataFrame:
        """Runs that completed in A and did not in B."""
        return self.statuses.filter(pl.col("status_a") == "completed")

    @property
    def mended(self) -> pl.DataFrame:
        """Runs that completed in B and did not in A."""
        return self.statuses.filter(pl.col("status_b") == "completed")

    @property
    def changed(self) -> bool:
        """Whether a score changed beyond the spread, FLOPs or an evaluation did, or a run no longer completes."""
        told = [*self.settings["verdict"], *self.overall["verdict"]]
        return any(verdict in BEYOND for verdict in told) or any(
            part.height for part in (self.recounted, self.rescored, self.broken)
        )

    def plain(self) -> dict[str, Any]:
        """All of it for a program: a list of mappings a table."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)} | {"changed": self.changed}


def _plain(value: Any) -> Any:
    if isinstance(value, pl.DataFrame):
        numbers = cs.float()  # the bounds of a wild law may be infinite, which JSON does not know
        return value.with_columns(pl.when(numbers.is_finite()).then(numbers).name.keep()).to_dicts()
    if isinstance(value, Named | Headline):
        return dict(vars(value))
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
