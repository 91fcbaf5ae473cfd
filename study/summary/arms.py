"""The runs that a claim calls an arm: those with some values in some columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import polars as pl

from study.summary.runs import studied

Selector: TypeAlias = "Mapping[str, Sequence[str | int | float]]"  # column: any of these values
SUB_GRID = "sub_grid"


def selected(rows: pl.DataFrame, selector: Selector) -> pl.DataFrame:
    """The rows of a plan or of a table of runs that a selector names; runs made to tune are in no arm."""
    wanted = [pl.any_horizontal(_is(column, value) for value in values) for column, values in selector.items()]
    return studied(rows).filter(*wanted)


def _is(column: str, value: str | int | float) -> pl.Expr:
    """A run may be in several sub-grids: their names stand behind one another."""
    if column == SUB_GRID:
        return (", " + pl.col(column) + ", ").str.contains(f", {value}, ", literal=True)
    return pl.col(column) == value
