"""What the planner of a report page computes with: settings, laws with fewer draws, and costs, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.hardware import DEVICES, Device
from study.laws.curve import Curve
from study.lookup import words
from study.lookup.candidates import COMPUTE, Told, told
from study.lookup.cost import OnDevice, Row, a_sample
from study.lookup.measured import ROWS
from study.lookup.question import GPUS, Question
from study.lookup.store import Sheet, open_sheet
from study.predict import Rates

DRAWS = 139  # of a law on a page: the seventh on each side are the bounds of 90 %
SETTINGS = 400  # on a page, at most: the best for their compute and pool
DIGITS = 5


def block(results: Path, name: str) -> dict[str, Any] | None:
    """All that ``planner.js`` needs to answer for a study as ``lookup`` does; none where it has no score.

    Raises StorageError when it was not collected.
    """
    with open_sheet(results, name) as sheet:
        dataset, metric = sheet.facts["headline"]
        target = sheet.target(dataset, metric)
        if target is None:
            return None
        settings = _settings(sheet, target)
        laws = list(told(sheet, target, Question(target=0.5)))
        configs = _Configs([*settings, *(point for law in laws for point in law.points)])
        cpu = {row["device"] for row in settings if row["device"]} == {"cpu"}
        devices = [device for device in DEVICES.values() if device.is_cpu == cpu]
        return {
            "study": name,
            "dataset": dataset,
            "metric": metric,
            "gpus": 0 if cpu else GPUS,
            "settings": [_setting(row, configs) for row in settings],
            "laws": [_law(law, configs) for law in laws],
            **_costs(configs.rows, devices, results),
        }


class _Configs:
    """The distinct configurations of settings, numbered: what the hours of a FLOP depend on."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows: list[Row] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        for row in rows:
            if self._key(row) not in self._numbers:
                self._numbers[self._key(row)] = len(self.rows)
                self.rows.append(row)

    def number(self, row: Row) -> int:
        return self._numbers[self._key(row)]

    def _key(self, row: Row) -> tuple[Any, ...]:
        return row["config"], row["unique_pairs"]


def _costs(rows: Sequence[Row], devices: Sequence[Device], results: Path) -> dict[str, Any]:
    """``costs``: for each device and configuration its speed and a place in ``beside``, which many of them share."""
    costs: dict[str, list[list[float]]] = {}
    beside: dict[tuple[float, ...], int] = {}
    for device in devices:
        on = OnDevice(device, 0 if device.is_cpu else GPUS, results)
        known = [found for row in rows if (found := on.rates(row))]
        costs[device.name] = [[*_speed(one), beside.setdefault(tuple(_beside(one)), len(beside))] for one in known]
    return {"costs": costs, "beside": list(beside)}


def _settings(sheet: Sheet, target: int) -> list[dict[str, Any]]:
    """Those that few others beat for as little compute and as small a pool, best first."""
    rows = sheet.select(f"SELECT * FROM {ROWS} WHERE t.target = :target ORDER BY t.place", {"target": target})
    known = [row for row in rows if row["train_flops"] and row["samples_seen"]]
    if len(known) <= SETTINGS:
        return known
    kept: list[dict[str, Any]] = []
    for row in known:
        better = sum(one["train_flops"] <= row["train_flops"] and _needs(one) <= _needs(row) for one in kept)
        if better < BEATEN and len(kept) < SETTINGS:
            kept.append(row)
    return kept


BEATEN = 5  # by so many settings: not on the page


def _needs(row: Row) -> float:
    return math.inf if row["needs"] is None else float(row["needs"])


def _setting(row: Row, configs: _Configs) -> dict[str, Any]:
    hours = [row["gpu_hours"], row["hours_low"], row["hours_high"]] if row["gpu_hours"] is not None else None
    return {
        "label": words.of_setting(row),
        "score": row["score"],
        "low": row["low"],
        "high": row["high"],
        "n": row["n"],
        "needs": row["needs"],
        "train_flops": row["train_flops"],
        "samples_seen": row["samples_seen"],
        "global_batch_size": row["global_batch_size"],
        "config": configs.number(row),
        "device": row["device"],
        "hours": hours,
        "note": row["other_settings"],
    }


def _law(law: Told, configs: _Configs) -> dict[str, Any]:
    curve = law.curve
    draws = thinned(curve)
    return {
        "label": law.label,
        "law": law.row["law"],
        "inputs": list(curve.law.inputs),
        "n": law.row["n_runs"],
        "theta": list(curve.theta),
        "draws": [[*map(_short, curve.thetas[at]), _short(curve.noise[at]), _short(curve.drifts[at])] for at in draws],
        "ranges": dict(curve.ranges),
        "provisional": curve.provisional,
        "caution": curve.caution,
        "points": [_point(point, configs) for point in law.points],
    }


def _point(point: Row, configs: _Configs) -> dict[str, Any]:
    return {
        "train_flops": point[COMPUTE],
        "a_sample": a_sample(point),
        "unique_pairs": point["unique_pairs"],
        "share": point["quality_share"] or 1.0,
        "params_m": point["params_m"],
        "global_batch_size": point["global_batch_size"],
        "nearest": words.of_nearest(point),
        "config": configs.number(point),
    }


def thinned(curve: Curve, most: int = DRAWS) -> list[int]:
    """Places of draws that stand for all: every so many in the order of their errors in the middle of the points."""
    if len(curve.thetas) <= most:
        return list(range(len(curve.thetas)))
    middle = {name: math.sqrt(least * largest) for name, (least, largest) in curve.ranges.items()}
    draws = zip(curve.thetas, curve.noise, strict=True)
    errors = [float(curve.law.error(theta, middle)) * math.exp(noise) for theta, noise in draws]
    order = sorted(range(len(errors)), key=errors.__getitem__)
    return [order[int((place + 0.5) * len(order) / most)] for place in range(most)]


def _speed(found: Rates) -> list[float]:
    """FLOPs a second on one of ``sharing``: value, low and high."""
    return [_short(one) for one in (found.speed.value, found.speed.low, found.speed.high)]


def _beside(found: Rates) -> list[float]:
    """Sharing and held; then seconds, value, low and high each: of data a sample, the start-up, a checkpoint."""
    parts = (found.data, found.start_up, found.checkpoint)
    return [found.sharing, found.held, *(_short(one) for part in parts for one in part)]


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
