"""Two studies compared, from their tables to what changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from study.compare import costs, runs
from study.compare.laws import laws
from study.compare.match import match
from study.compare.provenance import provenance
from study.compare.sides import Side, sides
from study.compare.tested import tested
from study.compare.winners import winners
from study.errors import CompareError
from study.summary.changes import Changes, Named
from study.summary.headline import Headline, headline

ON = ["dataset", "metric"]


def compare(
    results: Path,
    first: str,
    second: str,
    dataset: str | None = None,
    metric: str | None = None,
    every: bool = False,
    ignored: Sequence[str] = (),
) -> Changes:
    """Compare B (``second``) with A (``first``): names of studies in ``results`` or built in, or folders with a slash.

    Tested are the settings on the studies' headline, or on ``dataset`` and ``metric``; with ``every`` on all data sets
    and metrics that both have, among those named. ``ignored`` are columns that matched settings may differ in.
    Raises UnknownNameError, StorageError, or CompareError when there is nothing to compare.
    """
    a, b = sides(results, first, second)
    matched = match(a, b, ignored)
    same = runs.shared(a, b)
    own_a, own_b = a.without(same), b.without(same)
    common = _common(a, b)
    asked = _asked(a, common, dataset, metric, every)
    others = [measure for measure in common if measure not in asked]
    found = tested(own_a, own_b, matched.pairs, asked, others)
    each = costs.setting_costs((a, b), (own_a, own_b), matched.pairs)
    return Changes(
        a=_named(a), b=_named(b),
        measures=tuple(asked), tests=found.tests,
        matched=matched.pairs.height, shared_runs=len(same),
        matched_by=matched.columns, ignored=tuple(ignored),
        settings=found.settings, overall=found.overall,
        costs=costs.costs(each), setting_costs=each,
        statuses=runs.statuses(a, b, matched.pairs),
        rescored=runs.rescored(a, b, same),
        laws=laws(a.opened.laws(), b.opened.laws(), asked),
        winners=winners(a, b, matched.pairs, asked[0]),
        unmatched=matched.unmatched,
        provenance=provenance(a, b),
    )  # fmt: skip


def _named(side: Side) -> Named:
    return Named(
        side.opened.name, side.label, str(side.opened.tables), side.runs.height, side.runs["setting"].n_unique()
    )


def _common(a: Side, b: Side) -> list[Headline]:
    """The data sets and metrics that both have scores of, in A's order of use; raises CompareError without one."""
    both = (
        a.scores.join(b.scores, on=ON, how="semi")
        .group_by(ON)
        .len()
        .sort(["len", *ON], descending=[True, False, False])
    )
    if both.is_empty():
        ours, theirs = (", ".join(side.scores["dataset"].unique().sort().head(4)) for side in (a, b))
        raise CompareError(
            f"{a.label} and {b.label} share no data set and metric: one is scored on {ours}, the other on {theirs}"
        )
    return [Headline(*row) for row in both.select(ON).iter_rows()]


def _asked(a: Side, common: Sequence[Headline], dataset: str | None, metric: str | None, every: bool) -> list[Headline]:
    """The measures to test; raises UnknownNameError for a data set or metric that not both have."""
    known = a.scores.join(pl.DataFrame([vars(one) for one in common]), on=ON, how="semi")
    first = headline(a.opened.tables, known, dataset, metric)
    if first not in common:  # A's own headline is on a set that B was not scored on
        first = headline(a.opened.tables, known, common[0].dataset, metric)
    if not every:
        return [first]
    asked = [one for one in common if dataset in (None, one.dataset) and metric in (None, one.metric)]
    return [first, *(one for one in asked if one != first)]
