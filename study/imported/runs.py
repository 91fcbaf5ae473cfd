"""Rows of the runs table out of what the files say: put together by run, completed, never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from study.imported.architectures import family
from study.imported.files import Place
from study.imported.flops import train_flops
from study.imported.format import Found
from study.imported.profile import Size
from study.records import Status

SAME = 1e-6  # relative: one number written with different decimals
# What two runs of one setting share; they differ by seed.
_SETTING = (
    "arch", "strategy", "strategy_label", "pretrain_data", "unique_pairs", "quality", "quality_share", "size_share",
    "samples_seen", "global_batch_size", "lr", "other_settings", "image_size", "text_length", "source",
)  # fmt: skip


@dataclass
class Merged:
    """What all rows say of one run; ``given`` is the value of each column and where it stands."""

    given: dict[str, tuple[Any, Place]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    no_flops: str | None = None


def merge(found: Iterable[Found]) -> tuple[dict[str, Merged], list[str]]:
    """The runs in order, and what is wrong: values that a column cannot have, rows that contradict each other."""
    runs: dict[str, Merged] = {}
    problems: list[str] = []
    for row in found:
        run = runs.setdefault(row.run, Merged())
        run.no_flops = run.no_flops or row.no_flops
        for name, cell in row.facts.items():
            try:
                value = cell.value(name)
            except ValueError as error:
                problems.append(f"{row.place}: {error}")
                continue
            if value is not None:
                problems += _put(run, row, name, value)
    return runs, list(dict.fromkeys(problems))


def _put(run: Merged, row: Found, name: str, value: Any) -> Sequence[str]:
    if name == "note":
        run.notes += [value] if value not in run.notes else []
        return ()
    known, place = run.given.setdefault(name, (value, row.place))
    if _same(known, value):
        return ()
    return (f"{row.place}: {name} of run {row.run!r} is {value}, and {known} in {place}; the two rows contradict",)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return math.isclose(one, other, rel_tol=SAME)


def run_rows(
    study: str, runs: Mapping[str, Merged], profile: Mapping[str, Size], facts: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a run, in columns of ``RUNS_COLUMNS``. What is not stated and not known by the architecture is missing."""
    return [_row(study, name, run, profile, facts) for name, run in runs.items()]


def _row(study: str, name: str, run: Merged, profile: Mapping[str, Size], facts: Mapping[str, str]) -> dict[str, Any]:
    row = {column: value for column, (value, _) in run.given.items()}
    row.setdefault("source", facts.get("source", study))
    row.setdefault("citation", facts.get("citation"))
    row.setdefault("status", Status.COMPLETED.value)
    row.setdefault("strategy_label", row.get("strategy"))
    row |= {"run_id": f"{study}/{name}", "study": study, "purpose": "study"}
    row["setting"] = _setting(row) or row["run_id"]
    notes = [*run.notes, *_complete(row, run, profile)]
    row["note"] = "; ".join(notes) or None
    return row


def _complete(row: dict[str, Any], run: Merged, profile: Mapping[str, Size]) -> list[str]:
    """Add family, size and FLOPs where they follow; return what is said of it."""
    notes = []
    arch = row.get("arch")
    if arch is not None:
        row.setdefault("family", family(arch))
    size = profile.get(arch or "")
    by_profile = {"params_m": size.params_m, "gmacs_per_sample": size.gmacs} if size else {}
    added = {name: value for name, value in by_profile.items() if name not in row}
    if added:
        row.update(added)
        notes.append(f"{' and '.join(added)} by the architecture's published profile")
    if "train_flops" in row:
        return notes
    flops, why = train_flops(row.get("strategy"), row.get("gmacs_per_sample"), row.get("samples_seen"))
    if run.no_flops:
        flops, why = None, f"no training FLOPs: {run.no_flops}"
    row["train_flops"] = flops
    return [*notes, why] if why else notes


def _setting(row: Mapping[str, Any]) -> str | None:
    """What runs that differ by their seed alone share; none for a run whose seed is not known."""
    if row.get("seed") is None:
        return None
    return f"{row['study']}/" + ", ".join(f"{name}={row[name]}" for name in _SETTING if row.get(name) is not None)
