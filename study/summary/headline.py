"""Which data set and metric a study is judged by, unless asked otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from study import io
from study.registry import unknown_name

if TYPE_CHECKING:
    import polars as pl

# Image-to-text first: clip-benchmark calls it text retrieval, since it retrieves texts. Then the other direction.
PREFERRED = ("text_retrieval_recall_at_5", "image_retrieval_recall_at_5", "zeroshot_top1")


@dataclass(frozen=True)
class Headline:
    """A data set and a metric, as the scores table names them."""

    dataset: str
    metric: str


def headline(folder: Path, scores: pl.DataFrame, dataset: str | None = None, metric: str | None = None) -> Headline:
    """The study's own headline, with ``dataset`` or ``metric`` instead where given.

    The first evaluated set whose name ends in ``test`` (choices are made on validation sets), else the first.
    Raises UnknownNameError for a data set or metric that has no scores.
    """
    chosen = dataset or _test_set(evaluated_sets(folder) or _by_use(scores, "dataset"))
    _check("data set", dataset, scores["dataset"])
    of_set = scores.filter(scores["dataset"] == chosen)
    _check("metric", metric, of_set["metric"])
    return Headline(chosen, metric or _preferred(_by_use(of_set, "metric")))


def evaluated_sets(folder: Path) -> list[str]:
    """The data sets that a study's runs are scored on, as its ``evaluation.json`` names them."""
    path = folder / "evaluation.json"
    sets = io.read_json(path)["sets"] if path.exists() else []
    return [entry["name"] if isinstance(entry, dict) else entry for entry in sets]


def _by_use(scores: pl.DataFrame, column: str) -> list[str]:
    counted = scores.group_by(column).len().sort(["len", column], descending=[True, False])
    return counted[column].to_list()


def _test_set(names: list[str]) -> str:
    return next((name for name in names if name.endswith("test")), names[0] if names else "")


def _preferred(metrics: list[str]) -> str:
    return next((metric for metric in PREFERRED if metric in metrics), metrics[0] if metrics else PREFERRED[0])


def _check(kind: str, name: str | None, known: pl.Series) -> None:
    names = known.unique().sort().to_list()
    if name is not None and name not in names:
        raise unknown_name(kind, name, names)
