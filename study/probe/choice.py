"""Which accelerations a configuration is to be trained with: those that make its steps faster, as measured. No torch.

One after another is tried beside those that were kept before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import mean, median
from typing import TYPE_CHECKING

from study.errors import ProbeError
from study.predict.probed import Comparison, Probe
from study.probe.task import Task
from study.probe.together import How, together, together_by_turns

if TYPE_CHECKING:
    from study.probe.steps import Answer
    from study.probe.turns import Turns

KEPT_BELOW = 0.97  # of the time without it, by the median of pairs of steps
Names = tuple[str, ...]


@dataclass(frozen=True)
class Choice:
    """What all processes measured with ``on``, and without any; ``compared`` is none where nothing was tried."""

    plain: Sequence[Answer]
    answers: Sequence[Answer]
    on: Names = ()
    compared: tuple[Comparison, ...] | None = None

    @property
    def ready_seconds(self) -> float:
        """What the first steps take longer with ``on``: compiled code that is kept on disk makes it less."""
        return max(0.0, _ready(self.answers) - _ready(self.plain))


def _ready(answers: Sequence[Answer]) -> float:
    return mean(sum(phase.ready_seconds for phase in answer.phases) for answer in answers)


def choose(task: Task, how: How, plain: Sequence[Answer]) -> Choice:
    """Try what can be on where ``plain`` was measured, if that is asked for; one that fails is not faster."""
    if not how.accelerate:
        return Choice(plain, plain)
    compared = greedy(plain[0].candidates, partial(together_by_turns, task, how))
    on = chosen(compared)
    if not on:
        return Choice(plain, plain, (), compared)
    try:
        return Choice(plain, together(task, how, on), on, compared)
    except ProbeError as error:
        failed = {"kept": False, "failed": str(error)}
        refused = tuple(one.model_copy(update=failed) if one.kept else one for one in compared)
        return Choice(plain, plain, (), refused)


def greedy(
    candidates: Mapping[str, frozenset[str]], timed: Callable[[Names, Names], Sequence[Turns]]
) -> tuple[Comparison, ...]:
    """Each candidate, with the names that it excludes, against what was kept before it.

    ``timed`` gives pairs of steps without and with it; where it raises ProbeError the candidate is not kept.
    """
    compared: list[Comparison] = []
    for name, excluded in sorted(candidates.items()):
        before = chosen(compared)
        on = tuple(sorted({*before, name} - excluded))
        try:
            compared.append(_comparison(before, on, timed(before, on)))
        except ProbeError as error:
            compared.append(Comparison(without=before, on=on, kept=False, failed=str(error)))
    return tuple(compared)


def chosen(compared: Sequence[Comparison]) -> Names:
    """What is on after these: the last that was kept."""
    return next((one.on for one in reversed(compared) if one.kept), ())


def _comparison(before: Names, on: Names, turns: Sequence[Turns]) -> Comparison:
    pairs = [pair for each in turns for pair in zip(each.without_ms, each.on_ms, strict=True)]
    ratio = median(with_it / without for without, with_it in pairs)
    return Comparison(
        without=before,
        on=on,
        without_ms=median(without for without, _ in pairs),
        on_ms=median(with_it for _, with_it in pairs),
        ratio=ratio,
        pairs=len(pairs),
        kept=ratio <= KEPT_BELOW,
    )


def told(probe: Probe | None) -> Iterator[str]:
    """What was tried, a line each."""
    for one in (probe.compared or ()) if probe else ():
        names = " and ".join(one.on)
        if one.failed is not None:
            yield f"{names}: not kept, {one.failed}"
        else:
            kept = "kept" if one.kept else "not kept"
            yield f"{names}: {one.on_ms:.3g} ms a step, {one.without_ms:.3g} ms without, {kept}"
