"""The difference between the scores of one setting in two studies, with what its spread says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from study.summary.changes import HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME
from study.summary.paired import EXACT, LEVEL, Difference, difference, two_sided

PAIRED, WELCH = "paired by seed", "Welch"


@dataclass(frozen=True)
class Gap:
    """B less A: the mean, its standard error with ``freedom`` degrees of freedom, its 90 % interval and p (two-sided).

    All but the mean are none where the runs do not tell a spread; ``identical``: each seed scores the same in both.
    """

    method: str | None
    mean: float
    error: float | None = None
    freedom: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    identical: bool = False

    def seen_from(self, tests: int) -> float | None:
        """The least difference that this spread lets be told, when it is one of so many tests (Holm's first step)."""
        if self.error is None or self.freedom is None:
            return None
        return _quantile(1 - LEVEL / (2 * max(tests, 1)), self.freedom) * self.error

    def verdict(self, corrected: float | None) -> str:
        """B against A in words, by the corrected p-value."""
        if self.identical:
            return IDENTICAL
        if self.p is None:
            return ONE_SEED
        if corrected is None or corrected > LEVEL:
            return SAME
        return HIGHER if self.mean > 0 else LOWER


def gap(ours: Sequence[float], our_seeds: Sequence[int | None], theirs: Sequence[float],
        their_seeds: Sequence[int | None]) -> Gap:  # fmt: skip
    """Compare A's scores with B's: by seed where both have the same seeds, each once; else as two samples (Welch)."""
    if _same_seeds(our_seeds, their_seeds):
        one, other = (dict(zip(*pair, strict=True)) for pair in ((our_seeds, ours), (their_seeds, theirs)))
        return by_seed({seed: other[seed] - one[seed] for seed in one if seed is not None})
    if min(len(ours), len(theirs)) > 1:
        return welch(ours, theirs)
    return Gap(None, fmean(theirs) - fmean(ours), identical=_both_alike(ours, our_seeds, theirs, their_seeds))


def by_seed(gaps: dict[int, float]) -> Gap:
    """From differences, one a seed."""
    found: Difference = difference(gaps, dict.fromkeys(gaps, 0.0))
    mean, alike = fmean(gaps.values()), all(abs(value) < EXACT for value in gaps.values())
    if not found.sd:
        return Gap(PAIRED if found.n > 1 else None, mean, p=found.p, identical=alike)
    return Gap(PAIRED, mean, found.sd / found.n**0.5, found.n - 1, found.low, found.high, found.p)


def welch(ours: Sequence[float], theirs: Sequence[float]) -> Gap:
    """Two samples that may differ in spread, two values or more each (Welch, 1947, Biometrika 34)."""
    mean = fmean(theirs) - fmean(ours)
    parts = [(variance(values) / len(values), len(values) - 1) for values in (ours, theirs)]
    error = sum(part for part, _ in parts) ** 0.5
    if error < EXACT:
        return Gap(WELCH, mean, p=1.0)  # scores that are all the same tell no spread, as for pairs
    freedom = error**4 / sum(part**2 / count for part, count in parts)
    half = _quantile(1 - LEVEL / 2, freedom) * error
    return Gap(WELCH, mean, error, freedom, mean - half, mean + half, two_sided(mean / error, freedom))


def _same_seeds(ours: Sequence[int | None], theirs: Sequence[int | None]) -> bool:
    known = None not in ours and len(set(ours)) == len(ours)
    return known and len(theirs) == len(ours) and set(theirs) == set(ours)


def _both_alike(ours: Sequence[float], our_seeds: Sequence[int | None], theirs: Sequence[float],
                their_seeds: Sequence[int | None]) -> bool:  # fmt: skip
    """Whether two single runs score the same; runs of two known seeds that do are a coincidence."""
    return len(ours) == len(theirs) == 1 and list(our_seeds) == list(their_seeds) and abs(ours[0] - theirs[0]) < EXACT


def _quantile(share: float, freedom: float) -> float:
    from scipy.special import stdtrit  # of Student's t, for any degrees of freedom

    return float(stdtrit(freedom, share))
