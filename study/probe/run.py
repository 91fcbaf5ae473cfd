"""Probe a plan: each configuration that was not timed on this device yet, one after another."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, quantiles

from study.clock import utc_now
from study.data.place import remember
from study.errors import ProbeError, StorageError
from study.hardware import cpu_threads
from study.io import read_json, write_json
from study.plan.make import Plan
from study.predict.probed import Probe, ProbedPhase, folder
from study.probe.choice import Choice, choose, told
from study.probe.task import Task
from study.probe.together import How, together


@dataclass(frozen=True)
class Probed:
    """A configuration and its probe; ``error`` says why there is none, ``kept`` that it was there already."""

    task: Task
    probe: Probe | None
    kept: bool = False
    error: str | None = None


def at_once(task: Task, runs: int, wanted: int | None) -> int:
    """Processes side by side: as many of a plan's runs as Snakemake starts on all cores, or one a GPU."""
    return wanted or (1 if task.job.gpus else max(1, min(cpu_threads() // task.job.threads, runs)))


def path_of(task: Task) -> Path:
    """The file of a configuration's probe."""
    return folder(task.results) / f"{task.key}.json"


def known(task: Task, how: How) -> Probe | None:
    """The probe of a configuration that was timed before, in the same way."""
    try:
        probe = Probe.model_validate(read_json(path_of(task)))
    except (StorageError, ValueError):
        return None
    tried = probe.compared is not None or not how.accelerate
    return probe if probe.at_once == how.at_once and tried else None


def probe(task: Task, how: How) -> Probed:
    """Time a configuration and keep the result; one that cannot be timed is told of."""
    try:
        plain = together(task, how)
    except ProbeError as error:
        return Probed(task, None, error=str(error))
    found = record(task, how, choose(task, how, plain))
    write_json(path_of(task), found.model_dump(mode="json"))
    return Probed(task, found)


def run(
    plan: Plan, every: Sequence[Task], how: Callable[[Task], How], again: bool, say: Callable[[str], None]
) -> list[Probed]:
    """Probe every configuration, but those that were probed before unless ``again``."""
    remember(plan.results, plan.name, plan.sources)
    found = []
    for number, task in enumerate(every, start=1):
        before = None if again else known(task, how(task))
        say(f"[{number}/{len(every)}] {task.words}{': probed before' if before else ''}")
        found.append(Probed(task, before, kept=True) if before else probe(task, how(task)))
        if found[-1].error:
            say(f"[{number}/{len(every)}] failed: {found[-1].error}")
        for line in told(found[-1].probe):
            say(f"[{number}/{len(every)}] {line}")
    return found


def record(task: Task, how: How, choice: Choice) -> Probe:
    """One probe of what all processes measured."""
    answers, first = choice.answers, choice.answers[0]
    job = {name: value for name, value in asdict(task.job).items() if name != "device"}
    phases = [_phase(task, index, choice) for index in range(len(first.phases))]
    names = first.evaluation_seconds
    return Probe(
        **job | {"precision": first.precision},
        device=first.device,
        device_kind="cuda" if first.device_kind == "cuda" else "cpu",
        at_once=how.at_once,
        data="random" if task.random else "source",
        start_up_seconds=None if task.random else mean(answer.start_up_seconds for answer in answers),
        evaluation_seconds={name: mean(answer.evaluation_seconds[name] for answer in answers) for name in names},
        phases=tuple(phases),
        peak_memory_gib=max(answer.peak_memory_gib for answer in answers),
        accelerations=choice.on,
        ready_seconds=choice.ready_seconds,
        compared=choice.compared,
        taken=utc_now().isoformat(timespec="seconds"),
        host=platform.node(),
        versions=first.versions,
    )


def _phase(task: Task, index: int, choice: Choice) -> ProbedPhase:
    times = [answer.phases[index] for answer in choice.answers]
    phase, steps = times[0].phase, [value for each in times for value in each.step_ms]
    deciles = quantiles(steps, n=10, method="inclusive")
    return ProbedPhase(
        samples=phase.samples,
        image_size=phase.image_size,
        text_length=phase.text_length,
        keep_patches=phase.keep_patches,
        flops_a_sample=task.flops_a_sample[index],
        steps=len(steps),
        step_time_ms=mean(steps),
        step_time_ms_p10=deciles[0],
        step_time_ms_p90=deciles[8],
        plain_step_time_ms=mean(v for a in choice.plain for v in a.phases[index].step_ms) if choice.on else None,
        data_wait_ms=mean(value for each in times for value in each.data_ms),
    )
