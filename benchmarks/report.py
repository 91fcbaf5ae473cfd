"""How long the report of a large study takes, part by part and as a process, and how many bytes its page has.

    python benchmarks/report.py                     # 10,000 runs, in a folder of their own
    python benchmarks/report.py --runs 2000 --keep DIR

The study is made up, with a fixed seed: 9 towers of 3 families, 4 strategies, 3 qualities of 4 sizes, many lengths and
3 seeds, with six scores and a measured cost each; one run in thirty did not complete. Its laws are fitted first, and
are no part of what is timed.
"""

from __future__ import annotations

import argparse
import gzip
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from study.fit.run import fit
from study.io import write_json, write_parquet
from study.records import PLAN_COLUMNS, RUNS_COLUMNS, SCORES_COLUMNS, schema

NAME = "many"
TOWERS = {f"{family}_{size}": (family, size) for family in ("vit", "resnet", "convnext") for size in ("s", "m", "l")}
GMACS = {"s": 1.5, "m": 6.0, "l": 20.0}
STRATEGIES = {"clip": 0.0, "siglip": 0.01, "flip(mask_ratio=0.5)": -0.02, "slip": 0.015}
QUALITIES = {"unfiltered": 1.0, "best 50 %": 0.5, "best 25 %": 0.25}
SIZES = (1.0, 0.5, 0.25, 0.125)
POOL, LENGTHS, SEEDS = 40_000_000, 8, 3
SETS, METRICS = (
    ("made/test", "made/validation"),
    ("text_retrieval_recall_at_5", "image_retrieval_recall_at_5", "zeroshot_top1"),
)


def settings() -> Iterator[dict[str, Any]]:
    """The settings of the grid, one after the other: at most 3,456."""
    for length in range(LENGTHS):
        for quality, share in QUALITIES.items():
            for size in SIZES:
                for strategy in STRATEGIES:
                    for arch, (family, tower) in TOWERS.items():
                        seen = 1_000_000 * 3**length
                        yield {
                            "arch": arch, "family": family, "strategy": strategy.split("(")[0],
                            "strategy_label": strategy, "quality": quality, "quality_share": share, "size_share": size,
                            "unique_pairs": int(POOL * share * size), "samples_seen": seen,
                            "gmacs_per_sample": GMACS[tower], "train_flops": 6e9 * GMACS[tower] * seen,
                        }  # fmt: skip


def run(setting: dict[str, Any], number: int, chance: random.Random) -> dict[str, Any]:
    """One run of a setting, measured."""
    hours = setting["train_flops"] / 2e14 / 3600 * chance.uniform(0.9, 1.2)
    done = chance.random() > 1 / 30
    return {
        **setting, "run_id": f"r{chance.getrandbits(48):012x}", "setting": f"s{number // SEEDS}", "study": NAME,
        "source": "made", "pretrain_data": "made", "purpose": "study", "seed": number % SEEDS, "lr": 5e-4,
        "global_batch_size": 4096, "image_size": 224, "text_length": 77,
        "params_m": 20 * setting["gmacs_per_sample"] ** 0.7, "status": "completed" if done else "out_of_memory",
        "reason": None if done else "CUDA out of memory. Tried to allocate 2.00 GiB", "loss": chance.uniform(1, 4),
        "device_kind": "cuda", "gpu": "NVIDIA H100 80GB HBM3", "n_gpus": 8, "precision": "bf16",
        "samples_per_second": 8e3 / setting["gmacs_per_sample"] * chance.uniform(0.9, 1.1), "step_time_ms": 100.0,
        "data_wait_ms": chance.uniform(0, 20), "peak_memory_gib": chance.uniform(10, 70),
        "mfu": chance.uniform(0.2, 0.5), "gpu_hours": hours, "train_hours": 0.95 * hours,
        "energy_kwh": 0.6 * hours, "energy_source": "nvml", "predicted_gpu_hours": hours * chance.uniform(0.7, 1.4),
        "predicted_gpu_hours_low": 0.6 * hours, "predicted_gpu_hours_high": 1.6 * hours,
        "predicted_memory_gib": 40.0, "finished": "2026-01-01T00:00:00+00:00", "versions": '{"torch": "2.15.0"}',
    }  # fmt: skip


