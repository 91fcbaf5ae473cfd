"""The CSV files of github.com/LAION-AI/scaling-laws-openclip (Cherti et al., 2023, arXiv:2212.07143)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from study.imported.cells import Cell
from study.imported.files import File, Row, Table
from study.imported.format import Findings, Format, Found, Reading
from study.imported.metric_names import metric
from study.imported.tags import POOLS

_KEPT = {
    "arch": "arch",
    "samples_seen": "samples_seen",
    "gmacs": "gmacs_per_sample",
    "upstream_dataset": "pretrain_data",
}
_LR = re.compile(r"_lr-([\d.]+(?:e-?\d+)?)_bs-")
CURVES = "points inside a learning-rate schedule are not the ends of runs"
_Key = tuple[str, str, str]  # architecture, data, rounded samples: what the two tables share


class Laion(Format):
    """zeroshot_results.csv has the scores; trained_models_info.csv, if given, GPUs, batches and throughput."""

    title = "LAION's scaling-laws-openclip: zeroshot_results.csv, trained_models_info.csv, arch_info.csv"
    needs: ClassVar[Mapping[str, frozenset[str]]] = {
        "zeroshot_results": frozenset(
            {"arch", "samples_seen", "gmacs", "upstream_dataset", "downstream_dataset", "task", "name"}
        ),
        "trained_models_info": frozenset(
            {"name", "arch", "data", "samples_seen_pretty", "lr", "gpus", "samples_per_sec", "local_bs"}
        ),
        "learning_curves": frozenset({"imagenet-zeroshot-val-top1", "name", "epoch"}),
    }
    results = frozenset({"zeroshot_results"})

    def read(self, files: Sequence[File]) -> Findings:
        """A run a model; the averages over several data sets are kept under their own names."""
        findings = Findings(facts={"citation": "arXiv:2212.07143", "source": "laion2023"})
        findings.facts["title"] = "Reproducible scaling laws for contrastive language-image learning"
        tables = [file for file in files if isinstance(file, Table)]
        results = [row for table in tables if self.kind(table) in self.results for row in table.rows]
        findings.found = [_result(row) for row in results]
        for table in tables:
            if self.kind(table) == "trained_models_info":
                _add_info(findings, table, results)
            if self.kind(table) == "learning_curves":
                findings.notes.append(f"{table.path} is left out: {CURVES}")
        return findings


def _run(row: Row) -> str:
    name = row.cells["name"].removesuffix(".pt")
    return name if name.startswith("Model-") else f"{name}-{row.cells['arch']}"


def _result(row: Row) -> Found:
    facts = {ours: Cell(row.cells[theirs], theirs) for theirs, ours in _KEPT.items()}
    facts["unique_pairs"] = Cell(POOLS.get(row.cells["upstream_dataset"]))
    facts["strategy"] = Cell("clip")
    rate = _LR.search(row.cells["name"])
    facts["lr"] = Cell(rate[1] if rate else None, "name")
    named = ((theirs, metric(theirs)) for theirs in row.cells)
    scores = [
        Reading(row.cells["downstream_dataset"], ours, Cell(row.cells[theirs], theirs))
        for theirs, ours in named
        if ours
    ]
    return Found(_run(row), row.place, facts, scores)


def _add_info(findings: Findings, table: Table, results: Sequence[Row]) -> None:
    runs: dict[_Key, dict[str, Row]] = defaultdict(dict)
    for row in results:
        key = (row.cells["arch"], row.cells["upstream_dataset"], row.cells.get("samples_seen_pretty", ""))
        runs[key].setdefault(_run(row), row)
    for row in table.rows:
        key = (row.cells["arch"].replace("/", "-"), f"LAION-{row.cells['data']}", row.cells["samples_seen_pretty"])
        if len(runs[key]) == 1:
            findings.found.append(_info(row, *next(iter(runs[key].items()))))
        else:
            findings.notes.append(f"{row.place} is left out: {len(runs[key])} runs of the results are {' '.join(key)}")


def _info(row: Row, run: str, result: Row) -> Found:
    """Hours by throughput; the kind of the GPUs is not stated."""
    gpus, speed = Cell(row.cells["gpus"], "gpus"), Cell(row.cells["samples_per_sec"], "samples_per_sec")
    facts = {
        "n_gpus": gpus,
        "samples_per_second": speed,
        "lr": Cell(row.cells["lr"], "lr"),
        "device_kind": Cell("cuda"),
    }
    try:
        facts["global_batch_size"] = Cell(row.cells["local_bs"], "local_bs", times=gpus.amount())
        seconds = Cell(result.cells["samples_seen"], "samples_seen").amount() / speed.amount()
        facts["gpu_hours"] = Cell(seconds * gpus.amount() / 3600)
        facts["note"] = Cell("gpu_hours = samples_seen / samples_per_second x n_gpus / 3600")
    except (ValueError, ZeroDivisionError):
        pass  # what is no number is told where the columns are read
    return Found(run, row.place, facts)
