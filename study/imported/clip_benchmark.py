"""clip-benchmark's results (github.com/LAION-AI/CLIP_benchmark): a JSON file an evaluation, or the CSV of ``build``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from study.imported import metric_names, tags
from study.imported.cells import Cell
from study.imported.files import File, Json, Place
from study.imported.format import Findings, Format, Found, Reading

_NAMES = frozenset({"dataset", "model", "pretrained", "task", "language", "model_fullname"})
_SETTINGS = frozenset({"weight_decay", "epochs", "seed", "fewshot_k", "normalized"})  # of a linear probe


class ClipBenchmark(Format):
    """A run is a model with its weights; what was trained on is told by the name of the weights, or not at all."""

    title = "clip-benchmark: JSON files of `clip_benchmark eval`, or the CSV of `clip_benchmark build`"
    needs: ClassVar[Mapping[str, frozenset[str]]] = {"results": frozenset({"dataset", "model", "pretrained", "task"})}
    results = frozenset({"results"})

    def kind(self, file: File) -> str | None:
        """Tables by their columns, JSON by its keys."""
        if isinstance(file, Json):
            data = file.data
            known = isinstance(data, dict) and self.needs["results"] <= data.keys() and _is_mapping(data.get("metrics"))
            return "results" if known else None
        return super().kind(file)

    def read(self, files: Sequence[File]) -> Findings:
        """What is no score from 0 to 1 is left out, and counted."""
        findings, unknown = Findings(), Counter[str]()
        for place, names, metrics in _rows(files):
            findings.found.append(_found(place, names, metrics))
            unknown.update(
                name for name, value in metrics.items() if _left_out(name) and not Cell(value).empty
            )  # fmt: skip
        for name, count in sorted(unknown.items()):
            findings.notes.append(f"{name!r} is left out, {count} times: it is no score from 0 to 1 that is known here")
        return findings


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _left_out(name: str) -> bool:
    return metric_names.metric(name) is None and name not in _SETTINGS


def _rows(files: Sequence[File]) -> Iterator[tuple[Place, dict[str, Any], dict[str, Any]]]:
    """Each evaluation: where it stands, its names, its metrics."""
    for file in files:
        if isinstance(file, Json):
            yield Place(file.path), {name: file.data.get(name) for name in _NAMES}, file.data["metrics"]
            continue
        for row in file.rows:
            metrics = {name: cell for name, cell in row.cells.items() if name not in _NAMES}
            yield row.place, {name: row.cells.get(name) for name in _NAMES}, metrics


def _found(place: Place, names: Mapping[str, Any], metrics: Mapping[str, Any]) -> Found:
    arch, weights = str(names["model"]), str(names["pretrained"])
    dataset = metric_names.dataset(str(names["dataset"]), str(names.get("language") or ""))
    shots = str(metrics.get("fewshot_k") or "").removesuffix(".0")
    named = ((theirs, metric_names.metric(theirs, shots)) for theirs in metrics)
    scores = [Reading(dataset, ours, Cell(metrics[theirs], theirs)) for theirs, ours in named if ours]
    return Found(f"{arch}/{weights}", place, tags.run_facts(arch, weights), scores, tags.no_flops(arch))
