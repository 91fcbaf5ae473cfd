"""Seconds to load what trains, as ``study train`` does and by plain imports; and of commands that load none of it.

    python benchmarks/start_up.py                 # a minute
    python benchmarks/start_up.py --repeats 3

Each line is of processes of their own, all lines by turns: seconds from start to end, and seconds of the CPU.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from statistics import median

COMMANDS = {
    "nothing": ["-c", "pass"],
    "torch alone": ["-c", "import torch"],
    "models, plain imports": ["-c", "import study.models.clip_model"],
    "models, as study train": ["-c", "from study.models.loading import load_models; load_models()"],
    "study --help": ["-m", "study", "--help"],
    "study hardware": ["-m", "study", "hardware"],
}


def timed(arguments: list[str]) -> tuple[float, float]:
    """Seconds from the start of a process to its end, and those of the CPU that it took."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    taken, after = time.perf_counter() - begun, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return taken, spent


def main() -> None:
    """Print a line a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--repeats", type=int, default=7, help="processes a line (default 7), after one that is left out"
    )
    repeats = parser.parse_args().repeats
    rounds = [{name: timed(arguments) for name, arguments in COMMANDS.items()} for _ in range(repeats + 1)][1:]
    for name in COMMANDS:
        wall, cpu = zip(*(one[name] for one in rounds), strict=True)
        print(f"{name:24} {median(wall):6.2f} s ({min(wall):.2f} to {max(wall):.2f}), CPU {median(cpu):.2f} s")


if __name__ == "__main__":
    main()
