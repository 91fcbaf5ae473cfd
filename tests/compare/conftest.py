"""Two studies as tables, written with the project's own records, and real ones: parts of the published study."""

import random

import polars as pl
import pytest

from study import io, published
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

DATASET, METRIC = "embedded/test", "text_retrieval_recall_at_5"
RUN = {
    "source": "embedded", "pretrain_data": "embedded", "arch": "vit_nano", "family": "vit", "strategy": "clip",
    "strategy_label": "clip", "unique_pairs": 1000, "quality": "unfiltered", "quality_share": 1.0,
    "samples_seen": 4096, "global_batch_size": 128, "seed": 0, "image_size": 32, "text_length": 16, "lr": 0.001,
    "train_flops": 1e12, "status": "completed", "device_kind": "cpu", "gpu": "a processor", "n_gpus": 1, "threads": 1,
    "gpu_hours": 0.1, "samples_per_second": 500.0, "peak_memory_gib": 1.0, "purpose": "study",
}  # fmt: skip


def repeats(values, **fields):
    """Runs of one setting, a seed a value; the setting is called by what makes it one. A run without a value failed."""
    setting = "-".join(map(str, fields.values())) or "one"
    return [
        {"setting": setting, "run_id": f"{setting}-{seed}", "seed": seed, "scores": {METRIC: value}, **fields}
        if value is not None
        else {"setting": setting, "run_id": f"{setting}-{seed}", "seed": seed, **fields,
              "status": "diverged", "reason": "the loss was NaN"}
        for seed, value in enumerate(values)
    ]  # fmt: skip


@pytest.fixture
def runs():
    return repeats


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def write(results):
    """A function that writes a study: a dict a run, its scores under ``scores`` by metric, on one data set."""

    def make(name, rows, dataset=DATASET, **facts):
        kept, scores = [], []
        for row in rows:
            own = {**RUN, "study": name, "finished": f"of {name}", **row}
            for metric, value in own.pop("scores", {}).items():
                score = {"run_id": own["run_id"], "dataset": dataset, "metric": metric, "value": value, "n": 100}
                scores.append(score)
            kept.append(own)
        io.write_parquet(results / name / "runs.parquet", pl.DataFrame(kept, schema=schema(RUNS_COLUMNS)))
        io.write_parquet(results / name / "scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))
        io.write_json(results / name / "evaluation.json", {"sets": [{"name": dataset, "root": None}]})
        io.write_json(results / name / "plan.json", {"title": f"The {name} study", **facts})
        return results / name

    return make


@pytest.fixture
def noisy():
    """A function that gives a study's runs: settings of several sizes, scores with a seeded noise of a run."""

    def make(noise_seed, settings=6, seeds=4, noise=0.01, change=None, **fields):
        drawn, rows = random.Random(noise_seed), []
        for size in range(1, settings + 1):
            values = [0.1 * size + drawn.gauss(0, noise) + (change or {}).get(size, 0.0) for _ in range(seeds)]
            rows += repeats(values, unique_pairs=1000 * size, **fields)
        return rows

    return make


@pytest.fixture
def part_of_published(results):
    """A function that writes some published runs (a real study) under a name, their tables changed by functions."""

    def make(name, change_runs=lambda runs: runs, change_scores=lambda scores: scores):
        chosen = published.runs().filter(pl.col("source") == "laion2023")
        scores = published.scores().join(chosen, on="run_id", how="semi")
        io.write_parquet(results / name / "runs.parquet", change_runs(chosen))
        io.write_parquet(results / name / "scores.parquet", change_scores(scores))
        return results / name

    return make
