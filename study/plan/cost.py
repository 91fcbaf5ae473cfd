"""What a run computes: training FLOPs over all its phases and views, from counted towers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from study.measure.counts import Counts, CountsCache
from study.models import Arch
from study.plan.cache import cache
from study.predict import FORWARD_AND_BACKWARD
from study.records import RunSpec
from study.strategies.base import Passes, Phase, Strategy

FLOPS_A_GMAC = 2e9  # a multiply-add is two operations: the one place where GMACs become FLOPs
SLOW_SECONDS = 0.3  # a count that takes longer is told of, so that progress is seen


class StepGmacs(NamedTuple):
    """Multiply-adds of training on a pair, forward and backward, in 1e9: of each tower, and of all beside them."""

    image: float
    text: float
    beside: float

    @property
    def total(self) -> float:
        """Of the whole step; recomputation is not counted."""
        return self.image + self.text + self.beside


def step_gmacs(passes: Passes, counts: Counts) -> StepGmacs:
    """What a strategy's passes through counted towers, and what it computes beside them, multiply."""
    return StepGmacs(
        image=(passes.image - passes.image_backbone - passes.image_frozen) * counts.image_train_gmacs
        + passes.image_backbone * counts.image_backbone_train_gmacs
        + passes.image_frozen * counts.image_gmacs,
        text=(passes.text - passes.text_backbone - passes.text_frozen) * counts.text_train_gmacs
        + passes.text_backbone * counts.text_backbone_train_gmacs
        + passes.text_frozen * counts.text_gmacs,
        beside=FORWARD_AND_BACKWARD * passes.extra_gmacs + passes.forward_gmacs,
    )


def uncounted(kind: str, share: float) -> str:
    """What is said of an operator that nobody counts; it computes its results' elements at least."""
    return f"{kind} is not counted; its results have {share:.2%} as many elements as the towers have multiply-adds"


class Counter:
    """Counts each (architecture, image size, text length, share of patches) once."""

    def __init__(self, cache: CountsCache, say: Callable[[str], None]) -> None:
        self._cache, self._say = cache, say
        self._counts: dict[tuple[str, int, int, float], Counts] = {}

    def tower(self, arch: Arch, label: str, image_size: int, text_length: int, keep: float = 1.0) -> Counts:
        """Multiply-adds of both towers, and parameters; ``label`` tells options of one name apart."""
        key = (label, image_size, text_length, keep)
        if key not in self._counts:
            start = time.monotonic()
            self._counts[key] = self._cache.count(arch, image_size, text_length, keep)
            if time.monotonic() - start > SLOW_SECONDS:
                self._say(f"counted {label} at {image_size} px, {text_length} tokens")
            for kind, share in self._counts[key].uncounted.items():
                self._say(f"{label}: {uncounted(kind, share)}")
        return self._counts[key]

    def whole(self, spec: RunSpec, arch: Arch) -> Counts:
        """Counts of whole images and texts at the run's own sizes."""
        size, length = spec.image_size or arch.image_size, spec.text_length or arch.text_length
        return self.tower(arch, spec.arch.label, size, length)

    def phase(self, spec: RunSpec, arch: Arch, phase: Phase) -> Counts:
        """Counts at a phase's sizes, of the patches that are seen."""
        return self.tower(arch, spec.arch.label, phase.image_size, phase.text_length, phase.keep_patches)

    def train_flops(self, spec: RunSpec, arch: Arch, strategy: Strategy) -> float:
        """FLOPs that training needs, forward and backward, over all phases and views."""
        return sum(
            phase.samples * self.gmacs_a_sample(spec, arch, strategy, phase) * FLOPS_A_GMAC
            for phase in strategy.phases(spec, arch)
        )

    def recomputed_flops(self, spec: RunSpec, arch: Arch, strategy: Strategy) -> float:
        """FLOPs that activation checkpointing would make once more, over all phases and views."""
        return sum(
            phase.samples * self._recomputed_gmacs(spec, arch, strategy, phase) * FLOPS_A_GMAC
            for phase in strategy.phases(spec, arch)
        )

    def _recomputed_gmacs(self, spec: RunSpec, arch: Arch, strategy: Strategy, phase: Phase) -> float:
        passes = strategy.passes(phase, arch, spec.global_batch_size)
        again = self._cache.recomputed(arch, phase.image_size, phase.text_length, phase.keep_patches)
        images, texts = passes.image - passes.image_frozen, passes.text - passes.text_frozen
        return images * again.image_gmacs + texts * again.text_gmacs

    def gmacs_a_sample(self, spec: RunSpec, arch: Arch, strategy: Strategy, phase: Phase) -> float:
        """Multiply-adds of training on a pair in a phase, forward and backward, in 1e9."""
        return self.step(spec, arch, strategy, phase).total

    def step(self, spec: RunSpec, arch: Arch, strategy: Strategy, phase: Phase) -> StepGmacs:
        """The same by what multiplies."""
        passes = strategy.passes(phase, arch, spec.global_batch_size)
        return step_gmacs(passes, self.phase(spec, arch, phase))


@contextmanager
def counter(results: Path, keep: bool, say: Callable[[str], None]) -> Iterator[Counter]:
    """A counter with the counts of this results folder; new ones are added to it only if ``keep``."""
    with cache(results, "counts.json", keep) as path:
        yield Counter(CountsCache(path), say)
