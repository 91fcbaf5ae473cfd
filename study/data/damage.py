"""What polars raises over tables that are damaged, or that hold other things than they should."""

from __future__ import annotations

import polars as pl

# A panic is polars' own assertion, which spoilt bytes can reach; it is no Exception, as if it were to end the program.
DAMAGE: tuple[type[BaseException], ...] = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
