"""Seconds to plan a large grid: the first time, again unchanged, after one changed number; and Snakemake's dry run.

    python benchmarks/planning.py                        # 10,000 runs, 1,000 through Snakemake: five minutes
    python benchmarks/planning.py --runs 2000 --snakemake-runs 0 --repeats 1

Each time is that of a whole command in a process of its own, on the embedded data, in a temporary folder. Imports are
told apart by planning one run of each tower beside it; counts of these towers are cached before anything is timed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
ARCHS, LRS, SAMPLES, SIZES = 4, 5, 5, 5  # values of each axis; the seeds make up the rest
GRID = """\
title: Many runs
hardware: {{gpu: cpu}}
common: {{source: embedded, strategy: clip, global_batch_size: 128}}
grid:
  - arch: [vit_nano, resnet_nano, convnext_nano, swin_nano]
    size: [0.2, 0.4, 0.6, 0.8, 1.0]
    samples_seen: [8192, 16384, 32768, 65536, {most}]
    lr: [1e-4, 3e-4, 1e-3, 3e-3, {lr}]
    seed: [{seeds}]
"""


def grid(path: Path, runs: int, lr: str = "1e-2") -> Path:
    """A grid file of so many runs."""
    seeds = ", ".join(map(str, range(runs // (ARCHS * LRS * SAMPLES * SIZES))))
    path.write_text(GRID.format(seeds=seeds, lr=lr, most=131072))
    return path


def small(path: Path) -> Path:
    """A grid of one run of each tower."""
    path.write_text(
        GRID.format(seeds="0", lr="1e-2", most=131072)
        .replace("size: [0.2, 0.4, 0.6, 0.8, 1.0]", "size: 1.0")
        .replace("samples_seen: [8192, 16384, 32768, 65536, 131072]", "samples_seen: 4096")
        .replace("lr: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2]", "lr: 1e-3")
    )
    return path


def timed(command: list[str], folder: Path) -> tuple[float, str]:
    """Seconds of a command, and what it printed last."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return taken, (done.stdout.strip().splitlines() or [""])[-1]


def plan(path: Path) -> tuple[float, str]:
    """``study plan`` of a grid in its own folder."""
    return timed([sys.executable, "-m", "study", "plan", path.name, "--quiet"], path.parent)


def planning(runs: int) -> dict[str, float]:
    """Seconds of the three plans of one grid, without the imports, which are the first row."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan(small(folder / "counted.yaml"))
        imports, _ = plan(small(folder / "small.yaml"))
        first, said = plan(grid(folder / "large.yaml", runs))
        again, unchanged = plan(folder / "large.yaml")
        changed, mended = plan(grid(folder / "large.yaml", runs, lr="2e-2"))
    _check(said, f"{runs} runs planned, {runs} new")
    _check(unchanged, f"{runs} runs planned, unchanged")
    _check(mended, f"{runs} runs planned, {runs // LRS} new")
    return {
        "imports, and a plan of 4 runs": imports,
        f"first plan of {runs:,} runs, imports aside": first - imports,
        "again, nothing changed, imports included": again,
        "one learning rate changed, imports aside": changed - imports,
    }


def _check(said: str, expected: str) -> None:
    if not said.endswith(expected):
        raise SystemExit(f"expected a plan that says {expected!r}, got {said!r}")


def dry_running(runs: int) -> dict[str, float]:
    """Seconds of ``snakemake -n`` with the plan that it makes first, and once more when the plan is there."""
    options = ["--snakefile", ROOT / "Snakefile", "--cores", "1", "-n", "--quiet", "--workflow-profile"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        plan(small(folder / "counted.yaml"))
        path = grid(folder / "large.yaml", runs)
        command = [sys.executable, "-m", "snakemake", *map(str, options), str(ROOT / "profiles/default")]
        command += ["--config", f"grid={path.name}"]
        first, _ = timed(command, folder)
        again, _ = timed(command, folder)
    return {f"snakemake -n, {runs:,} runs, plan included": first, "again, nothing changed": again}


def main() -> None:
    """Print a line a measurement: median, least and most seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000, help="runs to plan, in steps of 500 (default 10,000)")
    parser.add_argument("--snakemake-runs", type=int, default=1_000, help="runs to dry-run, 0 for none (default 1,000)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds, each in a new folder (default 3)")
    args = parser.parse_args()
    for measure, runs in ((planning, args.runs), (dry_running, args.snakemake_runs)):
        if runs:
            _print([measure(runs) for _ in range(args.repeats)])


def _print(rounds: list[dict[str, float]]) -> None:
    for name in rounds[0]:
        seconds = sorted(one[name] for one in rounds)
        print(f"{name:44} {median(seconds):6.2f} s  ({seconds[0]:.2f} to {seconds[-1]:.2f})", flush=True)


if __name__ == "__main__":
    main()
