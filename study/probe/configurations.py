"""What there is to probe: the distinct configurations of a plan, on the device at hand."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from study.evaluate.asked import Evaluation
from study.plan.cost import FLOPS_A_GMAC, Counter, counter
from study.plan.jobs import work_of
from study.plan.make import Plan
from study.plan.resolve import Run
from study.predict import Job
from study.probe.task import Task
from study.records import RunSpec

ANY_LR = 1e-4  # where trials are to choose it: a step takes as long with any


def tasks(plan: Plan) -> list[Task]:
    """The distinct configurations of a plan's runs, in their order.

    One process is timed: a run on several GPUs is probed by one GPU's share of its batch.
    """
    found: dict[Hashable, Task] = {}
    evaluation = own_sets(plan)
    with counter(plan.results, False, lambda line: None) as counts:
        for run, row in zip(plan.runs, plan.rows, strict=True):
            whole = work_of(row, ()).job
            job = replace(whole, global_batch_size=whole.global_batch_size // whole.held, gpus=min(whole.gpus, 1))
            if row["left_out"] is None and job.configuration not in found:
                spec = _spec(run.spec, job)
                flops = _flops(run, spec, counts)
                found[job.configuration] = Task(job, spec, plan.results.absolute(), flops, evaluation, plan.estimate)
    return list(found.values())


def _spec(spec: RunSpec, job: Job) -> RunSpec:
    lr = ANY_LR if spec.tuning else spec.lr
    return spec.model_copy(update={"tuning": None, "lr": lr, "global_batch_size": job.global_batch_size})


def _flops(run: Run, spec: RunSpec, counts: Counter) -> tuple[float, ...]:
    strategy, arch = run.training.strategy, run.tower.arch
    phases = strategy.phases(spec, arch)
    return tuple(FLOPS_A_GMAC * counts.gmacs_a_sample(spec, arch, strategy, phase) for phase in phases)


def own_sets(plan: Plan) -> Evaluation | None:
    """What the study is scored on, as far as it is a data source's own; none where nothing is, or the data is not."""
    asked = Evaluation.model_validate(plan.evaluation)
    sets = tuple(item for item in asked.sets if isinstance(item, str) or item.root is None)
    return asked.model_copy(update={"sets": sets}) if sets and not plan.estimate else None
