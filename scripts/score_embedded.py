"""Write the embedded pairs' scores: image-text similarity by models that never saw the pair.

    snakemake --cores all --config grid=grids/embedded_scores.yaml
    python scripts/score_embedded.py

Each of the study's four models scores the quarter of the pool that it was not trained on. The noise labels are read
only to say how well the scores find the noise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from scipy.stats import rankdata

from study import io
from study.config.spec import read_spec
from study.data.embedded import FOLDS, Embedded, parquet_path
from study.errors import PlanError, StudyError
from study.evaluate.embed import BATCH, Subject, at_rest
from study.plan.table import run_ids
from study.records import RunSpec, Status
from study.train.setup import load_trained

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


def score_fold(folder: Path, spec: RunSpec) -> pl.DataFrame:
    """``uid`` and ``score`` (cosine, -1 to 1) of the pairs that the run's fold leaves out."""
    source = Embedded(Embedded.Config.model_validate({"name": "embedded", **spec.data.source.options}))
    device = torch.device("cpu")
    arch, model, strategy = load_trained(folder, spec, device)
    phase = strategy.phases(spec, arch)[-1]
    subject = Subject(arch, model, strategy, phase, spec.data.source, device)
    samples = source.samples(source.fold_left_out()["uid"].to_list())
    pixels = torch.from_numpy(np.array(samples.images(phase.image_size))).permute(0, 3, 1, 2)
    parts = []
    with at_rest(subject):
        for first in range(0, len(samples), BATCH):
            images = subject.images(pixels[first : first + BATCH])
            parts.append(F.cosine_similarity(images, subject.texts(samples.captions[first : first + BATCH])))
    return pl.DataFrame({"uid": samples.uids, "score": torch.cat(parts).numpy()})


def found_noise(pairs: pl.DataFrame) -> dict[str, float]:
    """Kind -> chance that a clean pair's score is above that of a pair with this noise (AUC); .5 = blind."""
    clean = pairs.filter(pl.col("noise") == "none")["score"].to_numpy()
    kinds = {"all noise": pairs.filter(pl.col("noise") != "none")}
    kinds |= {str(kind): part for (kind,), part in sorted(kinds["all noise"].group_by("noise"))}
    return {kind: round(_auc(clean, part["score"].to_numpy()), 4) for kind, part in kinds.items()}


def noise_in_best(pairs: pl.DataFrame) -> dict[str, float]:
    """Share kept by score -> share of noise in it."""
    best = pairs.sort("score", "uid", descending=[True, False])
    kept = {share: best.head(round(share * pairs.height)) for share in (0.2, 0.5, 0.8, 1.0)}
    return {
        str(share): round(part.filter(pl.col("noise") != "none").height / part.height, 4)
        for share, part in kept.items()
    }


def _auc(high: np.ndarray, low: np.ndarray) -> float:
    """Area under the ROC curve, ties counted half."""
    ranks = rankdata(np.concatenate([high, low]))[: len(high)]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))


def run(results: Path, study: str) -> None:
    """Score all four quarters, write the file, say what the scores are worth."""
    runs = finished_runs(results, study)
    scores = pl.concat([score_fold(*runs[fold]) for fold in sorted(runs)])
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
