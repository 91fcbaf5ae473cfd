"""Which settings of two studies are the same: equal in every column of a run's identity that both state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from study.compare.sides import Side
from study.errors import CompareError, UnknownNameError

# Columns where a null is a value of its own: no other settings, for one. Elsewhere it is "not stated" and fits all.
ALWAYS = ("arch", "strategy_label", "samples_seen", "other_settings")
# Not the source: pretrain_data names the pool, and the source of results of others says who published them.
IDENTITY = (
    "pretrain_data", "arch", "strategy_label", "quality", "unique_pairs", "samples_seen", "global_batch_size",
    "image_size", "text_length", "lr", "other_settings",
)  # fmt: skip
CHOSEN = "chosen"  # in the place of a learning rate that trials chose: it is a result, no part of the setting
OTHER = "_b"  # suffix of B's columns
SAME_HASH = 100  # counts for more than all columns together
NAMED = 3  # columns that an error names


@dataclass(frozen=True)
class Matched:
    """``pairs``: ``setting_a``, ``setting_b``, ``same_identity`` (one hash), ``apart`` (what they differ in of that
    which was ignored, in words; null where in nothing), IDENTITY as A has it. ``unmatched``: IDENTITY and ``why``.

    ``columns`` are those that were compared: both studies state them, and nobody ignored them.
    """

    pairs: pl.DataFrame
    unmatched: pl.DataFrame
    columns: tuple[str, ...]


def match(a: Side, b: Side, ignored: Sequence[str]) -> Matched:
    """Pair the settings; one that fits several equally well is paired with none.

    Raises UnknownNameError for an ignored column that is none of IDENTITY, CompareError where no setting is paired.
    """
    wrong = [name for name in ignored if name not in IDENTITY]
    if wrong:
        raise UnknownNameError(f"settings are not matched by {wrong[0]!r}; known: {', '.join(IDENTITY)}")
    ours, theirs = identities(a.runs), identities(b.runs)
    columns = tuple(name for name in IDENTITY if name not in ignored and _stated(name, ours, theirs))
    near = _near(ours, theirs, columns)
    alone = pl.col("setting_a").is_unique() & pl.col("setting_b").is_unique()
    pairs = near.filter(alone)
    if pairs.is_empty():
        raise CompareError(_nothing(a, b, ours, theirs, near))
    return Matched(
        pairs.select("setting_a", "setting_b", "same_identity", _apart(ignored), *IDENTITY),
        pl.concat([_left(ours, pairs, near, "a"), _left(theirs, pairs, near, "b")]),
        columns,
    )


def _stated(name: str, ours: pl.DataFrame, theirs: pl.DataFrame) -> bool:
    return name in ALWAYS or bool(ours[name].count() and theirs[name].count())


def identities(runs: pl.DataFrame) -> pl.DataFrame:
    """A row a setting: IDENTITY, each column as the first run that states it has it, and the number of ``runs``."""
    rate = pl.when(pl.col("tuned").is_not_null()).then(pl.lit(CHOSEN)).otherwise(pl.col("lr").cast(pl.String))
    return (
        runs.with_columns(rate.alias("lr"))
        .group_by("setting", maintain_order=True)
        .agg(pl.col(IDENTITY).drop_nulls().first(), pl.len().alias("runs"))
    )


def _near(ours: pl.DataFrame, theirs: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Pairs that contradict each other in no column, and than which neither has a better: more columns agree."""
    on = ["_all", *(name for name in columns if name in ALWAYS)]
    stated = [name for name in columns if name not in ALWAYS]
    both = ours.with_columns(_all=0).join(theirs.with_columns(_all=0), on=on, suffix=OTHER, nulls_equal=True)
    apart = [(pl.col(name) != pl.col(name + OTHER)).fill_null(False) for name in stated]
    same = pl.col("setting") == pl.col(f"setting{OTHER}")
    agreed = [pl.col(name).eq_missing(pl.col(name + OTHER)).cast(pl.Int64) for name in stated]
    found = both.filter(~pl.any_horizontal(pl.lit(False), *apart)).with_columns(
        pl.sum_horizontal(same.cast(pl.Int64) * SAME_HASH, *agreed).alias("_agreed"),
        same.alias("same_identity"),
        *(pl.coalesce(name, name + OTHER).alias(name) for name in IDENTITY if name + OTHER in both.columns),
    )
    best = [pl.col("_agreed") == pl.col("_agreed").max().over(side) for side in ("setting", f"setting{OTHER}")]
    return found.filter(*best).rename({"setting": "setting_a", f"setting{OTHER}": "setting_b"})


def _apart(ignored: Sequence[str]) -> pl.Expr:
    """The ignored columns in which the settings of a pair differ, with both values."""
    told = [
        pl.when(pl.col(name) != pl.col(name + OTHER)).then(pl.format(f"{name} {{}} → {{}}", name, name + OTHER))
        for name in ignored
    ]
    said = pl.concat_str(*told, separator=", ", ignore_nulls=True) if told else pl.lit(None, pl.String)
    return said.replace("", None).alias("apart")


def _left(settings: pl.DataFrame, pairs: pl.DataFrame, near: pl.DataFrame, side: str) -> pl.DataFrame:
    """The settings of one side without a partner, with the reason."""
    name = f"setting_{side}"
    fits = near.group_by(name).len("fits")
    left = settings.join(pairs, left_on="setting", right_on=name, how="anti")
    why = (
        pl.when(pl.col("fits").is_null())
        .then(pl.lit(f"only {side.upper()} has it"))
        .when(pl.col("fits") == 1)
        .then(pl.lit("others here fit the same setting of the other study as well"))
        .otherwise(pl.format("fits {} settings of the other study equally well", "fits"))
    )
    return left.join(fits, left_on="setting", right_on=name, how="left").select(
        pl.lit(side.upper()).alias("study"),
        "setting",
        *IDENTITY,
        "runs",
        why.alias("why"),
    )


def _nothing(a: Side, b: Side, ours: pl.DataFrame, theirs: pl.DataFrame, near: pl.DataFrame) -> str:
    """Why no setting is paired: the columns that have the least in common."""
    if near.height:
        return (
            f"no setting of {a.label} fits one of {b.label} alone: what both state does not tell them apart "
            f"({near.height} equally good pairs)"
        )
    shared = {name: _shared(ours[name], theirs[name], name in ALWAYS) for name in IDENTITY}
    worst = sorted((name for name in IDENTITY if shared[name] < 1), key=lambda name: shared[name])[:NAMED]
    told = "; ".join(f"{name}: {_values(ours[name])} against {_values(theirs[name])}" for name in worst)
    way = " ".join(f"--ignore {name}" for name in worst if shared[name] == 0)
    hint = f"\nto match settings although they differ there: {way}" if way else ""
    return f"{a.label} and {b.label} have no setting in common; they differ most in {told or 'combinations'}{hint}"


def _shared(ours: pl.Series, theirs: pl.Series, nulls: bool) -> float:
    """The share of all values that both have; 1 where one side states none."""
    one, other = ({*(column if nulls else column.drop_nulls())} for column in (ours, theirs))
    return len(one & other) / len(one | other) if one and other else 1.0


def _values(column: pl.Series) -> str:
    values = column.unique().sort().to_list()
    shown = " or ".join("none" if value is None else str(value) for value in values[:NAMED])
    return shown + (f" or … ({len(values)} in all)" if len(values) > NAMED else "")
