"""Peak memory of training steps: predicted without training, and measured as the allocator gives memory out.

    python benchmarks/memory.py                              # this CPU: about ten minutes and 5 GiB
    python benchmarks/memory.py vit_pico,slip,64,32 RN50,clip,16,16,bf16
    python benchmarks/memory.py --device cuda                # a GPU, in bf16

A case is ARCH,STRATEGY,GLOBAL BATCH,MICRO-BATCH and, if wanted, bf16 and checkpointing. Each is measured in a process
of its own, from the making of the model to the end of its second step: on a CPU by the profiler's allocations and
frees, added up in order, on a GPU by torch.cuda.max_memory_allocated. Seconds are of the CPU, for the prediction.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from torch.profiler import ProfilerActivity, profile

from study.hardware import find
from study.measure.memory_cache import MemoryCache
from study.models import resolve
from study.optim import adamw
from study.optim.adamw import settings
from study.plan.memory import Memories
from study.predict import Split
from study.records import DataRef, PluginRef, Precision, RunSpec
from study.strategies import STRATEGIES
from study.strategies.base import Batch, Noise, Progress
from study.strategies.trained import trained_parameters
from study.train.device import Place
from study.train.setup import make_model, make_strategy
from study.train.step import GlobalStep

ON_CPU = (
    "ViT-B-32,clip,16,16",
    "ViT-B-32,clip,16,4",
    "ViT-B-32,clip,16,16,bf16",
    "RN50,clip,16,16",
    "timm:convnext_tiny,clip,16,16",
    "timm:swin_tiny_patch4_window7_224,clip,16,16",
    "ViT-B-32,slip,16,16",
    "ViT-B-32,flip,16,16",
    "ViT-B-32,clip_lite,16,8",
    "ViT-B-32,amorlip,16,16",
    "ViT-B-32,clip,16,16,checkpointing",
)
ON_GPU = tuple(
    f"{arch},{strategy},{batch},{micro},bf16"
    for arch in ("ViT-B-32", "ViT-L-14", "RN50", "timm:convnext_tiny", "timm:swin_tiny_patch4_window7_224")
    for strategy, batch, micro in (("clip", 256, 256), ("clip", 4096, 64), ("slip", 128, 128))
    if micro == batch or arch != "RN50"
)
STEPS = 2  # the optimiser's moments are there from the second one on


class Case(NamedTuple):
    """A configuration, and how its global batch is split."""

    arch: str
    strategy: str
    global_batch: int
    micro: int
    precision: Precision
    checkpointing: bool = False

    @property
    def spec(self) -> RunSpec:
        """The run that it stands for, in the midst of which a step is made."""
        batch, version = self.global_batch, STRATEGIES.load(self.strategy).version
        return RunSpec(
            data=DataRef(source=PluginRef(name="embedded"), unique_pairs=2000 * batch, fingerprint="none"),
            arch=PluginRef(name=self.arch),
            strategy=PluginRef(name=self.strategy, version=version),
            samples_seen=8000 * batch,
            global_batch_size=batch,
            precision=self.precision,
        )


def case_of(text: str) -> Case:
    """From ARCH,STRATEGY,GLOBAL BATCH,MICRO-BATCH[,bf16][,checkpointing]."""
    arch, strategy, batch, micro, *rest = text.split(",")
    precision: Precision = "bf16" if "bf16" in rest else "fp32"
    return Case(arch, strategy, int(batch), int(micro), precision, "checkpointing" in rest)


def predicted_bytes(case: Case, gpu: bool) -> int:
    """By the plan's own model."""
    with TemporaryDirectory() as folder:
        cache, device = MemoryCache(Path(folder) / "memory.json"), find("h100" if gpu else "cpu")
        memories = Memories(cache, device, 1, lambda line: None, case.checkpointing)
        peak = memories.peak(case.spec, resolve(case.spec.arch), make_strategy(case.spec.strategy))
        return sum(peak(Split(case.global_batch, case.micro)))


def measured_bytes(case: Case, device: torch.device) -> int:
    """The allocator's peak over whole steps, beside what was there before."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        train(case, device)
        return torch.cuda.max_memory_allocated(device) - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        train(case, device)
    results = profiler.profiler.kineto_results  # the events in a table lose the order
    changes = sorted((e.start_ns(), e.nbytes()) for e in results.events() if e.name() == "[memory]")
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return peak


def train(case: Case, device: torch.device) -> None:
    """Some steps of a run's heaviest phase, as training makes them."""
    spec = case.spec
    phases = make_strategy(spec.strategy).phases(spec, resolve(spec.arch))
    phase = max(phases, key=lambda phase: phase.image_size**2 * phase.keep_patches)
    _, model, strategy = make_model(spec, phase, device)
    if case.checkpointing:
        model.clip.set_grad_checkpointing()
    optimizer = adamw(trained_parameters(model, strategy), settings(spec, strategy.optim))
    step = GlobalStep(model, strategy, Place(device, device.type), case.precision, seed=0)
    model.train()
    strategy.train()
    side, length = max(map(strategy.stored_size, phases)), max(phase.text_length for phase in phases)
    for number in range(STEPS):
        progress = Progress(
            spec.samples_seen // 2 + number, spec.samples_seen, spec.data.unique_pairs, case.global_batch
        )
        step(list(batches(case, side, length, device)), phase, progress)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def batches(case: Case, side: int, length: int, device: torch.device) -> Iterator[Batch]:
    """Grey pictures with a text of one word."""
    for first in range(0, case.global_batch, case.micro):
        images = torch.full((case.micro, 3, side, side), 127, dtype=torch.uint8, device=device)
        texts = torch.zeros(case.micro, length, dtype=torch.int64, device=device)
        texts[:, 1] = 1
        yield Batch(images, texts, Noise(0, 0, case.global_batch, slice(first, first + case.micro), device))


def compared(text: str, wanted: str) -> str:
    """A line of the table."""
    case, device = case_of(text), torch.device(wanted)
    torch.set_num_threads(1)
    predicted_bytes(case._replace(arch="vit_pico"), device.type == "cuda")  # loads what is loaded once
    start = time.process_time()
    predicted = predicted_bytes(case, device.type == "cuda")
    seconds = time.process_time() - start
    measured = measured_bytes(case, device)
    return f"{text:44}{predicted / 2**30:11.3f}{measured / 2**30:11.3f}{predicted / measured:8.3f}{seconds:9.1f}"


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments = parser.parse_args()
    cases = arguments.cases or (ON_GPU if arguments.device == "cuda" else ON_CPU)
    print(f"{'GiB':44}{'predicted':>11}{'measured':>11}{'ratio':>8}{'seconds':>9}", flush=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as processes:
        for line in processes.map(compared, cases, [arguments.device] * len(cases)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
