"""Two settings compared seed by seed, and what many such comparisons at once still say.

A seed fixes the order of the data and much of the noise, so two settings with the same seed differ by less than two
runs of different seeds do. The spread told here is that of seeds; the test images are the same throughout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from study.summary.settings import t95

LEVEL = 0.1  # of the tests, after correction: what 90 % intervals are to a single comparison
EXACT = 1e-12  # differences of scores closer than this are equal but for rounding


@dataclass(frozen=True)
class Difference:
    """Ours less theirs, over the ``n`` seeds that both have; what those seeds cannot tell is none.

    ``low`` and ``high`` bound the mean (90 % interval, Student's t over the pairs); ``p`` is that of the two-sided
    paired t-test. Both need two pairs; of differences that are all the same there is no interval, and ``p`` is 1.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def difference(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference:
    """Compare scores by seed; a seed that only one of them has is left out."""
    gaps = [ours[seed] - theirs[seed] for seed in sorted(ours.keys() & theirs.keys())]
    if len(gaps) < 2:
        return Difference(len(gaps), fmean(gaps) if gaps else None)
    mean, sd = fmean(gaps), stdev(gaps)
    if sd < EXACT:
        return Difference(len(gaps), mean, 0.0, p=1.0)  # on few images this happens by chance: it tells nothing
    error = sd / len(gaps) ** 0.5
    half = t95(len(gaps) - 1) * error
    return Difference(len(gaps), mean, sd, mean - half, mean + half, two_sided(mean / error, len(gaps) - 1))


def two_sided(t: float, freedom: float) -> float:
    """The p-value of a t-test whose statistic is ``t``."""
    from scipy.special import stdtr  # the distribution of Student's t; here, since look-ups never need it

    return float(2 * stdtr(freedom, -abs(t)))


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p-values corrected for their number (Holm, 1979, Scand. J. Statist. 6): below a level, all hold at once at it.

    None stays none and counts as no test.
    """
    corrected: list[float | None] = [None] * len(ps)
    tests = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    most = 0.0
    for before, (p, index) in enumerate(tests):
        most = max(most, min(1.0, (len(tests) - before) * p))
        corrected[index] = most
    return corrected


def verdict(found: Difference, corrected: float | None) -> str:
    """Ours against theirs in words, by the corrected p-value."""
    if found.n < 2:
        return "one seed" if found.n else "no shared seed"
    if corrected is None or corrected > LEVEL or found.mean is None:
        return "not told apart"
    return "better" if found.mean > 0 else "worse"


def possible_ranks(verdicts: Sequence[str]) -> tuple[int, int] | None:
    """First and last rank that a setting may have by its verdicts against all others; none when none was testable.

    A marginal confidence set for a rank (Mogstad, Romano, Shaikh and Wilhelm, 2024, Rev. Econ. Stud. 91, section 3):
    as many ranks are ruled out at either end as others are told to be better or worse.
    """
    if not {"better", "worse", "not told apart"} & set(verdicts):
        return None
    return 1 + verdicts.count("worse"), 1 + len(verdicts) - verdicts.count("better")
