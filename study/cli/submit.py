"""``study submit``: hand over all that a study lacks, and a last job that collects, fits and reports."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.cli import options
from study.errors import INTERRUPTED_CODE

if TYPE_CHECKING:
    from study.cli.submit_jobs import StudyJobs
    from study.launch import Job, Launcher, Request, Update
    from study.launch.settings import Settings

EXAMPLES = """\
  study submit grids/mine.yaml                           on Slurm, by profiles/slurm/config.yaml; returns at once
  study submit grids/mine.yaml --partition gpu --account my-lab
  study submit grids/mine.yaml --extra=--reservation=mine     options of sbatch, after an equals sign
  study submit grids/mine.yaml --dry-run                 what would be submitted, and what still runs
  study submit grids/mine.yaml --launcher local          processes of this machine; stays until the last has ended
The same command again submits what is missing by then; so does snakemake, which picks up jobs that still run.
When all runs have ended, however they did, a last job makes the report. Follow it with: study status mine"""

FLAGS = {  # metavars by setting
    "launcher": "NAME",
    "partition": "NAME",
    "account": "NAME",
    "qos": "NAME",
    "constraint": "FEATURES",
    "longest_minutes": "N",
    "extra": "OPTIONS",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The grid, and where its jobs run."""
    from study.launch.profile import PROFILE
    from study.launch.settings import Settings

    parser.add_argument("grid", type=Path, metavar="GRID", help="the study's grid file")
    for name, metavar in FLAGS.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, metavar=metavar, help=Settings.model_fields[name].description)
    parser.add_argument(
        "--profile", type=Path, metavar="FILE", help=f"settings submitit-* of snakemake (default: {PROFILE}, if there)"
    )
    parser.add_argument("--dry-run", action="store_true", help="plan, submit nothing")
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), metavar="DIR", help="where the report goes (default reports)"
    )
    options.hardware(parser)
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, submit, and leave; a launcher whose jobs end with this process stays."""
    settings = _settings(args)
    if code := _plan(args):
        return code
    from study.cli.submit_jobs import StudyJobs
    from study.launch import open_launcher
    from study.plan.table import StudyTable

    table = StudyTable(args.results, args.grid.stem)
    jobs = StudyJobs(table, args.reports, settings)
    options_of_all = settings.options.model_copy(update={"in_flight": None})  # nobody stays to hand over the rest
    with open_launcher(settings.launcher, jobs.folder, table.name, options_of_all) as launcher:
        before = {job.key for job in launcher.jobs}
        due = [jobs.run(run_id) for run_id in jobs.due()]
        told = [] if args.dry_run else _submit(launcher, jobs, due, before)
        failed = [update for update in told if update.reason is not None]
        refused = {update.job.key for update in failed if update.job.id is None}
        taken = [request for request in due if request.key not in refused]
        _show(args, len(table.run_ids) - len(due), taken, before, launcher.jobs, len(due) - len(taken))
        left_behind = 0 if args.dry_run else _left_behind(launcher)
        if not (args.dry_run or launcher.may_leave):
            failed += _stay(launcher)
    for message in _once_each(failed):
        print(message, file=sys.stderr)
    return 1 if failed else INTERRUPTED_CODE if left_behind else 0


def _settings(args: argparse.Namespace) -> Settings:
    """Of the profile, and of the command line before it."""
    from study.launch.profile import profile
    from study.launch.settings import Settings

    given = {name: getattr(args, name) for name in FLAGS if getattr(args, name) is not None}
    return Settings.of({**profile(args.profile), **given})


def _plan(args: argparse.Namespace) -> int:
    """In a process of its own: what it loads is not held while jobs run."""
    command = [sys.executable, "-m", "study", "plan", str(args.grid), f"--results={args.results}"]
    more = [f"--hardware={args.hardware}"] if args.hardware else []
    return subprocess.run([*command, *more, "--quiet", "--runnable"], stdout=sys.stderr, check=False).returncode


def _submit(launcher: Launcher, jobs: StudyJobs, due: Sequence[Request], before: set[str]) -> list[Update]:
    """Hand over what is due, and a last job for all of it in place of an earlier one; what came of that at once."""
    earlier = [job for job in launcher.jobs if job.key.startswith(jobs.last_key)]
    is_new = any(request.key not in before for request in due)
    launcher.submit(due)
    if is_new or not (earlier or (jobs.page.exists() and not due)):
        launcher.cancel(earlier)
        launcher.submit([jobs.last([request.key for request in due])])
    left = len(launcher.jobs) + 1
    while 0 < (waiting := sum(job.id is None for job in launcher.jobs)) < left:
        left = waiting
        launcher.submit([])  # what comes after others, which have been handed over meanwhile
    return launcher.poll()


def _left_behind(launcher: Launcher) -> int:
    """Jobs that are not known to be taken, which nobody stays to hand over; says how many."""
    count = sum(job.id is None for job in launcher.jobs) if launcher.may_leave else 0
    if count:
        print(f"{count} jobs could not be handed over now; run the same command again", file=sys.stderr)
    return count


def _once_each(failed: Sequence[Update]) -> Iterator[str]:
    """Messages; that a whole study is refused, for a partition that does not exist, is said once."""
    alike: dict[object, list[Update]] = {}
    for update in failed:
        alike.setdefault(update.detail if update.job.id is None else update.job, []).append(update)
    for first, *others in alike.values():
        yield first.message + (f" (so do {len(others)} more, for the same reason)" if others else "")


def _show(
    args: argparse.Namespace, done: int, due: Sequence[Request], before: set[str], active: Sequence[Job], refused: int
) -> None:
    """What is done, what ran before, what is new."""
    jobs = {job.key: job for job in active}

    def row(request: Request) -> dict[str, Any]:
        job = jobs.get(request.key)
        return {"name": request.name, "job": job.id if job else None, "log": str(request.log)}

    running = [row(request) for request in due if request.key in before]
    new = [row(request) for request in due if request.key not in before]
    if args.json:
        counts = {"study": args.grid.stem, "done": done, "refused": refused}
        print(json.dumps({**counts, "running": running, "submitted": new}, indent=2))
        return
    verb = "to submit" if args.dry_run else "submitted"
    for word, rows in (("still running", running), (verb, new)):
        for one in rows:
            print(f"{word}: {one['name']}" + (f" (job {one['job']})" if one["job"] else ""))
    runs = {request.key for request in due}
    for job in active:
        if job.id and job.key not in runs | before:  # the last job
            print(f"{verb}: {job.name} (job {job.id})")
    more = f", {refused} refused" if refused else ""
    print(f"{args.grid.stem}: {done} runs done, {len(running)} still running, {len(new)} {verb}{more}", flush=True)


def _stay(launcher: Launcher) -> list[Update]:
    """Until the last job has ended; those that failed."""
    if launcher.active:
        print("jobs run as long as this process does; Ctrl-C saves and ends them", file=sys.stderr, flush=True)
    failed = []
    while launcher.active:
        for update in launcher.poll():
            print(update.message.splitlines()[0], file=sys.stderr, flush=True)
            failed += [update] if update.reason is not None else []
        time.sleep(1)
    return failed
