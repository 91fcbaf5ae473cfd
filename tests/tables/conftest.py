"""Studies as tables and as run folders, written with the project's own records and writers."""

import json
from functools import partial

import polars as pl
import pytest

from study import io
from study.records import (
    PLAN_COLUMNS,
    RUNS_COLUMNS,
    SCORES_COLUMNS,
    Cost,
    DataRef,
    Outcome,
    PluginRef,
    RunSpec,
    Score,
    Scores,
    run_id,
    schema,
)

FINISHED = "2025-03-01T12:00:00+00:00"
RECALL = "text_retrieval_recall_at_5"
RUN = {
    "source": "embedded", "pretrain_data": "embedded", "arch": "vit_nano", "family": "vit", "strategy": "clip",
    "strategy_label": "clip", "unique_pairs": 1000, "quality": "unfiltered", "quality_share": 1.0,
    "samples_seen": 4096, "global_batch_size": 128, "seed": 0, "image_size": 32, "lr": 0.001, "train_flops": 1e12,
    "status": "completed", "device_kind": "cpu", "gpu": "a processor", "gpu_hours": 0.1, "predicted_gpu_hours": 0.2,
}  # fmt: skip


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


@pytest.fixture(scope="session")
def study_writer():
    """A function that writes a study's tables: a dict a run, its scores under ``scores`` by metric."""

    def write(results, rows, name="little", dataset="embedded/test", chance=0.01, **facts):
        runs, scores = [], []
        for index, row in enumerate(rows):
            own = {**RUN, "study": name, "run_id": f"r{index}", "setting": f"s{index}", **row}
            given = own.pop("scores", {})
            runs.append(own)
            scores += [
                {"run_id": own["run_id"], "dataset": dataset, "metric": metric, "value": value, "n": 100,
                 "chance": chance}
                for metric, value in given.items()
            ]  # fmt: skip
        io.write_parquet(results / name / "runs.parquet", pl.DataFrame(runs, schema=schema(RUNS_COLUMNS)))
        io.write_parquet(results / name / "scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))
        io.write_json(results / name / "evaluation.json", {"sets": [{"name": dataset, "root": None}]})
        io.write_json(results / name / "plan.json", {"title": f"The {name} study", **facts})
        return results / name

    return write


@pytest.fixture
def write_study(study_writer, results):
    """``study_writer`` for this test's own results."""
    return partial(study_writer, results)


@pytest.fixture
def specs():
    """A function that gives the spec of a run; keyword arguments replace fields."""

    def make(**fields):
        data = DataRef(source=PluginRef(name="embedded"), unique_pairs=1000, fingerprint="0123456789ab")
        given = {"data": data, "arch": PluginRef(name="vit_nano"), "strategy": PluginRef(name="clip")}
        return RunSpec(**{**given, "samples_seen": 4096, **fields})

    return make


@pytest.fixture
def plan_of(results):
    """A function that writes the plan of a study of these specs and the runs' folders."""

    def write(specs, name="little"):
        rows = [
            {"run_id": run_id(spec), "study": name, "arch": "vit_nano", "source": "embedded", "quality_share": 0.5,
             "samples_seen": spec.samples_seen, "seed": spec.seed, "gpu": "cpu", "predicted_gpu_hours": 0.2}
            for spec in specs
        ]  # fmt: skip
        io.write_parquet(results / name / "plan.parquet", pl.DataFrame(rows, schema=schema(PLAN_COLUMNS)))
        io.write_json(results / name / "evaluation.json", {"evaluation_id": "e1", "sets": ["embedded/test"]})
        folders = [results / "runs" / run_id(spec) for spec in specs]
        for spec, folder in zip(specs, folders, strict=True):
            io.write_json(folder / "spec.json", spec.model_dump(mode="json", exclude_defaults=True))
        return folders

    return write


@pytest.fixture
def end():
    """A function that writes how the run in a folder ended, and its scores by metric where there are any."""

    def write(folder, status="completed", scores=None, cost=None, of=FINISHED, **fields):
        outcome = Outcome(
            run_id=folder.name, status=status, samples_seen=4096, steps=32, finished=FINISHED,
            resolved={"lr": 0.002}, cost=None if cost is None else Cost(**cost), **fields,
        )  # fmt: skip
        io.write_json(folder / "outcome.json", outcome.model_dump(mode="json"))
        if scores is not None:
            found = [Score(dataset="embedded/test", metric=name, value=value, n=9) for name, value in scores.items()]
            record = Scores(run_id=folder.name, outcome_finished=of, scores=found)
            io.write_json(folder / "scores.json", json.loads(record.model_dump_json()))

    return write


@pytest.fixture
def law_rows():
    """A function that gives runs on a planted power law: error = beta C^-alpha, times the given noise."""

    def make(flops, alpha=0.1, beta=10.0, noise=(), **fields):
        factors = noise or [1.0] * len(flops)
        return [
            {"train_flops": flop, "scores": {RECALL: 1 - beta * flop**-alpha * factor}, **fields}
            for flop, factor in zip(flops, factors, strict=True)
        ]

    return make
