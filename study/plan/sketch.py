"""What a strategy computes on an architecture, asked without a grid: phases, passes and their multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from study.config.options import checked
from study.errors import PlanError
from study.measure.breakdown import Part, parts
from study.models import Arch, resolve, size_problem
from study.plan.checks import DECLARED
from study.plan.cost import FLOPS_A_GMAC, Counter
from study.records import DataRef, PluginRef, RunSpec
from study.strategies import STRATEGIES
from study.strategies.base import Phase, Strategy

GFLOPS_A_GMAC = FLOPS_A_GMAC / 1e9
BATCHES = 10_000  # of the run that is drafted: enough for a phase of a thousandth to be whole batches


@dataclass(frozen=True)
class Sketch:
    """A run of a strategy on an architecture, on data that nobody named."""

    spec: RunSpec
    arch: Arch
    strategy: Strategy


def sketch(
    arch: PluginRef, strategy: PluginRef, batch: int, image_size: int | None = None, text_length: int | None = None
) -> Sketch:
    """A run of ``BATCHES`` batches; raises a StudyError for names, options and sizes that do not go together."""
    kind = STRATEGIES.load(strategy.name)
    config = checked("strategy", kind.Config, strategy)
    resolved = resolve(arch)
    data = DataRef(source=PluginRef(name=DECLARED), unique_pairs=batch, fingerprint=DECLARED)
    spec = RunSpec(
        data=data,
        arch=arch,
        strategy=strategy,
        samples_seen=BATCHES * batch,
        global_batch_size=batch,
        image_size=image_size,
        text_length=text_length,
    )
    made = Sketch(spec, resolved, kind(config))
    problems = [*kind.problems(config, spec, resolved)] or _later_problems(made)
    if problems:
        raise PlanError("\n".join(problems))
    return made


def _later_problems(made: Sketch) -> list[str]:
    """What can be asked only once the strategy finds nothing wrong."""
    phases = made.strategy.phases(made.spec, made.arch)
    sizes = (size_problem(made.arch, phase.image_size) for phase in phases)
    own = type(made.strategy).length_problems(made.strategy.config, made.spec, made.arch)
    return [*own, *(problem for problem in sizes if problem)]


def answer(made: Sketch, counter: Counter, depth: int, checkpointing: bool = False) -> dict[str, Any]:
    """What a model and its training compute, as JSON: GFLOPs a sample, modules down to ``depth`` within each tower.

    ``train_gflops`` of a module is of a pass that is trained through; ``forward_gflops`` of a phase is of all passes of
    the towers, and ``beside`` them are extra modules and the loss's own products. ``recomputed_gflops``, asked for by
    ``checkpointing``, is in no other number.
    """
    spec, counts = made.spec, counter.whole(made.spec, made.arch)
    phases = made.strategy.phases(spec, made.arch)
    whole = counter.train_flops(spec, made.arch, made.strategy)
    again = counter.recomputed_flops(spec, made.arch, made.strategy) if checkpointing else None
    return {
        "arch": spec.arch.label,
        "image_size": spec.image_size or made.arch.image_size,
        "text_length": spec.text_length or made.arch.text_length,
        "params_m": counts.params_m,
        "forward_gflops": GFLOPS_A_GMAC * counts.gmacs_per_sample,
        "modules": [_module(part) for part in parts(counts, depth)],
        "uncounted": counts.uncounted,
        "strategy": spec.strategy.label,
        "batch": spec.global_batch_size,
        "train_gflops": whole / spec.samples_seen / 1e9,
        "recomputed_gflops": None if again is None else again / spec.samples_seen / 1e9,
        "phases": [_phase(made, phase, counter, whole) for phase in phases],
    }


def _module(part: Part) -> dict[str, Any]:
    return {
        "tower": part.tower,
        "module": part.module,
        "depth": part.depth,
        "params_m": part.params_m,
        "forward_gflops": GFLOPS_A_GMAC * part.gmacs,
        "train_gflops": GFLOPS_A_GMAC * part.train_gmacs,
    }


def _phase(made: Sketch, phase: Phase, counter: Counter, whole: float) -> dict[str, Any]:
    passes = made.strategy.passes(phase, made.arch, made.spec.global_batch_size)
    counts = counter.phase(made.spec, made.arch, phase)
    step = counter.step(made.spec, made.arch, made.strategy, phase)
    forward = passes.image * counts.image_gmacs + passes.text * counts.text_gmacs
    gmacs = {"forward": forward, "train": step.total, **step._asdict()}
    return {
        "samples_share": phase.samples / made.spec.samples_seen,
        "flops_share": phase.samples * step.total * FLOPS_A_GMAC / whole,
        "image_size": phase.image_size,
        "text_length": phase.text_length,
        "keep_patches": phase.keep_patches,
        "image_passes": passes.image,
        "text_passes": passes.text,
        **{f"{name}_gflops": GFLOPS_A_GMAC * value for name, value in gmacs.items()},
    }
