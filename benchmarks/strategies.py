"""Time of a training step of each run of a grid against the first one's, beside the ratio of counted FLOPs.

    python benchmarks/strategies.py grids/quickstart_strategies.yaml
    python benchmarks/strategies.py GRID --repeats 15 --threads 2

Steps of all runs are interleaved, so that a busy machine slows all alike; each figure is a median of ratios within a
round. The main phase of each run is timed, with random pictures and texts; optimiser included, data not.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from study.models import Arch
from study.optim import adamw
from study.optim.adamw import settings
from study.plan.cost import Counter, counter
from study.plan.make import Options, Plan, make
from study.plan.resolve import Run
from study.strategies.base import Batch, Noise, Phase, Progress
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.setup import make_model
from study.train.step import GlobalStep

WARMUP = 3


def batch_of(run: Run, arch: Arch, phase: Phase, size: int) -> Batch:
    """Random pairs at the size that the strategy's views are made from."""
    generator = torch.Generator().manual_seed(0)
    count, end = run.spec.global_batch_size, arch.config["text_cfg"]["vocab_size"] - 1
    images = torch.randint(0, 256, (count, size, size, 3), generator=generator, dtype=torch.uint8).permute(0, 3, 1, 2)
    texts = torch.randint(1, end, (count, arch.text_length), generator=generator)
    texts[:, -1] = end
    return Batch(images, texts, Noise(0, 0, count, slice(0, count), torch.device("cpu")))


def stepper(run: Run, place: Place) -> Callable[[], None]:
    """A function that makes one optimiser step of a run's main phase."""
    spec = run.spec
    phases = run.training.strategy.phases(spec, run.tower.arch)
    arch, model, strategy = make_model(spec, phases[0], place.device)
    # stored at the largest size of all phases, as in training
    batch = batch_of(run, arch, phases[0], max(map(strategy.stored_size, phases)))
    step = GlobalStep(model, strategy, place, "fp32", 0)
    optimizer = adamw(trained_parameters(model, strategy), settings(spec, strategy.optim))
    seen = [0]

    def once() -> None:
        progress = Progress(seen[0], spec.samples_seen, spec.data.unique_pairs, spec.global_batch_size)
        step([batch], phases[0], progress)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seen[0] += spec.global_batch_size

    return once


def seconds(step: Callable[[], None]) -> float:
    """Of one step."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    """Print a line a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grid", type=Path)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with TemporaryDirectory() as folder:
        plan = make(arguments.grid, Path(folder), Options())
        with counter(Path(folder), True, print) as counts:
            costs = [cost(run, counts) for run in plan.runs]
    report(plan, costs, arguments.repeats)


def cost(run: Run, counts: Counter) -> float:
    """Multiply-adds of a pair in the main phase, forward and backward."""
    arch, strategy = run.tower.arch, run.training.strategy
    return counts.gmacs_a_sample(run.spec, arch, strategy, strategy.phases(run.spec, arch)[0])


def report(plan: Plan, costs: list[float], repeats: int) -> None:
    """Time all runs in rounds, then print them."""
    place = Place(torch.device("cpu"), "cpu")
    steps = [stepper(run, place) for run in plan.runs]
    rounds = [[seconds(step) for step in steps] for _ in range(WARMUP + repeats)][WARMUP:]
    print(f"{'strategy':44}{'ms a step':>10}{'FLOPs':>8}{'time':>8}{'efficiency':>12}")
    for index, run in enumerate(plan.runs):
        ratio = median(times[index] / times[0] for times in rounds)
        flops, step_ms = costs[index] / costs[0], median(times[index] for times in rounds) * 1e3
        label = f"{run.spec.arch.label} {run.spec.strategy.label}"
        print(f"{label:44}{step_ms:10.1f}{flops:8.3f}{ratio:8.3f}{flops / ratio:12.3f}")


if __name__ == "__main__":
    main()
