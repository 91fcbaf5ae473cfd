"""Runs that cannot be trained as planned, each with its place in the grid and a way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from study.models import Arch, size_problem, tokenizer_problem
from study.plan.choices import Training
from study.plan.expand import Point
from study.records import RunSpec

# The settings that a complaint is about, the first one that the grid gives is where it stands; and the complaint.
Complaint = tuple[tuple[str, ...], str]


DECLARED = "declared"  # in the place of the fingerprint of data that is not there


def complaints(point: Point, spec: RunSpec, arch: Arch, training: Training, devices: int) -> Iterator[Complaint]:
    """Everything that makes a run impossible."""
    yield from _sizes(spec, arch, training)
    yield from _texts(spec, arch)
    yield from _batch(point, spec, devices)
    yield from _micro_batch(spec, devices)


def _sizes(spec: RunSpec, arch: Arch, training: Training) -> Iterator[Complaint]:
    own = list(training.kind.problems(training.strategy.config, spec, arch))
    yield from ((("strategy",), problem) for problem in own)
    if not own:
        for size in {phase.image_size for phase in training.strategy.phases(spec, arch)}:
            problem = size_problem(arch, size)
            if problem:
                yield ("image_size", "strategy", "arch"), problem


def length_complaints(spec: RunSpec, arch: Arch, training: Training) -> Sequence[str]:
    """What the number of samples makes impossible, once that is known."""
    return training.kind.length_problems(training.strategy.config, spec, arch)


def _texts(spec: RunSpec, arch: Arch) -> Iterator[Complaint]:
    problem = tokenizer_problem(arch)
    if problem is not None and spec.data.fingerprint != DECLARED:  # an estimate only counts
        yield ("arch",), problem


def _batch(point: Point, spec: RunSpec, devices: int) -> Iterator[Complaint]:
    batch, pairs = spec.global_batch_size, spec.data.unique_pairs
    if batch > pairs:
        hint = "; 1 is one pair, 1.0 is all of them" if point.get("size") == 1 and pairs == 1 else ""
        message = f"a batch of {batch} would hold pairs twice: its subset has {pairs}"
        yield ("global_batch_size", "size", "quality"), f"{message}; lower global_batch_size or raise size{hint}"
    if batch % devices:
        message = f"a batch of {batch} cannot be shared by {devices} devices; take a multiple of {devices}"
        yield ("global_batch_size",), message


def _micro_batch(spec: RunSpec, devices: int) -> Iterator[Complaint]:
    micro, split = spec.micro_batch_size, spec.batch_norm == "per_micro_batch"
    if micro is not None and not split:
        message = "changes results only with batch_norm: per_micro_batch; add that, or leave it out"
        yield ("micro_batch_size",), f"{message} and let the trainer choose"
    if micro is None and split:
        yield ("batch_norm",), "per_micro_batch needs micro_batch_size: the pairs that share statistics"
    if micro is not None and spec.global_batch_size % (micro * devices):
        batch = spec.global_batch_size
        message = f"{micro} pairs on each of {devices} devices do not divide a batch of {batch}"
        yield ("micro_batch_size",), f"{message}; take a divisor of {batch // devices}"
