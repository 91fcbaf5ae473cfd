"""Parameters and multiply-adds by an architecture's name: open_clip's published profile, or one that was given."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from study.errors import DataError
from study.imported.cells import Cell
from study.imported.files import Row, Table, read_file

BUILT_IN = Path(__file__).with_name("open_clip_profile.csv")
# Columns of open_clip's docs/model_profile.csv, of LAION's arch_info.csv, and of the built-in one.
NEEDS = {
    "open_clip's profile": frozenset({"model", "mparams", "gflops"}),
    "LAION's arch_info": frozenset({"model", "mparams", "gmacs"}),
    "a profile by tower": frozenset({"model", "image_gflops", "text_gflops", "image_mparams", "text_mparams"}),
}
_MORE_THAN_TOWERS = "coca_"  # a captioner's decoder is in no tower's row


class Size(NamedTuple):
    """Of one architecture: parameters in 1e6, forward multiply-adds a pair in 1e9."""

    params_m: float
    gmacs: float


def is_profile(table: Table) -> bool:
    """Whether the table says how large architectures are."""
    return any(columns <= set(table.columns) for columns in NEEDS.values())


def sizes(given: Iterable[Table]) -> dict[str, Size]:
    """Sizes by architecture; those of a given table come before the built-in ones. Raises DataError for no number."""
    built_in = read_file(BUILT_IN)
    assert isinstance(built_in, Table)
    return {row.cells["model"]: _size(row) for table in (built_in, *given) for row in table.rows if _whole(table, row)}


def _whole(table: Table, row: Row) -> bool:
    return "mparams" in table.columns or not row.cells["model"].startswith(_MORE_THAN_TOWERS)


def _size(row: Row) -> Size:
    params = _sum(row, ("mparams",) if "mparams" in row.cells else ("image_mparams", "text_mparams"))
    if "gmacs" in row.cells:
        return Size(params, _sum(row, ("gmacs",)))
    flops = _sum(row, ("gflops",) if "gflops" in row.cells else ("image_gflops", "text_gflops"))
    return Size(params, flops / 2)  # open_clip counts a multiply-add as two operations


def _sum(row: Row, columns: tuple[str, ...]) -> float:
    try:
        total = sum(Cell(row.cells[column], column).amount() for column in columns)
    except ValueError as error:
        raise DataError(f"{row.place}: {error}") from error
    if not 0 < total < math.inf:
        raise DataError(f"{row.place}: {' + '.join(columns)} is {total:g}; it must be a number greater than 0")
    return total
