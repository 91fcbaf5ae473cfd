"""A thousand jobs in flight, and ten thousand planned runs, on a Slurm that this starts and stops.

    python -m benchmarks.submission                      # as root, with the packages of docs/cluster.md; ten minutes
    python -m benchmarks.submission --array 101          # arrays of at most 100 jobs
    python -m benchmarks.submission --jobs 0             # only the planned runs
    python -m benchmarks.submission --planned 0 --watch 30

Jobs sleep. Eight of them run, the others wait. Peak memory is that of the one process that submits and watches, CPU
seconds are its own, and questions are calls of sacct and squeue.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.planning import grid, small
from study.launch import Options, Request, Resources, open_launcher
from tests.slurm.cluster import Cluster, started, wait_for

ROOT = Path(__file__).parents[1]
QUESTIONS, PROGRAMS = ("sacct", "squeue"), ("sacct", "squeue", "sbatch", "scancel", "scontrol", "sinfo")
PATIENCE = 900.0
SETTINGS = {"MaxJobCount": "50000"}
WORKFLOW = """\
rule all:
    input: expand("{{job}}.made", job=range({jobs}))
rule sleep:
    output: "{{job}}.made"
    resources: runtime=30, mem_mb=500
    shell: "sleep 900; touch {{output}}"
"""


def own_launcher(folder: Path, jobs: int, watch: float) -> None:
    """In a process of its own: submit, watch, cancel; prints what it took."""
    asked = Resources(runtime=30, mem_mb=50)
    requests = [
        Request(key=str(n), name=f"job {n}", command=("sleep", "900"), log=folder / f"logs/{n}.log", resources=asked)
        for n in range(jobs)
    ]
    with open_launcher("slurm", folder / "jobs", "bench", Options()) as launcher:
        begun = time.perf_counter()
        launcher.submit(requests)
        submitted, cpu = time.perf_counter() - begun, time.process_time()
        end = time.monotonic() + watch
        while time.monotonic() < end:
            launcher.poll()
            time.sleep(1)
        cpu = time.process_time() - cpu
        begun = time.perf_counter()
        launcher.cancel(launcher.jobs)
        while launcher.active:
            launcher.poll()
            time.sleep(1)
        cancelled = time.perf_counter() - begun
    row("submission", f"{submitted:.2f} s")
    row(f"CPU of watching for {watch:g} s", f"{cpu:.2f} s")
    row("cancelling, until all ends are known", f"{cancelled:.1f} s")
    row("peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def row(name: str, value: str) -> None:
    """A line of the table."""
    print(f"  {name:44} {value}", flush=True)


def own_process(cluster: Cluster, folder: Path, jobs: int, watch: float) -> None:
    """The launcher alone."""
    print(f"the launcher, {jobs:,} jobs")
    command = ["-m", "benchmarks.submission", "--inside", str(folder), "--jobs", str(jobs), "--watch", str(watch)]
    with counted(cluster, folder) as environment:
        subprocess.run([sys.executable, *command], env=environment, cwd=ROOT, check=True)


def snakemake(cluster: Cluster, folder: Path, jobs: int, watch: float) -> None:
    """Snakemake with its executor, until it is stopped by Ctrl-C."""
    print(f"snakemake --executor submitit, {jobs:,} jobs")
    folder.mkdir()
    (folder / "Snakefile").write_text(WORKFLOW.format(jobs=jobs))
    command = [sys.executable, "-m", "snakemake", "--executor", "submitit", "--jobs", "100000", "--scheduler", "greedy"]
    with counted(cluster, folder) as environment, (folder / "said.txt").open("w") as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--quiet"], cwd=folder, env=environment, stdout=said, stderr=said, start_new_session=True
        )
        wait_for(lambda: calls(folder, "sbatch"), "a submission", PATIENCE)
        first = time.perf_counter() - begun
        wait_for(lambda: in_queue(cluster) == jobs, "all jobs in the queue", PATIENCE)
        row("from its start to the first submission", f"{first:.1f} s")
        row("from then until all are submitted", f"{time.perf_counter() - begun - first:.1f} s")
        before = cpu_seconds(process.pid)
        time.sleep(watch)
        row(f"CPU of watching for {watch:g} s", f"{cpu_seconds(process.pid) - before:.2f} s")
        peak = Path(f"/proc/{process.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        begun = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
        row("Ctrl-C, until it has ended", f"{time.perf_counter() - begun:.1f} s")
        row("peak memory", f"{int(peak) / 1024:.0f} MB")
    wait_for(lambda: in_queue(cluster) == 0, "an empty queue", PATIENCE)


def planned(cluster: Cluster, folder: Path, runs: int) -> None:
    """Commands on a study of many runs, submission included; nothing of it starts."""
    print(f"a study of {runs:,} runs")
    cluster.run("scontrol", "update", "PartitionName=low", "State=DOWN")
    study, name = [sys.executable, "-m", "study"], "large.yaml"
    environment = {**cluster.environment, "PYTHONPATH": f"{ROOT}"}
    measured([*study, "plan", small(folder / "counted.yaml").name, "--quiet"], folder, environment, "")
    grid(folder / name, runs)
    profile = ["--snakefile", str(ROOT / "Snakefile"), "--workflow-profile", str(ROOT / "profiles/slurm")]
    for label, command in {
        "study plan": [*study, "plan", name, "--quiet"],
        "study plan, unchanged": [*study, "plan", name, "--quiet"],
        "study status": [*study, "status", "large"],
        "study submit --dry-run": [*study, "submit", name, "--dry-run"],
        "study submit": [*study, "submit", name],
        "study submit, all under way": [*study, "submit", name],
        "study status, all under way": [*study, "status", "large"],
        "snakemake -n": [sys.executable, "-m", "snakemake", *profile, "-n", "--config", f"grid={name}"],
    }.items():
        measured(command, folder, environment, label)
    row("jobs at Slurm", f"{in_queue(cluster):,}")
    cluster.run("scancel", "--user", "root")


def measured(command: Sequence[str], folder: Path, environment: dict[str, str], label: str) -> None:
    """A row with the seconds of a command and the peak memory of its largest process; none without a label."""
    begun = time.perf_counter()
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{(folder / 'said.txt').read_text()[-2000:]}")
    if label:
        row(label, f"{time.perf_counter() - begun:6.1f} s   {used.ru_maxrss / 1024:4.0f} MB")


@contextmanager
def counted(cluster: Cluster, folder: Path) -> Iterator[dict[str, str]]:
    """An environment in which calls of Slurm's programs are counted; after, a row of the questions."""
    programs, begun = folder / "programs", time.monotonic()
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        (programs / name).write_text(f'#!/bin/sh\necho {name} >> {folder}/calls\nexec {shutil.which(name)} "$@"\n')
        (programs / name).chmod(0o755)
    yield {**cluster.environment, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": f"{ROOT}"}
    asked = sum(calls(folder, name) for name in QUESTIONS)
    row("questions, and seconds to each", f"{asked}, {(time.monotonic() - begun) / max(1, asked):.1f} s")
    row("calls of sbatch", str(calls(folder, "sbatch")))


def calls(folder: Path, name: str) -> int:
    """How often a program was called."""
    return (folder / "calls").read_text().split().count(name) if (folder / "calls").exists() else 0


def in_queue(cluster: Cluster) -> int:
    """Jobs that slurmctld has, each of an array."""
    return len(cluster.run("squeue", "--noheader", "--array", "--format", "%i").splitlines())


def cpu_seconds(pid: int) -> float:
    """Of a process, without those that it started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start a Slurm, measure on it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000, help="in flight at once, 0 for none (default 1000)")
    parser.add_argument("--planned", type=int, default=10_000, help="runs of a study, 0 for none (default 10,000)")
    parser.add_argument("--array", type=int, default=1001, help="Slurm's MaxArraySize (default 1001)")
    parser.add_argument("--watch", type=float, default=60, metavar="SECONDS", help="how long to watch (default 60)")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        own_launcher(args.inside, args.jobs, args.watch)
        return
    with (
        TemporaryDirectory() as name,
        started(accounting=True, extra=SETTINGS | {"MaxArraySize": str(args.array)}) as it,
    ):
        for part in (own_process, snakemake) if args.jobs else ():
            part(it, Path(name) / part.__name__, args.jobs, args.watch)
        if args.planned:
            (Path(name) / "planned").mkdir()
            planned(it, Path(name) / "planned", args.planned)


if __name__ == "__main__":
    main()
