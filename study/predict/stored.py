"""What was measured under a results folder, kept as one file a device, so that a look-up need not read every run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from study.errors import StorageError
from study.hardware import DEVICES, Device
from study.io import read_json, write_json
from study.predict.evidence import Ladder
from study.predict.overheads import OverheadLadders
from study.predict.time import Evidence

READ = ("*/plan.parquet", "*/runs.parquet", "probes/*.json")  # what says that there is something new
FORM = 1  # of the file


def stored_evidence(results: Path, device: Device) -> Evidence:
    """What runs and probes under ``results`` took on a device; made anew when studies or probes changed."""
    files = list(_files(results))
    if not files:
        return Evidence.of(())
    path, stamp = results / "cache" / "measured" / f"{device.name}.json", [FORM, device.driver_name, *files]
    kept = _read(path)
    if kept.get("stamp") != stamp:
        kept = {"stamp": stamp, "ladders": _everything(results, device)}
        with suppress(StorageError):  # a folder that may only be read answers all the same, slower
            write_json(path, kept)
    return _restored(kept["ladders"])


def _files(results: Path) -> Iterator[list[Any]]:
    for pattern in READ:
        for path in sorted(results.glob(pattern)):
            at = path.stat()
            yield [str(path.relative_to(results)), at.st_size, at.st_mtime_ns]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path) if path.exists() else None
    except StorageError:
        return {}
    return found if isinstance(found, dict) else {}


def _everything(results: Path, device: Device) -> dict[str, Any]:
    from study.predict.measured import everything_measured  # loads polars and pydantic

    measured = everything_measured(results, {**DEVICES, device.name: device})
    known = Evidence.of(one for one in measured if one.job.device == device.name)
    beside = known.overheads
    return {
        "speed": known.speed.stored(),
        "start_up": beside.start_up.stored(),
        "data": beside.data.stored(),
        "checkpoints": beside.checkpoints.stored(),
    }


def _restored(ladders: dict[str, Any]) -> Evidence:
    """Without the evaluation, which depends on what a study is scored on."""
    empty = Evidence.of(())
    beside = empty.overheads
    return Evidence(
        Ladder.restored(empty.speed.rungs, ladders["speed"]),
        OverheadLadders(
            start_up=Ladder.restored(beside.start_up.rungs, ladders["start_up"]),
            data=Ladder.restored(beside.data.rungs, ladders["data"]),
            checkpoints=Ladder.restored(beside.checkpoints.rungs, ladders["checkpoints"]),
            evaluation={},
        ),
    )
