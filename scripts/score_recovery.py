"""What choosing by score recovers on the embedded pairs, by models that saw neither the pair nor the noise labels.

    python scripts/score_recovery.py

Trains four models, each on three quarters of the pool; `study data score` scores each pair by the one that did not
train on it; then models are trained on the better-scored half, on a random half and on all of the pool, three seeds
each. What is trained or scored already is not made again. Some ten CPU-minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

import polars as pl

from study import io
from study.config.spec import read_spec
from study.data.embedded import parquet_path
from study.data.place import open_source
from study.data.subset import ensure
from study.errors import StudyError
from study.plan.table import run_ids
from study.records import RunSpec
from study.scoring.worth import found_noise, noise_in_best

SCORERS, ARMS = "embedded_scores", "score_recovery"
COLUMN = "cross_fitted"
TEST, METRICS = "embedded/test", ("text_retrieval_recall_at_5", "image_retrieval_recall_at_5", "zeroshot_top1")


def study(*arguments: str | Path) -> None:
    """One command of the program; its failure ends the script."""
    subprocess.run([sys.executable, "-m", "study", *map(str, arguments)], check=True, stdout=sys.stderr)


def trained(results: Path, name: str) -> list[str]:
    """The ids of a study's runs, all trained and scored."""
    study("plan", f"grids/{name}.yaml", "--results", results)
    ids = run_ids(results, name)
    for run in ids:
        study("train", run, "--study", name, "--results", results, "--device", "cpu", "--threads", "1")
    return ids


def scored(results: Path, runs: list[str]) -> pl.DataFrame:
    """The training pairs with ``noise``, the ``score`` that these runs give, and the ``shipped`` one."""
    out = results / "scores"
    given = [word for run in runs for word in ("--run", run)]
    study("data", "score", "embedded", *given, "--column", COLUMN, "--out", out, "--results", results)
    pairs = io.read_parquet(parquet_path()).filter(pl.col("split") == "train").select("uid", "noise", shipped="score")
    found = io.read_parquet(out / "embedded.parquet").select("uid", score=COLUMN)
    return pairs.join(found, on="uid", how="left", validate="1:1")


def arm(results: Path, spec: RunSpec, noisy: set[str]) -> tuple[str, int, float]:
    """An arm's name, its number of pairs, and the share of noise among them."""
    data, source = spec.data, open_source(spec.data.source, results)
    pool = source.pool().height
    name = "better-scored half" if data.quality < 1 else "random half" if data.unique_pairs < pool else "all"
    uids = ensure(results, source, data.quality, data.unique_pairs).uids()
    return name, len(uids), len(noisy.intersection(uids)) / len(uids)


def told(values: list[float]) -> str:
    """Mean and standard deviation over seeds, in percent."""
    return f"{mean(values):.1%} ± {stdev(values):.1%}"


def run(results: Path) -> None:
    """Train, score, train again; print two tables in Markdown."""
    pairs = scored(results, trained(results, SCORERS))
    print("| scores | AUC against noise | by kind | noise in the best half |\n| --- | --- | --- | --- |")
    for name in ("score", "shipped"):
        known = pairs.select("uid", "noise", score=name)
        auc, kept = found_noise(known), noise_in_best(known)
        kinds = ", ".join(f"{kind} {value:.3f}" for kind, value in auc.items() if kind != "all noise")
        print(f"| {name} | {auc['all noise']:.3f} | {kinds} | {kept['0.5']:.1%} of {kept['1.0']:.1%} |")
    noisy = set(pairs.filter(pl.col("noise") != "none")["uid"])
    rows: dict[tuple[str, int, float], dict[int, dict[str, float]]] = {}
    for run_id in trained(results, ARMS):
        folder = results / "runs" / run_id
        spec, scores = read_spec(folder / "spec.json"), io.read_json(folder / "scores.json")["scores"]
        values = {score["metric"]: score["value"] for score in scores if score["dataset"] == TEST}
        rows.setdefault(arm(results, spec, noisy), {})[spec.seed] = values
    print("\n| trained on | pairs | noise |", " | ".join(METRICS), "| seeds |\n" + "| --- " * (len(METRICS) + 4) + "|")
    for (name, count, noise), seeds in rows.items():
        cells = [told([seeds[seed][metric] for seed in sorted(seeds)]) for metric in METRICS]
        print(f"| {name} | {count:,} | {noise:.1%} |", " | ".join(cells), f"| {len(seeds)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Path("results"), help="where runs live")
    try:
        run(parser.parse_args().results)
    except StudyError as error:
        parser.exit(2, f"score_recovery: {error}\n")
