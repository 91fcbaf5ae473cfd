"""What the backtest of the laws says, for a person and for a program: a row a study, law and selection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from math import log
from statistics import median, quantiles

from study.fit.backtest import Told, pairs, told
from study.predict.asked import Asked
from study.predict.backtest import clopper_pearson
from study.predict.backtested import Backtested
from study.registry import unknown_name
from study.summary.opened import known_studies

ALL_CUTS = "all"
THAN = " than the last two points"
ENOUGH = 150  # predictions, of which nine in ten are told from eight
NOTES = (
    "fitted below a cut, asked for what lies above it: cuts leave out 1/4 decade, 1/2 decade and 1/5 of log compute",
    "off: measured minus predicted error, its size: median (90th percentile) in points, and 100 times that of logs",
    "last two: the line through the last two points of the front below the cut; closer: how often the law was closer",
    "closer, in 90 % interval: with 95 % Clopper-Pearson intervals, which take predictions as independent;",
    "scores of one run, and a run above several cuts, are not, so these are too short: look at the number of runs",
)


@dataclass(frozen=True)
class Summary:
    """Predictions of one law: how far off they and the last two points were, and how many intervals held.

    ``off`` is of error in points of 0 to 1, ``off_log`` of its logarithm; each the median, with the 90th percentile.
    """

    study: str
    law: str
    selection: str
    cut: str
    n: int
    runs: int
    groups: int
    decades: float
    off: float
    off_p90: float
    off_log: float
    off_log_p90: float
    last_two_off_log: float
    last_two_off_log_p90: float
    closer: int
    closer_low: float
    closer_high: float
    covered: int
    covered_low: float
    covered_high: float
    intervals: str
    verdict: str


def laws(asked: Asked) -> Backtested:
    """The laws of a study; of every collected one and of those that the package brings, if none is named.

    Raises UnknownNameError for a study that is none of these.
    """
    known = known_studies(asked.results)
    if asked.study and asked.study not in known:
        raise unknown_name("study", asked.study, known)
    names = [asked.study] if asked.study else known
    found = [row for name in names for row in summaries(told(asked.results, name, pairs()))]
    shown = [row for row in found if row.cut == ALL_CUTS]
    return Backtested(
        title="Errors above a compute cut, predicted from the points below it",
        rows=[asdict(row) for row in found],
        headers=("study", "law", "points", "n", "runs", "off", "off %", "last two %", "closer", "in 90 % interval"),
        cells=[_cells(row) for row in shown],
        notes=NOTES,
    )


def summaries(predictions: Iterable[Told]) -> Iterator[Summary]:
    """For each study, law and selection: each cut, and all cuts together."""
    for _, together in groupby(predictions, key=lambda one: (one.study, one.law, one.selection)):
        some = list(together)
        for cut in (ALL_CUTS, *dict.fromkeys(one.cut for one in some)):
            yield _summary(cut, [one for one in some if cut in (one.cut, ALL_CUTS)])


def _summary(cut: str, some: Sequence[Told]) -> Summary:
    first, n = some[0], len(some)
    points = [abs(one.error - one.predicted) for one in some]
    logs = [abs(log(one.error / one.predicted)) for one in some]
    lines = [abs(log(one.error / one.last_two)) for one in some]
    covered = sum(one.low <= one.error <= one.high for one in some)
    closer = sum(own < line for own, line in zip(logs, lines, strict=True))
    covered_low, covered_high = clopper_pearson(covered, n)
    closer_low, closer_high = clopper_pearson(closer, n)
    return Summary(
        study=first.study,
        law=first.law,
        selection=first.selection,
        cut=cut,
        n=n,
        runs=len({one.run_id for one in some}),
        groups=len({one.group for one in some}),
        decades=median(one.decades for one in some),
        off=median(points),
        off_p90=_p90(points),
        off_log=median(logs),
        off_log_p90=_p90(logs),
        last_two_off_log=median(lines),
        last_two_off_log_p90=_p90(lines),
        closer=closer,
        closer_low=closer_low,
        closer_high=closer_high,
        covered=covered,
        covered_low=covered_low,
        covered_high=covered_high,
        intervals=_intervals(n, covered_high),
        verdict=_verdict(closer_low, closer_high),
    )


def _p90(values: Sequence[float]) -> float:
    return quantiles(values, n=10, method="inclusive")[8] if len(values) > 1 else values[0]


def _intervals(n: int, high: float) -> str:
    if n < ENOUGH:
        return "too few to tell"
    return "hold" if high >= 0.9 else "too narrow"


def _verdict(low: float, high: float) -> str:
    if low > 0.5:
        return f"better{THAN}"
    return f"{'worse' if high < 0.5 else 'no better'}{THAN}"


def _cells(row: Summary) -> tuple[str, ...]:
    return (
        row.study,
        row.law,
        row.selection.replace("_", " "),
        str(row.n),
        str(row.runs),
        f"{100 * row.off:.1f} ({100 * row.off_p90:.0f})",
        f"{100 * row.off_log:.1f} ({100 * row.off_log_p90:.0f})",
        f"{100 * row.last_two_off_log:.1f} ({100 * row.last_two_off_log_p90:.0f})",
        f"{_share(row.closer / row.n, row.closer_low, row.closer_high)}: {row.verdict.removesuffix(THAN)}",
        f"{_share(row.covered / row.n, row.covered_low, row.covered_high)}: {row.intervals}",
    )


def _share(share: float, low: float, high: float) -> str:
    return f"{100 * share:.0f} % ({100 * low:.0f}-{100 * high:.0f})"
