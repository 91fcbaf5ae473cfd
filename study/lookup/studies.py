"""Which studies are asked, and by which score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from study.errors import StorageError, UnknownNameError
from study.lookup.store import Sheet
from study.registry import unknown_name
from study.summary.headline import PREFERRED, Headline
from study.summary.opened import collected_studies, known_studies


def studies(names: Sequence[str], results: Path) -> list[str]:
    """Those named; else all that were collected; else those that the package brings.

    Raises UnknownNameError for a name that is none, StorageError where nothing was collected.
    """
    known, own = known_studies(results), collected_studies(results)
    for name in names:
        if name not in known and own:
            raise unknown_name("study", name, known)
        if name not in known:
            brought = f"the package brings: {', '.join(known)}"
            raise StorageError(
                f"no study was collected in {results}; run snakemake, or: study collect {name}; {brought}"
            )
    return list(dict.fromkeys(names)) or own or known


def judged_by(sheet: Sheet, dataset: str | None) -> bool:
    """Whether a study has scores on a data set, or on any."""
    return any(dataset in (None, one[0]) for one in sheet.facts["targets"])


def score(sheets: Sequence[Sheet], dataset: str | None, metric: str | None) -> Headline:
    """The data set and metric to rank by: as asked, the rest as most of the studies are judged by.

    Raises UnknownNameError for a data set or a metric that no study has scores of.
    """
    found = [one for sheet in sheets if (one := _of(sheet, dataset, metric))]
    if found:
        return Counter(found).most_common(1)[0][0]
    targets = [one for sheet in sheets for one in sheet.facts["targets"]]
    wanted = " ".join(filter(None, (metric, "on" if metric and dataset else None, dataset)))
    if wanted and not targets:
        told = "; ".join(no_score(sheet.facts) for sheet in sheets)
        raise UnknownNameError(f"no score of {wanted}: {told}")
    sets = sorted({one[0] for one in targets})
    if dataset is not None and dataset not in sets:
        raise unknown_name("data set", dataset, sets)
    if metric is not None:
        named = {one[1] for one in targets if dataset in (None, one[0])}
        raise unknown_name("metric", metric, sorted(named))
    return Headline(*sheets[0].facts["headline"])  # no study has a score yet


def no_score(facts: Mapping[str, Any]) -> str:
    """That a study has no score, by its facts, and the way out."""
    ended = f"{facts['runs'] - facts['incomplete']} of its {facts['runs']} runs completed"
    return f"{facts['study']} has no score yet: {ended}; say --study to ask another, such as published"


def _of(sheet: Sheet, dataset: str | None, metric: str | None) -> Headline | None:
    head, targets = sheet.facts["headline"], [one[:2] for one in sheet.facts["targets"]]
    chosen = dataset or head[0]
    metrics = [one[1] for one in targets if one[0] == chosen]
    preferred = (metric,) if metric else (head[1],) * (chosen == head[0]) + PREFERRED + tuple(metrics)
    return next((Headline(chosen, one) for one in preferred if one in metrics), None)
