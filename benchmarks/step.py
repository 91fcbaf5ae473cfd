"""The program's training step over that of a bare PyTorch loop: same model, pairs, batch, optimiser and device.

    python benchmarks/step.py                              # four small towers and ViT-B-32, one thread: three minutes
    python benchmarks/step.py --arch vit_nano --batch 64 --pairs 200
    python benchmarks/step.py --arch RN50 --batch 16 --device cuda

The program's step is ``study.train.loop.advance``, the body of its loop: it reads pairs of the embedded data from the
memory map, normalises them, trains, and records the step as a run does. The bare loop gets a copy of the same
open_clip model, and batches that are ready: normalised floats in memory. Both take turns, and which one begins
alternates too. A ratio is of two steps that follow one another; the interval is the median's, 95 %, by ranks.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from copy import deepcopy
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from study.data import SOURCES, views
from study.data.embedded import Embedded
from study.measure.timing import StepTimer
from study.models import resolve
from study.optim.adamw import decays
from study.records import DataRef, PluginRef, RunSpec
from study.strategies import STRATEGIES
from study.train.attempts import Attempts
from study.train.device import Place, place
from study.train.loop import MAX_LOGIT_SCALE, advance, begin
from study.train.recorder import Recorder
from study.train.session import Session
from study.train.setup import open_session

CASES = [("vit_nano", 64), ("resnet_nano", 64), ("convnext_nano", 64), ("swin_nano", 64), ("ViT-B-32", 8)]
PAIRS, SMALL, LARGE = 2048, 100, 12  # pairs of data; pairs of steps for towers under and over 1 GMAC
WARMUP, READY = 3, 8  # steps that do not count; batches that the bare loop goes round


class Ratio(NamedTuple):
    """The program's time over the bare loop's: a median with its interval, and the milliseconds of both."""

    median: float
    low: float
    high: float
    ours_ms: float
    bare_ms: float
    n: int


def spec_of(arch: str, batch: int) -> RunSpec:
    """A run of CLIP on the embedded data that is longer than it will be timed."""
    source = SOURCES.load("embedded")
    data = DataRef(
        source=PluginRef(name="embedded"),
        unique_pairs=PAIRS,
        fingerprint=source(Embedded.Config()).fingerprint(),
    )
    clip = PluginRef(name="clip", version=STRATEGIES.load("clip").version)
    return RunSpec(
        data=data, arch=PluginRef(name=arch), strategy=clip, samples_seen=batch * 10**6, global_batch_size=batch
    )


def program(session: Session, run: Path) -> Callable[[], None]:
    """The body of the program's own loop."""
    run.mkdir()
    timer = StepTimer(session.place.device)
    attempts = Attempts(run, 0.0, session.place)
    recorder = Recorder(session, run, timer, attempts, lambda line: None, lambda: False, checkpoint_seconds=math.inf)
    begin(session)
    return lambda: advance(session, timer, recorder)


def ready(session: Session) -> list[tuple[Tensor, Tensor]]:
    """Batches as the towers take them, on the device."""
    spec, phase = session.spec, session.phases[0]
    found = []
    for number in range(READY):
        raw = session.feed.pairs.batch(number * spec.global_batch_size, spec.global_batch_size)
        images, texts = raw.images.to(session.place.device), raw.texts.to(session.place.device)
        found.append((views.plain(images.permute(0, 3, 1, 2), phase.image_size), texts[:, : phase.text_length]))
    return found


def bare(session: Session) -> Callable[[], None]:
    """What one would write by hand."""
    model, spec, chosen = deepcopy(session.model.clip).train(), session.spec, session.optim_settings
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if decays(name, p)], "weight_decay": chosen["weight_decay"]},
        {"params": [p for name, p in named if not decays(name, p)], "weight_decay": 0.0},
    ]
    betas = (chosen["beta1"], chosen["beta2"])
    optimizer = torch.optim.AdamW(groups, lr=chosen["lr"], betas=betas, eps=chosen["eps"], fused=True)
    batches = cycle(ready(session))
    labels = torch.arange(spec.global_batch_size, device=session.place.device)
    bf16, kind = session.precision == "bf16", session.place.device.type

    def step() -> None:
        images, texts = next(batches)
        with torch.autocast(kind, torch.bfloat16, enabled=bf16):
            image_features, text_features, scale = model(images, texts)[:3]
        logits = scale * image_features.float() @ text_features.float().T
        loss = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
        loss.backward()  # type: ignore[no-untyped-call]
        if spec.grad_clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), spec.grad_clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            model.logit_scale.clamp_(max=MAX_LOGIT_SCALE)

    return step


def alternated(ours: Callable[[], None], other: Callable[[], None], pairs: int, device: torch.device) -> Ratio:
    """Times of both, by turns; on a GPU ten steps at a time, since it is not waited for after each."""
    block = 10 if device.type == "cuda" else 1

    def seconds(step: Callable[[], None]) -> float:
        _settle(device)
        begun = time.perf_counter()
        for _ in range(block):
            step()
        _settle(device)
        return (time.perf_counter() - begun) / block

    for _ in range(WARMUP):
        seconds(ours), seconds(other)
    found = []
    for turn in range(pairs):
        if turn % 2:
            second = seconds(other)
            found.append((seconds(ours), second))
        else:
            found.append((seconds(ours), seconds(other)))
    return summary(found)


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def summary(found: list[tuple[float, float]]) -> Ratio:
    """The median ratio between its order statistics that hold it in 95 % (normal approximation of the ranks)."""
    ratios = sorted(ours / other for ours, other in found)
    reach = 0.98 * math.sqrt(len(ratios))
    low, high = (round(len(ratios) / 2 + side * reach) for side in (-1, 1))
    ends = ratios[max(0, low - 1)], ratios[min(len(ratios), high + 1) - 1]
    ours, other = (1e3 * median(times) for times in zip(*found, strict=True))
    return Ratio(median(ratios), *ends, ours, other, len(found))


def compared(arch: str, batch: int, pairs: int | None, here: Place, folder: Path) -> Ratio:
    """The ratio of one tower."""
    session = open_session(spec_of(arch, batch), folder, here, None)
    large = resolve(PluginRef(name=arch)).image_size > 64
    ours = program(session, folder / arch)
    return alternated(ours, bare(session), pairs or (LARGE if large else SMALL), here.device)


def main() -> None:
    """Print a line a tower."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", help="one architecture alone")
    parser.add_argument("--batch", type=int, default=64, help="pairs a step of --arch (default 64)")
    parser.add_argument("--pairs", type=int, help="pairs of steps (default 100 for small towers, 12 for others)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    args = parser.parse_args()
    cases = [(args.arch, args.batch)] if args.arch else CASES
    with TemporaryDirectory() as name, place(args.device, args.threads) as here:
        for arch, batch in cases:
            found = compared(arch, batch, args.pairs, here, Path(name))
            print(
                f"{arch:16} batch {batch:4}  {found.median:.3f} ({found.low:.3f} to {found.high:.3f})  "
                f"{found.ours_ms:8.1f} ms, bare {found.bare_ms:8.1f} ms, {found.n} pairs",
                flush=True,
            )


if __name__ == "__main__":
    main()
