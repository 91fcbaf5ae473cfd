"""What a run takes beside its steps: start-up, waits for data, checkpoints, evaluation; each measured or assumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from study.predict.evidence import Ladder, Rung
from study.predict.speed import Speed
from study.predict.work import EvaluationSet, Measured, Range, Work, within

CHECKPOINT_EVERY = 120.0  # seconds, as `study train` does by default
_NOTHING = Range(0.0, 0.0, 0.0)

# Assumptions, for a machine on which nothing was measured.
START_UP = within(15.0, 2.0)  # seconds: imports, the model, its first step; 3 to 14 s on two cores of an EPYC
TOKENISING = 5e-5  # seconds a caption, read and tokenised as a run starts
HELD_CAPTIONS = 20_000_000  # more do not fit into memory: whoever trains on them will read them as they come
PAIR = 5e-6  # seconds to put a pair into a batch, and for its pixels, from decoded images in memory:
PIXEL = 1 / 23_000 / 224**2  # 23,000 images a second a core at 224 px (a uint8 memory map)
CHECKPOINT_BYTES_A_SECOND = 5e8
BYTES_A_PARAMETER = 12.0  # weights and two moments in fp32
OWN_SET, OTHER_SET = 1_000, 20_000  # images of an evaluation set: of a source of this program, or of clip-benchmark's
TRAINING_SPLIT = 10  # images of it beside each of a set: 5 of CIFAR's, 26 of ImageNet's
IMAGE = 1 / 300  # seconds to read and decode an image on a core
FORWARD_SHARE = 1 / 3  # of a training step, and a text for each image
ASSUMED = 3.0  # how many times an assumption may be off

_START_UP = (
    Rung("this data and architecture", lambda job: (job.source, job.unique_pairs, job.arch, job.gpus), 1.3),
    Rung("this data", lambda job: (job.source, job.unique_pairs), 1.5),
    Rung("this source", lambda job: job.source, 2.0),
)
_DATA = (
    Rung("these batches", lambda job: (job.source, job.strategy, job.image_size, job.global_batch_size), 1.5),
    Rung("this image size", lambda job: (job.source, job.image_size), 2.0),
)
_CHECKPOINTS = (Rung("this architecture", lambda job: job.arch, 2.0),)
_EVALUATION = (
    Rung("this architecture", lambda job: (job.arch, job.image_size), 1.3),
    Rung("any architecture", lambda job: None, 2.0),
)


class Overhead(NamedTuple):
    """One part of a run beside its steps: seconds of its process, for a sample of all devices together for data, for
    each checkpoint.
    """

    name: str
    seconds: Range
    measured: bool


@dataclass(frozen=True)
class OverheadLadders:
    """Where measured overheads are looked up."""

    start_up: Ladder
    data: Ladder
    checkpoints: Ladder
    evaluation: dict[str, Ladder]


def overhead_ladders(measured: Iterable[Measured]) -> OverheadLadders:
    """Ladders of all parts, that of the evaluation for each data set and its metrics."""
    known = list(measured)
    keys = {key for one in known for key in one.evaluation_seconds}
    return OverheadLadders(
        start_up=Ladder(_START_UP, known, lambda one: one.start_up_seconds),
        data=Ladder(_DATA, known, lambda one: one.data_seconds),
        checkpoints=Ladder(_CHECKPOINTS, known, lambda one: one.checkpoint_seconds),
        evaluation={key: _of_set(key, known) for key in sorted(keys)},
    )


def _of_set(key: str, known: Iterable[Measured]) -> Ladder:
    return Ladder(_EVALUATION, known, lambda one: one.evaluation_seconds.get(key))


def start_up(work: Work, ladders: OverheadLadders, without: str | None) -> Overhead:
    """From the start of the process to its first step."""
    found = ladders.start_up.nearest(work.job, without)
    assumed = START_UP.plus(within(TOKENISING * min(work.job.unique_pairs, HELD_CAPTIONS), ASSUMED))
    return Overhead("start-up", found.range if found else assumed, found is not None)


def data(work: Work, speed: Speed, ladders: OverheadLadders, without: str | None) -> Overhead:
    """Waits for a sample's share of its batch, summed over devices; none beside a speed that holds them."""
    if speed.with_data:
        return Overhead("data", _NOTHING, False)
    found = ladders.data.nearest(work.job, without)
    a_pair = found.range if found else within(PAIR + PIXEL * work.job.image_size**2, ASSUMED)
    return Overhead("data", a_pair, found is not None)


def checkpoint(work: Work, ladders: OverheadLadders, without: str | None) -> Overhead:
    """Each checkpoint of a run; ``saved`` says how many there are."""
    found = ladders.checkpoints.nearest(work.job, without)
    bytes_each = work.job.params_m * 1e6 * BYTES_A_PARAMETER
    each = found.range if found else within(bytes_each / CHECKPOINT_BYTES_A_SECOND, ASSUMED)
    return Overhead("checkpoints", each, found is not None)


def saved(train_seconds: float) -> int:
    """Checkpoints of a run whose steps take so many seconds, the last one included."""
    return 1 + int(train_seconds / CHECKPOINT_EVERY)


def evaluation(work: Work, speed: Speed, ladders: OverheadLadders, without: str | None) -> Overhead:
    """Scoring on every data set of the study."""
    parts = [_scored(which, work, speed, ladders, without) for which in work.evaluation]
    total = _NOTHING
    for part in parts:
        total = total.plus(part.seconds)
    return Overhead("evaluation", total, all(part.measured for part in parts))


def _scored(which: EvaluationSet, work: Work, speed: Speed, ladders: OverheadLadders, without: str | None) -> Overhead:
    ladder = ladders.evaluation.get(which.key)
    found = ladder.nearest(work.job, without) if ladder else None
    if found:
        return Overhead(which.name, found.range, True)
    images = (OWN_SET if which.own else OTHER_SET) * (1 + TRAINING_SPLIT * which.trains)
    a_pair = FORWARD_SHARE * work.train_flops / work.samples_seen / speed.value / work.job.in_process
    reading = IMAGE / work.job.threads
    return Overhead(which.name, within(images * (a_pair + reading), ASSUMED), False)
