"""How far a question lies outside what a law was fitted to, in words: which input, and on which side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from study.laws.curve import Ranges
from study.lookup import words

FAR = 10.0  # times outside its evidence, up to which a law is asked, on either side
UNITS = {
    "train_flops": "FLOPs",
    "samples_seen": "samples",
    "unique_pairs": "distinct pairs",
    "params_m": "million parameters",
    "epochs": "epochs of the pool",
}
COUNTS = ("samples_seen", "unique_pairs")


def too_far(outside: float) -> bool:
    """Whether a law is not asked so many times outside its evidence; the last digits of a count are not looked at."""
    return float(f"{outside:.6g}") > FAR


def left_out(outside: Sequence[float]) -> list[str]:
    """That laws were asked too far outside their evidence: how many, and how far each was."""
    if not outside:
        return []
    least, most = (words.number(end) for end in (min(outside), max(outside)))
    times = least if least == most else f"{least} to {most}"
    law, their = ("1 law is", "its") if len(outside) == 1 else (f"{len(outside)} laws are", "their")
    return [f"{law} left out: the question lies {times} times outside {their} evidence, more than {FAR:g}"]


def pool_ends(share: float | None) -> str:
    """That the pool at hand ends before the budget does, and at what share of it, where that is known."""
    at = "" if share is None else f", at {words.number(100 * share, 2)} % of it"
    return f"the pool ends before the budget{at}"


def rest_unknown(count: int) -> list[str]:
    """That laws do not say what the rest of a budget would give, since their runs saw more pairs."""
    laws = "1 law ends" if count == 1 else f"{count} laws end"
    return [f"{laws} with the pool, before the budget: nothing known repeats so small a pool further"] if count else []


def no_share(count: int) -> list[str]:
    """That laws cannot be held to a pool, since their filters are known by name only."""
    law, their = ("1 law is", "its filter keeps") if count == 1 else (f"{count} laws are", "their filters keep")
    return [f"{law} left out, since it is not known what share of a pool {their}"] if count else []


def far(ranges: Ranges, inputs: Mapping[str, float]) -> str:
    """The input that lies farthest outside, against the bound of the law's runs; nothing where all are within."""
    beyond = {name: max(inputs[name] / most, least / inputs[name]) for name, (least, most) in ranges.items()}
    times, name = max((float(f"{value:.6g}"), name) for name, value in beyond.items())
    if times <= 1:
        return ""
    least, most = ranges[name]
    side, bound = ("above the most", most) if inputs[name] > most else ("below the least", least)
    shown = words.short if name in COUNTS else words.number
    asked = f"{shown(inputs[name])} {UNITS.get(name, name)}"
    return f"outside the evidence: {asked}, {words.number(times)} times {side} that was seen, {shown(bound)}"
