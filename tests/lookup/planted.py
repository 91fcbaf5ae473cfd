"""A made-up study whose laws are known: one of each form, with draws that nobody fitted. Writes the three tables."""

import json
import math
import random

import polars as pl

from study import io
from study.laws import LAWS
from study.records import LAWS_COLUMNS, RUNS_COLUMNS, SCORES_COLUMNS, schema

DATASET, METRIC = "made/test", "zeroshot_top1"
DRAWS = 39  # fewer than a page keeps; one is left out on either side
TOWERS = {"small": (20.0, 1e9), "large": (200.0, 1e10)}  # parameters in millions, training FLOPs a pair
SEEN = [3_000_000, 10_000_000, 30_000_000, 100_000_000]
POOLS = {"clean": (5_000_000, 0.5), "all": (40_000_000, 1.0)}  # pairs, and the share of a pool that they are
UNTRIED = "shifted_power", "clean"  # the law that no point was held out to try
# Parameters as laws are fitted, of errors that fall from about .8 to about .3
THETAS = {
    "power": (3.6, 0.1),
    "power_irreducible": (7.0, 0.2, math.log(0.2)),
    "shifted_power": (7.0, math.log(1e15), 0.2, math.log(0.2)),
    "chinchilla": (math.log(0.1), math.log(0.5), math.log(60.0), 0.3, 0.3),
    "repeated": (math.log(0.1), math.log(0.5), math.log(60.0), 0.3, 0.3, math.log(8.0)),
    "filtering": (math.log(60.0), 0.3, math.log(0.15), math.log(6.0)),
}


def runs():
    """A run for each tower, pool and length, with hours on a device where a length is the shortest."""
    rows = []
    for arch, (params, each) in TOWERS.items():
        for quality, (pairs, share) in POOLS.items():
            for seen in SEEN:
                name = f"{arch}-{quality}-{seen}"
                rows.append(
                    {
                        "run_id": name, "setting": name, "study": "planted", "source": "made", "pretrain_data": "made",
                        "arch": arch, "family": "vit", "strategy": "clip", "strategy_label": "clip",
                        "quality": quality, "quality_share": share, "unique_pairs": pairs, "samples_seen": seen,
                        "global_batch_size": 4096, "image_size": 224, "text_length": 77, "params_m": params,
                        "train_flops": each * seen, "status": "completed", "seed": 0, "purpose": "study",
                        **({"gpu": "NVIDIA H100 80GB HBM3", "device_kind": "cuda", "n_gpus": 8, "gpu_hours": 2.5,
                            "peak_memory_gib": 20.5 if arch == "large" else 12.5}
                           if seen == SEEN[0] else {}),
                    }
                )  # fmt: skip
    return rows


def error_of(row):
    inputs = {"params_m": row["params_m"], "samples_seen": row["samples_seen"], "unique_pairs": row["unique_pairs"]}
    return LAWS.load("repeated").error(THETAS["repeated"], inputs)


def write(folder):
    """The tables of the study in a folder of its name."""
    rows = runs()
    scores = [
        {"run_id": row["run_id"], "dataset": DATASET, "metric": METRIC, "value": 1 - error_of(row), "n": 1000}
        for row in rows
    ]
    io.write_parquet(folder / "runs.parquet", pl.DataFrame(rows, schema=schema(RUNS_COLUMNS)))
    io.write_parquet(folder / "scores.parquet", pl.DataFrame(scores, schema=schema(SCORES_COLUMNS)))
    laws = [_law(name, quality, rows) for name in THETAS for quality in POOLS]
    io.write_parquet(folder / "laws.parquet", pl.DataFrame(laws, schema=schema(LAWS_COLUMNS)))
    io.write_json(folder / "evaluation.json", {"sets": [DATASET]})
    return folder


def _law(name, quality, rows):
    law, chance = LAWS.load(name), random.Random(f"{name} {quality}")
    own = [row for row in rows if row["quality"] == quality and (name != "filtering" or row["arch"] == "small")]
    group = {"source": "made", "pretrain_data": "made", "family": "vit", "strategy_label": "clip", "quality": quality}
    if name == "filtering":
        group["arch"] = "small"
    draws = {
        "theta": list(THETAS[name]),
        "thetas": [[round(one * (1 + 0.01 * chance.gauss(0, 1)), 6) for one in THETAS[name]] for _ in range(DRAWS)],
        "noise": [round(0.02 * chance.gauss(0, 1), 6) for _ in range(DRAWS)],
        "drifts": [round(0.03 * chance.gauss(0, 1), 6) for _ in range(DRAWS)],
    }
    ranges = {one: (min(row[one] for row in own), max(row[one] for row in own)) for one in law.asked}
    return {
        "study": "planted", "law": name, "selection": law.selection, "dataset": DATASET, "metric": METRIC,
        "group": json.dumps(group), "x": f"{name}: {', '.join(law.inputs)}", "n_points": len(own), "n_runs": len(own),
        "n_tried": 0 if (name, quality) == UNTRIED else 6,
        "points_used": json.dumps([row["run_id"] for row in own]), "ranges": json.dumps(ranges), "preferred": True,
        "draws": json.dumps(draws), "coefficients": "{}",
        "intervals": "{}", "identified": "{}", "residuals": "{}", "points_left_out": "{}", "residual_std": 0.02,
        "x_min": min(ranges[law.inputs[0]]), "x_max": max(ranges[law.inputs[0]]), "y": "error",
    }  # fmt: skip
