"""What the planner of a report page shows at first: its sliders' ends, its devices, and its data as text."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study.lookup.page import block

SHOWN = "h100"  # at first, of several GPUs


def planner(results: Path, name: str) -> dict[str, Any] | None:
    """The context of ``planner.html.j2``; none for a study without a score whose compute is known.

    Raises StorageError when the study was not collected.
    """
    data = block(results, name)
    if data is None or not data["settings"]:
        return None
    devices = list(data["costs"])
    shown = SHOWN if SHOWN in devices else devices[0]
    hours = [_hours(data, shown, one) for one in data["settings"]]
    needs = [one["needs"] for one in data["settings"] if one["needs"]]
    budget, pairs = _ends(hours), _ends(needs or [1.0])
    return {
        "dataset": data["dataset"],
        "gpus": data["gpus"],
        "devices": devices,
        "device": shown,
        "budget": {**budget, "value": (budget["least"] + budget["most"]) / 2},
        "pairs": pairs,
        "data": json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
    }


def _hours(data: dict[str, Any], device: str, setting: dict[str, Any]) -> float:
    rate, sharing = data["costs"][device][setting["config"]], data["beside"]
    return float(setting["train_flops"] / rate[0] / sharing[rate[3]][0] / 3600)


def _ends(values: Sequence[float]) -> dict[str, float]:
    """Log10 of the least and of ten times the most, outwards to tenths."""
    least, most = math.log10(min(values)), math.log10(max(values)) + 1
    return {"least": math.floor(10 * least) / 10, "most": math.ceil(10 * most) / 10}
