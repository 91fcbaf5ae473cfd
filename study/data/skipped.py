"""What could not be read of a run's pairs, by reason, and when that is too much."""

from __future__ import annotations

from collections.abc import Mapping

from study.errors import DataError

MAX_SKIPPED = 0.1  # share of the pairs
SHARE = "share of the pairs of a run that may be unreadable; over it the run stops as bad data"


class Unreadable(DataError):
    """More of a run's pairs cannot be read than may be; ``skipped`` has the reasons with their counts."""

    def __init__(self, message: str, skipped: Mapping[str, int]) -> None:
        super().__init__(message)
        self.skipped = dict(skipped)


def words(skipped: Mapping[str, int]) -> str:
    """Reasons with their counts."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items()))


def check(skipped: Mapping[str, int], pairs: int, most: float) -> None:
    """Raises Unreadable when more than a share of ``most`` of so many pairs could not be read."""
    bad = sum(skipped.values())
    if bad > most * pairs:
        raise Unreadable(
            f"{bad} of {pairs} pairs could not be read ({words(skipped)}), more than the {100 * most:g} % of "
            "max_skipped; mend the data, plan with a pool without them, or allow more by max_skipped of the source",
            skipped,
        )
