"""The verdict on each claim, corrected for the number of all claims that are checked together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2
from pathlib import Path

from study.claims.asked import asked
from study.claims.found import Found, Tested, found
from study.errors import StorageError
from study.summary.paired import holm
from study.summary.verdicts import FAILS, HOLDS, NOT_RUN, UNKNOWN

LEVEL = 0.05  # of each one-sided test, after correction: what 90 % intervals are to a single one
LEAST_PAIRS = 5
SHOWN = 3  # runs that a reason names


@dataclass(frozen=True)
class Checked:
    """A claim with its verdict and why; p-values are corrected by Holm over all claims."""

    found: Found
    p_holm: float
    p_against_holm: float
    verdict: str
    reason: str


def studies_of(grids: Path) -> list[str]:
    """The names of the studies in a folder of grids, sorted; raises StorageError without any."""
    names = sorted(path.stem for path in grids.glob("*.yaml") if not path.name.endswith(".lock.yaml"))
    if not names:
        raise StorageError(f"{grids} holds no grid; give the folder of the claims, such as grids/claims")
    return names


def check(results: Path, studies: Sequence[str]) -> list[Checked]:
    """The verdicts on the claims of these studies, in their order.

    All are tested together: a claim that cannot be tested yet counts as one with p = 1, so that a verdict, once
    told, stays when others' runs come in. Raises StorageError for a study without a claim.
    """
    all_found = [found(asked(results, study)) for study in studies]
    p, against = (_corrected(ps) for ps in zip(*((one.p, one.p_against) for one in all_found), strict=True))
    return [_checked(*one, len(studies)) for one in zip(all_found, p, against, strict=True)]


def _corrected(ps: Sequence[float | None]) -> list[float]:
    return [p for p in holm([1.0 if p is None else p for p in ps]) if p is not None]


def _checked(one: Found, p: float, against: float, claims: int) -> Checked:
    absent = _absent(one)
    if absent:
        return Checked(one, p, against, NOT_RUN, absent)
    if one.pairs < LEAST_PAIRS:
        too_few = f"{one.pairs} pairs of seeds; at least {LEAST_PAIRS} are needed"
        return Checked(one, p, against, UNKNOWN, too_few)
    if p <= LEVEL:
        return Checked(one, p, against, HOLDS, f"p = {p:.2g} after correction for {claims} claims")
    if against <= LEVEL:
        return Checked(one, p, against, FAILS, _other_way(one, against, claims))
    return Checked(one, p, against, UNKNOWN, _undecided(one, p, claims))


def _absent(one: Found) -> str | None:
    """Which runs are not there, if so."""
    if one.asked.absent:
        return f"{one.asked.absent}; run it: snakemake --cores all --config grid=PATH/{one.asked.study}.yaml"
    if one.needed:
        named = ", ".join(f"{run.run_id} ({run.arm}, seed {run.seed}, {run.why})" for run in one.needed[:SHOWN])
        more = f", and {len(one.needed) - SHOWN} more" if len(one.needed) > SHOWN else ""
        runs = "1 run is" if len(one.needed) == 1 else f"{len(one.needed)} runs are"
        return f"{runs} needed and not there: {named}{more}"
    return None


def _other_way(one: Found, against: float, claims: int) -> str:
    worst = min(_conditions(one), key=lambda tested: tested.p_against)
    return f"“{worst.label}” is the other way round (p = {against:.2g}, after correction for {claims} claims)"


def _conditions(one: Found) -> list[Tested]:
    return [tested for part in one.parts for tested in part.conditions]


def _undecided(one: Found, p: float, claims: int) -> str:
    enough = ceil(log2(claims / LEVEL))
    if one.pairs < enough:
        return (
            f"{one.pairs} pairs cannot reach {LEVEL:.0%} among {claims} claims, however clear they are; {enough} could"
        )
    weakest = max(_conditions(one), key=lambda tested: tested.p)
    return f"p = {p:.2g} after correction for {claims} claims; the weakest part: {weakest.label}"