def scores(row: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    """The scores of a run: a power law of compute, moved by strategy, quality, repeats and noise."""
    repeats = max(row["samples_seen"] / row["unique_pairs"], 1.0)
    factor = (1.3 - 0.3 * row["quality_share"] ** -0.3) * repeats**0.03 * (1 - STRATEGIES[row["strategy_label"]])
    for dataset in SETS:
        for metric in METRICS:
            error = 30 * row["train_flops"] ** -0.095 * factor * chance.gauss(1, 0.01)
            value = min(max(1 - error, 0.001), 1.0)
            yield {"run_id": row["run_id"], "dataset": dataset, "metric": metric, "value": value, "n": 5000,
                   "chance": 0.001}  # fmt: skip


def make(results: Path, number_of: int) -> None:
    """The study's tables, its plan and its laws."""
    chance, grid = random.Random(0), list(settings())
    runs = [run(grid[number // SEEDS], number, chance) for number in range(min(number_of, SEEDS * len(grid)))]
    found = [score for row in runs if row["status"] == "completed" for score in scores(row, chance)]
    folder = results / NAME
    known = set(PLAN_COLUMNS)
    planned = [{name: value for name, value in row.items() if name in known} for row in runs]
    write_parquet(folder / "runs.parquet", pl.DataFrame(runs, schema=schema(RUNS_COLUMNS)))
    write_parquet(folder / "scores.parquet", pl.DataFrame(found, schema=schema(SCORES_COLUMNS)))
    write_parquet(folder / "plan.parquet", pl.DataFrame(planned, schema=schema(PLAN_COLUMNS)))
    write_json(folder / "plan.json", {"title": "A large study, made up", "baseline": "clip"})
    write_json(folder / "evaluation.json", {"sets": list(SETS)})
    fit(results, NAME, laws=["power"])


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print the seconds that its block took, and those of a processor, which others' work on the machine moves less."""
    start, used = time.perf_counter(), _processor()
    yield
    took = f"{time.perf_counter() - start:6.2f} s   {_processor() - used:6.2f} s of a processor"
    print(f"  {name:<28} {took}", flush=True)


def _processor() -> float:
    """Seconds of a processor that this process and those that it waited for have used."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def parts(results: Path) -> None:
    """Each part of a report in this process."""
    with timed("imports"):
        from study.lookup.sliders import planner
        from study.report import FIGURES
        from study.report.canvas import draw
        from study.report.findings import findings
        from study.report.render import tables
        from study.report.study import read_study
    with timed("tables read"):
        study = read_study(results, NAME)
    for name in ("settings", "compared", "strategy_cost"):
        with timed(name):
            getattr(study, name)
    for name in FIGURES.targets:
        with timed(f"figure {name}"):
            figure = FIGURES.load(name)
            points = figure.points(study)
            drawing = draw(name, figure, study, points) if points.height else None
        print(f"  {'':<28} {points.height:6,} points, {len(drawing.wide) if drawing else 0:,} bytes")
    with timed("tables made"):
        tables(study)
    with timed("findings"):
        list(findings(study))
    with timed("planner"):
        planner(results, NAME)


def whole(results: Path, out: Path) -> None:
    """The report as users make it."""
    command = [sys.executable, "-m", "study", "report", NAME, "--results", str(results), "--out", str(out)]
    with timed("study report, as a process"):
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    page = (out / NAME / "index.html").read_bytes()
    print(f"  {'page':<28} {len(page):,} bytes, {len(gzip.compress(page)):,} packed")


def main() -> None:
    """Make the study, time its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make results and reports there, and keep them")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        base = args.keep or Path(folder)
        make(base / "results", args.runs)
        print(f"{args.runs:,} runs")
        whole(base / "results", base / "reports")
        parts(base / "results")


if __name__ == "__main__":
    main()
