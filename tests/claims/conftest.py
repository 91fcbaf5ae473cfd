"""A claim as its study's plan and tables have it, with made-up scores and costs."""

import polars as pl
import pytest

from study import io
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

METRIC, DATASET = "text_retrieval_recall_at_5", "embedded/test"
RUN = {
    "source": "embedded", "family": "vit", "arch": "vit_pico", "strategy_label": "clip", "unique_pairs": 3687,
    "quality_share": 0.5, "samples_seen": 18432, "global_batch_size": 128, "image_size": 32, "status": "completed",
    "gpu": "a processor", "n_gpus": 1, "threads": 1, "train_flops": 1e12, "train_hours": 0.01, "gpu_hours": 0.02,
}  # fmt: skip


@pytest.fixture(scope="session")
def claim_writer():
    """A function that writes a study: by arm (its strategy) the scores of seeds 0, 1, ... and what else its runs are.

    A run with a status that is not ``completed`` has no score.
    """

    def write(results, arms, parts, name="little", **more):
        runs, scores = [], []
        for arm, given in arms.items():
            own = {key: value for key, value in given.items() if key != "scores"}
            for seed, score in enumerate(given["scores"]):
                lists = {key: value[seed] if isinstance(value, list) else value for key, value in own.items()}
                row = {**RUN, "study": name, "run_id": f"{arm}{seed}", "strategy": arm, "seed": seed, **lists}
                runs.append(row)
                if row["status"] == "completed":
                    scores.append({"run_id": row["run_id"], "dataset": DATASET, "metric": METRIC, "value": score})
        claim = {
            "statement": "One is better.", "citation": "arXiv:2404.08197", "caveat": "None of it is real.",
            "measure": {"dataset": DATASET, "metric": METRIC}, "parts": parts,
            "arms": {arm: {"strategy": [arm]} for arm in arms}, **more,
        }  # fmt: skip
        io.write_parquet(results / name / "runs.parquet", pl.DataFrame(runs, schema=schema(RUNS_COLUMNS)))
        io.write_parquet(results / name / "scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))
        io.write_json(results / name / "plan.json", {"title": "Is one better?", "claim": claim})

    return write


@pytest.fixture
def write_claim(claim_writer, tmp_path):
    """``claim_writer`` for this test's own results."""

    def write(arms, parts, **more):
        claim_writer(tmp_path, arms, parts, **more)
        return tmp_path

    return write
