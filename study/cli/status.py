"""``study status``: what a study has spent, how far its runs are, and when it should end."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from study.cli import options
from study.errors import PlanError, StorageError

EXAMPLES = """\
  study status                      every study, a line each
  study status quickstart           while snakemake runs, or after
  study status grids/quickstart.yaml --json
  watch -n 5 study status quickstart
Spent is what the study's own processes took, scoring included, whatever became of their runs. Reads files only."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the study and where results live."""
    parser.add_argument("study", nargs="?", metavar="GRID|STUDY", help="one study (default: a line for each)")
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Say how things stand; that is never an error."""
    from study.clock import utc_now
    from study.plan.status import status

    told = [status(args.results, name, utc_now()) | _jobs(args.results / name) for name in _names(args)]
    if args.json:
        print(json.dumps(told[0] if args.study else told, indent=2))
    elif args.study:
        _show(told[0])
    else:
        for one in told:
            print(f"{one['study']}: {_runs(one)}")
    return 0


def _names(args: argparse.Namespace) -> list[str]:
    from study.plan.status import studies
    from study.registry import unknown_name

    known = studies(args.results)
    if not known:
        raise PlanError(f"no study is planned in {args.results}; plan one: study plan grids/NAME.yaml")
    if args.study and Path(args.study).stem not in known:
        raise unknown_name(f"study in {args.results}", Path(args.study).stem, known)
    return [Path(args.study).stem] if args.study else known


def _jobs(folder: Path) -> dict[str, Any]:
    """Jobs by the folder of the run that they are for, and the report's; none where no launcher worked here."""
    from study.launch.noted import noted

    try:
        jobs = noted(folder / "jobs")
    except StorageError as error:
        return {"jobs": {}, "restarts": {}, "jobs_unknown": str(error)}
    found = {Path(one.job.key).parents[1].name: one for one in jobs if one.job.id is not None}
    return {
        "jobs": {name: one.job.id for name, one in found.items()},
        "restarts": {name: one.restarts for name, one in found.items() if one.restarts},
    }


def _show(told: dict[str, Any]) -> None:
    from study.summary.skipped import said

    print(f"{told['study']}: {_runs(told)}")
    if told["jobs"]:
        arrays = sorted({id.partition("_")[0] for id in told["jobs"].values()}, key=lambda id: (len(id), id))
        again = f", {len(told['restarts'])} of them started again by Slurm" if told["restarts"] else ""
        print(f"submitted, and not known to have ended: {len(told['jobs'])} jobs ({', '.join(arrays)}){again}")
    if told["skipped"]:
        print(f"could not be read: {said(told['skipped'])}")
    for line in (*_spent(told), *_under_way(told), *_outlook(told)):
        print(line)


def _runs(told: dict[str, Any]) -> str:
    parts = [f"{told['completed']} completed", f"{told['running']} running", f"{told['waiting']} waiting"]
    parts += [f"{count} {name.replace('_', ' ')}" for name, count in told["failed"].items()]
    parts += [f"{told['left_out']} more left out by the limit"] if told["left_out"] else []
    return f"{_count(told['runs'])}: {', '.join(parts)}"


def _spent(told: dict[str, Any]) -> Iterator[str]:
    from study.ledger import cap_line

    sums, unit = (told["spent"], told["reserved"]), told["unit"]
    for word, one in zip(("spent", "reserved by runs under way"), sums, strict=True):
        dollars = f", ${one['dollars']:,.2f}" if one["dollars"] else ""
        if one["gpu_hours"] or word == "spent":
            yield f"{word}: {one['gpu_hours']:,.4g} {unit}, {one['kwh']:,.4g} kWh{dollars}"
    if told["reused"]["runs"]:
        took = f"{told['reused']['gpu_hours']:,.4g} {unit}"
        yield f"reused: {_count(told['reused']['runs'])}, which took {took} when made"
    for name, cap in told["budget"].items():
        yield cap_line(name, cap["cap"], {"spent": cap["spent"], "reserved": cap["reserved"]})
    if told["kept_waiting"]:
        yield f"kept from starting by the limit: {_count(told['kept_waiting'])}; raise it and run snakemake again"


def _under_way(told: dict[str, Any]) -> Iterator[str]:
    for run in told["under_way"]:
        share = run["samples_done"] / run["samples_seen"]
        job = f", job {told['jobs'][run['run_id']]}" if run["run_id"] in told["jobs"] else ""
        job += f" (start {told['restarts'][run['run_id']] + 1})" if run["run_id"] in told["restarts"] else ""
        yield (
            f"  {run['run_id']}  {run['arch']}, {run['strategy']}, seed {run['seed']}: {run['samples_done']:,} of "
            f"{run['samples_seen']:,} samples ({share:.0%}), about {_hours(run['left_hours'])} left{job}"
        )


def _outlook(told: dict[str, Any]) -> Iterator[str]:
    measured = told["measured_over_predicted"]
    so_far = f", {measured['factor']:.2f} times what was predicted, by {_count(measured['runs'])} so far"
    basis = so_far if measured["runs"] else ""
    if told["left_gpu_hours"]:
        yield f"to do: {told['left_gpu_hours']:,.4g} {told['unit']}{basis}"
    if told["ends"]:
        until = datetime.fromisoformat(told["ends"]).astimezone().strftime("%Y-%m-%d %H:%M")
        yield f"should end in {_hours(told['left_hours'])}, at {until}, with what is at work now"
    elif told["left_gpu_hours"]:
        yield "nothing is running, so there is no telling when it ends"


def _count(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs:,} runs"


def _hours(value: float) -> str:
    if value * 60 < 1:
        return f"{value * 3600:.0f} s"
    return f"{value * 60:.0f} min" if value < 1 else f"{value:,.1f} h"
