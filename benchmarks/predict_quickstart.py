"""Predicted against measured time of a whole study after a probe: start-up, steps, checkpoints, scoring.

    python benchmarks/predict_quickstart.py
    python benchmarks/predict_quickstart.py --grid grids/quickstart_strategies.yaml --cores 2 --results DIR --json

Probes the grid, plans it, runs it by Snakemake on all cores, then compares sums over its runs. Nobody else should use
the machine meanwhile. The results folder must be new: a run that is there already would be evidence for itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from study.hardware import cpu_threads
from study.io import read_json
from study.plan.table import StudyTable


def study(*arguments: str | Path) -> float:
    """Run a command of the program; how many seconds it took."""
    return _run([sys.executable, "-m", "study", *map(str, arguments)])


def _run(command: list[str]) -> float:
    print("$", *command, file=sys.stderr, flush=True)
    begun = time.monotonic()
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return time.monotonic() - begun


def planned(results: Path, name: str) -> dict[str, dict[str, Any]]:
    """Rows of the plan by run id."""
    return {row["run_id"]: row for row in StudyTable(results, name).rows.iter_rows(named=True)}


def measured_seconds(run: Path) -> float:
    """What a run took from the start of its process to its end, scoring included."""
    scores = read_json(run / "scores.json")["settings"]
    return float(
        3600 * read_json(run / "outcome.json")["cost"]["gpu_hours"] + sum(s["seconds"] for s in scores.values())
    )


def compared(results: Path, name: str, before: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Sums over all runs, predicted and measured, and how far single runs are off."""
    took = {run_id: measured_seconds(results / "runs" / run_id) for run_id in before}
    seconds = {key: 3600 * sum(row[key] for row in before.values()) for key in _HOURS}
    ratios = [3600 * row["predicted_gpu_hours"] / took[run_id] for run_id, row in before.items()]
    total = sum(took.values())
    return {
        "runs": len(took),
        "predicted_seconds": seconds[_HOURS[0]],
        "predicted_seconds_low": seconds[_HOURS[1]],
        "predicted_seconds_high": seconds[_HOURS[2]],
        "measured_seconds": total,
        "predicted_over_measured": seconds[_HOURS[0]] / total,
        "of_single_runs": {"median": median(ratios), "least": min(ratios), "most": max(ratios)},
        "within_20_percent": abs(seconds[_HOURS[0]] / total - 1) <= 0.2,
        "evidence": sorted({row["prediction_evidence"] for row in before.values()}),
    }


_HOURS = ("predicted_gpu_hours", "predicted_gpu_hours_low", "predicted_gpu_hours_high")


def main() -> None:
    """Probe, plan, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", type=Path, default=Path("grids/quickstart.yaml"))
    parser.add_argument("--cores", type=int, default=cpu_threads(), help="that Snakemake may use (default: all)")
    parser.add_argument("--results", type=Path, help="a new folder (default: a temporary one)")
    parser.add_argument("--busy", action="store_true", help="probe although others use the machine")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = args.results or Path(mkdtemp(prefix="predict-"))
    if (results / "runs").exists():
        raise SystemExit(f"{results} has runs already; name a new folder")
    study("plan", args.grid, "--results", results, "--quiet")
    without = 3600 * sum(row[_HOURS[0]] for row in planned(results, args.grid.stem).values())
    probing = study("probe", args.grid, "--results", results, *(["--busy"] if args.busy else []))
    study("plan", args.grid, "--results", results)
    before = planned(results, args.grid.stem)
    config = [f"grid={args.grid}", f"results={results}", f"reports={results / 'reports'}"]
    snakemake = [sys.executable, "-m", "snakemake", "--cores", str(args.cores), "--config", *config]
    wall = _run(snakemake)
    found = {
        **compared(results, args.grid.stem, before),
        "predicted_seconds_without_a_probe": without,
        "probe_seconds": probing,
        "snakemake_seconds": wall,
        "predicted_on_all_cores_seconds": 3600 * sum(r[_HOURS[0]] * r["threads"] for r in before.values()) / args.cores,
    }
    print(json.dumps(found, indent=2) if args.json else _words(found))


def _words(found: dict[str, Any]) -> str:
    single = found["of_single_runs"]
    return "\n".join(
        [
            f"runs                         {found['runs']}",
            f"measured                     {found['measured_seconds']:.0f} s of processes, start to end with scoring",
            f"predicted after the probe    {found['predicted_seconds']:.0f} s "
            f"({found['predicted_seconds_low']:.0f} to {found['predicted_seconds_high']:.0f})",
            f"predicted over measured      {found['predicted_over_measured']:.3f}",
            f"of single runs               {single['median']:.3f} ({single['least']:.3f} to {single['most']:.3f})",
            f"predicted without a probe    {found['predicted_seconds_without_a_probe']:.0f} s",
            f"the probe took               {found['probe_seconds']:.0f} s",
            f"Snakemake took               {found['snakemake_seconds']:.0f} s, report included",
            f"predicted on all cores       {found['predicted_on_all_cores_seconds']:.0f} s, runs alone",
            f"within 20 %                  {'yes' if found['within_20_percent'] else 'NO'}",
        ]
    )


if __name__ == "__main__":
    main()
