"""Why a table of text is refused as a whole."""

from __future__ import annotations

import polars as pl


class Unfit(pl.exceptions.ComputeError):
    """One that none of its rows can be taken from, safely; the message says why."""
