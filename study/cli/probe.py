"""``study probe``: time a few steps of each configuration of a grid on this machine, for later plans to rest on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options
from study.cli.telling import say
from study.errors import ProbeError

if TYPE_CHECKING:
    from study.hardware import Gpu
    from study.plan.make import Plan
    from study.probe.run import Probed
    from study.probe.task import Task
    from study.probe.together import How

EXAMPLES = """\
  study probe grids/quickstart.yaml               some seconds for each configuration that was not probed yet
  study probe grids/quickstart.yaml --dry-run     what would be probed
  study probe grids/mine.yaml --device cuda:1 --again
Later plans rest on it: study plan grids/quickstart.yaml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is probed, where, and for how long."""
    parser.add_argument("grid", type=Path, metavar="GRID", help="the study's grid file")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    positive = options.at_least(1)
    parser.add_argument("--steps", type=positive, default=30, metavar="N", help="timed steps a phase (default 30)")
    parser.add_argument(
        "--limit", type=positive, default=30, metavar="SECONDS", help="most for a configuration's steps (default 30)"
    )
    parser.add_argument(
        "--at-once", type=positive, metavar="N", help="processes side by side (default: as many as the study will run)"
    )
    parser.add_argument(
        "--accelerate",
        action=argparse.BooleanOptionalAction,
        help="find out by turns whether TF32, torch.compile and CUDA graphs make steps faster (default: on a GPU)",
    )
    parser.add_argument("--again", action="store_true", help="probe what was probed before, too")
    parser.add_argument("--busy", action="store_true", help="probe although others use this machine")
    parser.add_argument("--dry-run", action="store_true", help="list the configurations, run nothing")
    options.hardware(parser)
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Probe; 1 where a configuration could not be timed."""
    from study.probe.configurations import tasks

    plan, gpus = _plan(args)
    every = tasks(plan)
    found = _listed(args, plan, every) if args.dry_run else _probed(args, plan, every, gpus)
    if args.json:
        print(json.dumps([_row(one) for one in found], indent=2))
    else:
        _show(found)
    return 1 if any(one.error for one in found) else 0


def _plan(args: argparse.Namespace) -> tuple[Plan, Sequence[Gpu]]:
    """The plan of the grid as it would be on the device at hand, and its GPUs."""
    from study.config.site import read_site, site_path
    from study.hardware import find
    from study.plan.make import Options, make
    from study.probe.at_hand import at_hand

    file = site_path(args.hardware)
    devices = read_site(file).devices
    device, gpus = at_hand(args.device, devices)
    plan = make(args.grid, args.results, Options(gpu=device.name, hardware=file), say)
    asked = plan.grid.file.hardware
    if asked is not None and find(asked.gpu, devices) != device:
        say(f"the grid is for {asked.gpu}; what is probed is {device.name}")
    return plan, gpus


def _probed(args: argparse.Namespace, plan: Plan, every: list[Task], gpus: Sequence[Gpu]) -> list[Probed]:
    from study.probe.busy import busy
    from study.probe.run import run as probe_all

    others = busy(gpus)
    if others and not args.busy:
        raise ProbeError(f"{others}, so steps would take longer than in a study of its own; wait, or add --busy")
    return probe_all(plan, every, lambda task: _how(args, plan, task), args.again, say)


def _how(args: argparse.Namespace, plan: Plan, task: Task) -> How:
    from study.probe.run import at_once
    from study.probe.together import How

    device = "cpu" if not task.job.gpus else "cuda" if args.device == "auto" else args.device
    accelerate = args.accelerate if args.accelerate is not None else bool(task.job.gpus)
    return How(device, at_once(task, len(plan.held.kept), args.at_once), args.steps, args.limit, accelerate)


def _listed(args: argparse.Namespace, plan: Plan, every: list[Task]) -> list[Probed]:
    from study.probe.run import Probed, known

    before = [known(task, _how(args, plan, task)) for task in every]
    return [Probed(task, probe, kept=probe is not None) for task, probe in zip(every, before, strict=True)]


def _row(one: Probed) -> dict[str, object]:
    probe = one.probe.model_dump(mode="json") if one.probe else None
    return {"configuration": one.task.words, "key": one.task.key, "kept": one.kept, "error": one.error, "probe": probe}


def _show(found: list[Probed]) -> None:
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("configuration", "at once", "step ms (10 % to 90 %)", "pairs/s", "start s", "scoring s", ""):
        table.add_column(title, no_wrap=True)
    for one in found:
        table.add_row(*_cells(one))
    console = table_console(highlight=True)
    console.print(table)
    console.print("kept in results/probes; pairs/s and seconds are of one process", highlight=False)


def _cells(one: Probed) -> tuple[str, ...]:
    if one.probe is None:
        return (one.task.words, "", "", "", "", "", one.error or "to be probed")
    probe = one.probe
    steps = [f"{p.step_time_ms:.3g} ({p.step_time_ms_p10:.3g} to {p.step_time_ms_p90:.3g})" for p in probe.phases]
    seconds = sum(phase.samples / probe.global_batch_size * phase.step_time_ms / 1e3 for phase in probe.phases)
    rate = f"{sum(phase.samples for phase in probe.phases) / seconds:,.0f}"
    start = "" if probe.start_up_seconds is None else f"{probe.start_up_seconds:.1f}"
    scoring = f"{sum(probe.evaluation_seconds.values()):.1f}" if probe.evaluation_seconds else ""
    state = ", ".join((*probe.accelerations, *(["probed before"] if one.kept else [])))
    return (one.task.words, str(probe.at_once), ", ".join(steps), rate, start, scoring, state)
