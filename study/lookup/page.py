"""What the planner of a report page computes with: settings, laws with their draws, and costs, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from study.hardware import DEVICES
from study.lookup import words
from study.lookup.apart import told_apart
from study.lookup.configs import Configs, costs, rounded
from study.lookup.cost import Row, a_sample
from study.lookup.kept import kept
from study.lookup.question import Question
from study.lookup.store import open_sheet
from study.lookup.told import COMPUTE, Told, share, told


def block(results: Path, name: str) -> dict[str, Any] | None:
    """All that ``planner.js`` needs to answer for a study as ``lookup`` does; none where it has no score.

    Raises StorageError when it was not collected.
    """
    with open_sheet(results, name) as sheet:
        dataset, metric = sheet.facts["headline"]
        target = sheet.target(dataset, metric)
        if target is None:
            return None
        settings = kept(sheet, target)
        laws = told_apart(list(told(sheet, target, Question(target=0.5))))
        configs = Configs([*settings, *(point for law in laws for point in law.points)])
        cpu = {row["device"] for row in settings if row["device"]} == {"cpu"}
        devices = [device for device in DEVICES.values() if device.is_cpu == cpu]
        return {
            "study": name,
            "dataset": dataset,
            "metric": metric,
            "settings": [_setting(row, configs) for row in settings],
            "laws": [_law(law, configs) for law in laws],
            **costs(configs.rows, devices, results),
        }


def _setting(row: Row, configs: Configs) -> dict[str, Any]:
    hours = [row["gpu_hours"], row["hours_low"], row["hours_high"]] if row["gpu_hours"] is not None else None
    same = ("score", "low", "high", "n", "needs", "train_flops", "samples_seen", "unique_pairs", "global_batch_size")
    return {
        "label": words.of_setting(row),
        "strategy": row["strategy_label"],
        "quality": row["quality"],
        **{name: row[name] for name in same},
        **_ran(row),
        "config": configs.number(row),
        "hours": hours,
        "note": row["other_settings"],
    }


def _ran(row: Row) -> dict[str, Any]:
    """Where a setting ran, and what it held there."""
    memory = None if row["memory_gib"] is None else [rounded(row["memory_gib"]), row["memory_from"]]
    return {"device": row["device"], "gpus": row["n_gpus"], "memory": memory}


def _law(law: Told, configs: Configs) -> dict[str, Any]:
    curve = law.curve
    draws = zip(curve.thetas, curve.noise, curve.drifts, strict=True)
    return {
        "label": law.label,
        "strategy": _same(law, "strategy_label"),
        "quality": _same(law, "quality"),
        "law": law.row["law"],
        "inputs": list(curve.law.inputs),
        "n": law.row["n_runs"],
        "tried": law.tried,
        "theta": list(curve.theta),
        "draws": [[*map(rounded, theta), rounded(noise), rounded(drift)] for theta, noise, drift in draws],
        "ranges": dict(curve.ranges),
        "provisional": curve.provisional,
        "caution": curve.caution,
        "points": [_point(law, point, configs) for point in law.points],
    }


def _same(law: Told, column: str) -> str | None:
    """What all settings of a law have there; none where they differ."""
    found = {row[column] for row in law.points}
    return found.pop() if len(found) == 1 else None


def _point(law: Told, point: Row, configs: Configs) -> dict[str, Any]:
    return {
        "train_flops": point[COMPUTE],
        "until": law.until[point["id"]],
        "a_sample": a_sample(point),
        "unique_pairs": point["unique_pairs"],
        "share": share(point),
        "params_m": point["params_m"],
        "global_batch_size": point["global_batch_size"],
        "nearest": words.of_nearest(point),
        **_ran(point),
        "config": configs.number(point),
    }
