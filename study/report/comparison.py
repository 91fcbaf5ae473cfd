"""The tables of a comparison of strategies: ranks and differences, and what each strategy costs."""

from __future__ import annotations

import polars as pl

from study.report import words
from study.report.compared import varied
from study.report.study import Study
from study.report.table import Column, Table, table
from study.summary.equal import FLOPS, SAMPLES

UNITS = {SAMPLES: "samples", FLOPS: "FLOPs"}
PLACE: tuple[Column, ...] = (
    ("held_equal", "at equal", words.text),
    ("varied", "on", words.text),
)
RANKED: tuple[Column, ...] = (
    *PLACE,
    ("rank", "rank", words.count),
    ("strategy_label", "strategy", words.text),
    ("score", "score", words.percent),
    ("difference", "− baseline, points", words.points),
    ("difference_low", "90 % low", words.points),
    ("difference_high", "90 % high", words.points),
    ("pairs", "shared seeds", words.count),
    ("verdict", "verdict", words.text),
    ("ranks", "possible ranks", words.text),
    ("p", "p", words.number),
    ("n", "seeds", words.count),
    ("lr", "learning rate", words.number),
    ("samples_seen", "samples", words.count),
    ("train_flops", "FLOPs", words.power_of_ten),
    ("tuned", "how the rate was chosen", words.text),
)
COST: tuple[Column, ...] = (
    ("strategy_label", "strategy", words.text),
    ("flop_ratio", "FLOP ratio", words.ratio),
    ("time_ratio", "time ratio", words.ratio),
    ("time_ratio_low", "least", words.ratio),
    ("time_ratio_high", "most", words.ratio),
    ("timed", "runs timed", words.count),
    ("efficiency", "efficiency", words.ratio),
    ("data_wait_share", "data wait", words.percent),
    ("peak_memory_gib", "memory, GiB", words.number),
)


def comparison(study: Study) -> Table:
    """A row a strategy and group of equals, best mean first."""
    ranks = pl.struct("rank_low", "rank_high").map_elements(_ranks, return_dtype=pl.String, skip_nulls=False)
    data = study.compared.with_columns(ranks.alias("ranks"))
    note = (
        f"{words.metric(study.target.metric)} on {study.target.dataset}; the baseline is {study.baseline}. Differences "
        "are paired by seed: mean and 90 % interval by Student's t. Verdicts: two-sided paired t-tests at 10 %, p "
        "corrected by Holm for the strategies of the group. Possible ranks: those that such tests against all others "
        "do not rule out."
    )
    return table(
        "comparison", "Strategies at equal samples and at equal FLOPs", note, RANKED, _placed(study, data), folded=True
    )


def _ranks(ends: dict[str, int | None]) -> str | None:
    low, high = ends["rank_low"], ends["rank_high"]
    return None if low is None else str(low) if low == high else f"{low} to {high}"


def _placed(study: Study, data: pl.DataFrame) -> pl.DataFrame:
    """With what the rows of a group share, in words: what is equal, and whatever tells groups apart beside it."""
    said = [
        {"group": part["group"][0], "held_equal": _held(part), "varied": varied(study, part)}
        for part in data.partition_by("group", maintain_order=True)
    ]
    of_groups = pl.DataFrame(said, schema={"group": pl.Int32, "held_equal": pl.String, "varied": pl.String})
    return data.join(of_groups, on="group", how="left", maintain_order="left")


def _held(part: pl.DataFrame) -> str:
    kind = part["equal"][0]
    return f"{UNITS[kind]}: {words.value(kind, part[kind].median())}"


def strategy_cost(study: Study) -> Table:
    """A row a strategy: what a sample takes against the baseline, counted and measured."""
    note = (
        f"Of a sample, against the baseline, {study.baseline}. FLOPs are counted over all phases, views and modules. "
        "Time is that of the training loop, median over seeds with least and most, on a machine that the baseline was "
        "timed on too. Efficiency: FLOP ratio / time ratio; below 1, FLOPs saved do not all save time. Data wait: its "
        "share of a step."
    )
    data = _placed(study, study.strategy_cost)
    place = PLACE if data["group"].n_unique() > 1 else ()
    return table("strategy_cost", "What each strategy costs", note, (*place, *COST), data)
