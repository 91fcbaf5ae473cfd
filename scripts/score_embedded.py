"""Write the embedded pairs' scores: image-text similarity by models that never saw the pair.

    snakemake --cores all --config grid=grids/embedded_scores.yaml
    python scripts/score_embedded.py

Each of the study's four models scores the quarter of the pool that it was not trained on. The noise labels are read
only to say how well the scores find the noise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from study import io
from study.config.spec import read_spec
from study.data.embedded import FOLDS, Embedded, parquet_path
from study.errors import PlanError, StudyError
from study.plan.table import run_ids
from study.records import PluginRef, RunSpec, Status
from study.scoring.request import Request, RunsRef
from study.scoring.share import Share
from study.scoring.work import score_share
from study.scoring.worth import found_noise, noise_in_best

DIGITS = 4  # differences in the last bits between machines stay out of the file


def finished_runs(results: Path, study: str) -> dict[int, tuple[Path, RunSpec]]:
    """The completed run of each fold; raises PlanError when one is missing or was trained on other pairs."""
    found = {}
    for run_id in run_ids(results, study):
        folder = results / "runs" / run_id
        spec, outcome = read_spec(folder / "spec.json"), folder / "outcome.json"
        fold = spec.data.source.options.get("fold")
        if fold is None or not outcome.exists() or io.read_json(outcome)["status"] != Status.COMPLETED:
            continue
        if spec.data.fingerprint != Embedded(Embedded.Config(fold=fold)).fingerprint():
            raise PlanError(f"run {run_id} was trained on other pairs than the file now has; plan {study} again")
        found[fold] = (folder, spec)
    missing = sorted(set(range(FOLDS)) - found.keys())
    if missing:
        raise PlanError(f"no completed run of {study} leaves out fold {', '.join(map(str, missing))}; train it first")
    return found


def cross_fitted(results: Path, folders: Sequence[Path]) -> pl.DataFrame:
    """``uid`` and ``score`` (cosine, -1 to 1) of all training pairs, each by the run that did not train on it."""
    with TemporaryDirectory() as out:
        request = Request(
            source=PluginRef(name="embedded"),
            results=results,
            by=RunsRef(runs=tuple(folders)),
            column="score",
            out=Path(out),
            device="cpu",
        )
        score_share(request, Share(), lambda done: None)
        return io.read_parquet(Path(out) / "embedded.parquet").select("uid", "score")


def run(results: Path, study: str) -> None:
    """Score all four quarters, write the file, say what the scores are worth."""
    runs = finished_runs(results, study)
    scores = cross_fitted(results, [runs[fold][0] for fold in sorted(runs)])
    rounded = scores.with_columns(pl.col("score").round(DIGITS).cast(pl.Float32))
    pairs = io.read_parquet(parquet_path())
    scored = pairs.drop("score").join(rounded, on="uid", how="left", maintain_order="left").select(pairs.columns)
    io.write_parquet(parquet_path(), scored)
    worth = {
        "runs": [runs[fold][0].name for fold in sorted(runs)],
        "auc": found_noise(scored.filter(pl.col("split") == "train")),
        "noise_in_best": noise_in_best(scored.filter(pl.col("split") == "train")),
    }
    io.write_json(parquet_path().with_name("scores.json"), worth)
    print(json.dumps(worth, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results"), help="where the study's runs live")
    parser.add_argument("--study", default="embedded_scores", help="the study that trained the four models")
    arguments = parser.parse_args()
    try:
        run(arguments.results, arguments.study)
    except StudyError as error:
        parser.exit(2, f"score_embedded: {error}\n")
