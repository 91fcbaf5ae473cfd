"""A cell as a file has it, and the value of a column that it stands for."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from study.config.fields import number
from study.records import RUNS_COLUMNS

ROUNDING = 1e-6  # relative: what times: 0.01 and decimals in a file may add
LARGEST = 2**63 - 1  # what a column of whole numbers holds
# What people and programs write where there is no number; in a column of text "none" is a name, as of a filter.
NOTHING = frozenset({"", "none", "null", "na", "n/a", "-"})
_SHARES = frozenset({"quality_share", "size_share", "mfu"})
_ANY_SIGN = frozenset({"loss", "contrastive_loss"})
_FROM_ZERO = frozenset({"seed"})


class Cell(NamedTuple):
    """What stands in a file, or what a format knows (then ``column`` is empty); ``times`` turns it into the unit."""

    given: Any
    column: str = ""
    times: float = 1.0

    @property
    def empty(self) -> bool:
        """Whether there is no number, nor anything that should be one; NaN should."""
        return self.given is None or str(self.given).strip().lower() in NOTHING

    def amount(self) -> float:
        """The number that it stands for, perhaps NaN or infinite; raises ValueError for what is none."""
        given = number(self.given)
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError(f"{self._of}{self.given!r} is not a number")
        if given is not self.given and self.times != 1:
            raise ValueError(f"{self._of}{self.given!r} has a unit of its own, and times: {self.times:g} is one more")
        try:
            return float(given) * self.times
        except ValueError as error:
            raise ValueError(f"{self._of}{self.given!r} is not a number") from error
        except OverflowError:  # a whole number of JSON may have hundreds of digits
            return math.inf

    @property
    def _of(self) -> str:
        return f"column {self.column!r}: " if self.column else ""

    def value(self, name: str) -> Any:
        """The value of column ``name`` of the runs table, none where nothing stands there.

        Raises ValueError for a value that the column cannot have.
        """
        kind = RUNS_COLUMNS[name]
        if kind == "String":
            return None if self.given is None else str(self.given).strip() or None
        if self.empty or math.isnan(amount := self.amount()):
            return None
        if not math.isfinite(amount) or (amount <= 0 and not _may(name, amount)):
            raise ValueError(f"{self._of}{self.given!r} is no {name}: it must be a number greater than 0")
        if name in _SHARES and amount > 1:
            raise ValueError(f"{self._of}{self.given!r} is no {name}: a share is 0 to 1, 5 % is 0.05")
        return self._whole(name, amount) if kind == "Int64" else amount

    def _whole(self, name: str, amount: float) -> int:
        whole = round(amount)
        if abs(amount - whole) > ROUNDING * max(abs(amount), 1):
            raise ValueError(f"{self._of}{self.given!r} is no {name}: it must be a whole number")
        if whole > LARGEST:
            raise ValueError(f"{self._of}{self.given!r} is no {name}: it must be at most {LARGEST:.2g}; perhaps times?")
        return whole


def _may(name: str, amount: float) -> bool:
    return name in _ANY_SIGN or (name in _FROM_ZERO and amount == 0)
