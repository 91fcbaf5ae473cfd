"""How long look-ups take: as a process from start to answer, and in Python once loaded; on many rows, too.

    python benchmarks/lookup.py                     # 100,000 rows in a folder of their own
    python benchmarks/lookup.py --rows 10000 --repeats 20
    python benchmarks/lookup.py --imports           # what the process spends on imports

The rows are those of a made-up study: settings of 40 towers, 5 strategies, 4 qualities, many lengths and 3 seeds, with
two scores each, and laws of its groups. The first look-up of a study writes its sheet, and is told apart.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import polars as pl

from study.fit.run import fit
from study.io import write_parquet
from study.lookup import Budget, lookup, prepare
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

SEEDS, STRATEGIES, QUALITIES, TOWERS = 3, 5, (1.0, 0.5, 0.25, 0.1), 40
METRICS = ("text_retrieval_recall_at_5", "zeroshot_top1")
QUESTIONS = {
    "GPU-hours on a device, a pool": ["--gpu-hours", "200", "--gpu", "h100", "--pairs", "50M"],
    "FLOPs": ["--budget", "1e19"],
    "nothing fits": ["--budget", "1"],
    "what a score costs": ["--target", "0.6", "--gpu", "h100"],
}


def make(results: Path, rows: int) -> None:
    """A study ``many`` with so many runs."""
    chance = random.Random(0)
    runs, scores = [], []
    for number in range(rows):
        setting, seed = divmod(number, SEEDS)
        tower, strategy = setting % TOWERS, setting // TOWERS % STRATEGIES
        share = QUALITIES[setting // (TOWERS * STRATEGIES) % len(QUALITIES)]
        each, seen = 1e9 * 1.12**tower, int(10 ** chance.uniform(6, 9))
        flops = each * seen
        error = 60 * flops**-0.1 * (1 + 0.05 * strategy) * (1.2 - 0.2 * share) * chance.uniform(0.98, 1.02)
        runs.append(
            {
                "run_id": f"r{number}", "setting": f"s{setting}", "study": "many", "source": "made",
                "pretrain_data": "made", "arch": f"vit_{tower}", "family": "vit", "strategy": f"strategy_{strategy}",
                "strategy_label": f"strategy_{strategy}", "purpose": "study", "quality": f"best {100 * share:g} %",
                "quality_share": share, "unique_pairs": int(1e8 * share), "samples_seen": seen, "seed": seed,
                "global_batch_size": 4096, "image_size": 224, "text_length": 77, "params_m": 5 * 1.1**tower,
                "train_flops": flops, "status": "completed",
            }
        )  # fmt: skip
        scores += [
            {
                "run_id": f"r{number}",
                "dataset": "made/test",
                "metric": metric,
                "value": max(0.001, 1 - error),
                "n": 1000,
            }
            for metric in METRICS
        ]
    write_parquet(results / "many" / "runs.parquet", pl.DataFrame(runs, schema=schema(RUNS_COLUMNS)))
    write_parquet(results / "many" / "scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))


def timed(call: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each of so many calls."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        found.append(1e3 * (time.perf_counter() - start))
    return found


def told(name: str, found: Sequence[float]) -> None:
    """A line: median, and 10 % to 90 %."""
    tenths = quantiles(found, n=10) if len(found) > 1 else [found[0]] * 9
    print(f"  {name:<32} {median(found):7.0f} ms   ({tenths[0]:.0f} to {tenths[8]:.0f}, n = {len(found)})")


def as_process(results: Path, study: str, question: Sequence[str]) -> None:
    """One look-up as users ask it; what it prints is thrown away."""
    command = [sys.executable, "-m", "study", "lookup", "--study", study, "--results", str(results), *question]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


def in_python(results: Path, study: str, question: Sequence[str]) -> None:
    """The same in this process."""
    given = dict(zip(question[::2], question[1::2], strict=True))
    budget = Budget("gpu_hours", float(given["--gpu-hours"])) if "--gpu-hours" in given else None
    budget = Budget("train_flops", float(given["--budget"])) if "--budget" in given else budget
    target = float(given["--target"]) if "--target" in given else None
    pairs = 5e7 if "--pairs" in given else None
    lookup(study, budget, results, gpu=given.get("--gpu"), pairs=pairs, target=target)


def measure(results: Path, study: str, repeats: int) -> None:
    """Every question to one study."""
    first = timed(lambda: prepare(results, study), 1)
    told(f"{study}: its sheet", first)
    for name, question in QUESTIONS.items():
        told(f"{name}: process", timed(lambda question=question: as_process(results, study, question), repeats))
        told(f"{name}: Python", timed(lambda question=question: in_python(results, study, question), repeats))


def main() -> None:
    """Make the rows, fit their laws, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--imports", action="store_true")
    args = parser.parse_args()
    with TemporaryDirectory() as folder:
        results = Path(folder)
        if args.imports:
            command = [
                sys.executable,
                "-X",
                "importtime",
                "-m",
                "study",
                "lookup",
                "--study",
                "published",
                "--budget",
                "1e20",
            ]
            subprocess.run([*command, "--results", folder], stdout=subprocess.DEVNULL, check=False)
            return
        measure(results, "published", args.repeats)
        make(results, args.rows)
        fit(results, "many", laws=["power"])
        print(f"{args.rows:,} rows")
        measure(results, "many", args.repeats)


if __name__ == "__main__":
    main()
