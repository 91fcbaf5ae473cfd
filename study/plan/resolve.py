"""From a point of the grid to a run: data, towers and budget filled in, equal settings made one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from study.config import Grid
from study.config.document import Problem
from study.errors import StudyError
from study.optim.adamw import settings
from study.plan.budget import Budgets
from study.plan.checks import complaints, length_complaints
from study.plan.choices import Choices, Tower, Training
from study.plan.cost import Counter
from study.plan.draft import Drafted, Misfit, drafted
from study.plan.expand import Point
from study.plan.memory import Memories
from study.plan.rows import Facts
from study.plan.tuning import tuning
from study.records import RunSpec, Tuning, run_id

MOST_AT_A_PLACE = 5  # a setting that is wrong with many values of the others is told of a few times


@dataclass
class Run:
    """One run of a study and what it is made of."""

    spec: RunSpec
    tower: Tower
    training: Training
    size_share: float
    sub_grids: list[str] = field(default_factory=list)
    purpose: Literal["study", "tuning"] = "study"


@dataclass
class Resolver:
    """Turns points into runs; what is wrong with them is noted in ``problems``, too little memory in ``misfits``."""

    grid: Grid
    choices: Choices
    counter: Counter
    memories: Memories
    budgets: Budgets
    devices: int
    problems: list[Problem] = field(default_factory=list)
    misfits: list[Problem] = field(default_factory=list)

    def runs(self, point: Point) -> list[Run]:
        """The run of a point, after the trials that choose its learning rate.

        Empty once anything is wrong, in this point or in one before it.
        """
        try:
            draft = drafted(point, self.choices)
        except Misfit as misfit:
            self._note(point, (misfit.name,), str(misfit))
            return []
        for names, message in complaints(point, draft.spec, draft.tower.arch, draft.training, self.devices):
            self._note(point, names, message)
        if self.problems:
            return []  # nothing is counted or frozen for a grid that will be refused
        trials = self._trials(point, draft)
        spec = draft.spec.model_copy(update={"tuning": self._tuning(point, trials)})
        budget = point.sub_grid.budget
        run = self._resolved(point, draft._replace(spec=spec), budget.name, point.get(budget.name))
        for problem in length_complaints(run.spec, draft.tower.arch, draft.training):
            self._note(point, ("strategy",), problem)
        return [*trials, run]

    def _resolved(self, point: Point, draft: Drafted, budget: str, value: float) -> Run:
        """The draft with the samples that a budget pays for."""
        samples = self.budgets.samples(budget, value, draft.spec, draft.tower.arch, draft.training)
        spec = draft.spec.model_copy(update={"samples_seen": samples})
        problem = self.memories.fit(spec, draft.tower.arch, draft.training.strategy).problem
        if problem:
            self._note(point, ("micro_batch_size", "global_batch_size", "arch"), problem, self.misfits)
        return Run(spec, draft.tower, draft.training, draft.size_share, [point.sub_grid.name])

    def _trials(self, point: Point, draft: Drafted) -> list[Run]:
        tune, budget = point.sub_grid.tune, point.sub_grid.budget
        if tune is None:
            return []
        kind, value = (budget.name, min(budget.values)) if isinstance(tune.at, str) else ("samples_seen", tune.at)
        drafts = [draft.with_settings(lr, seed) for lr in tune.lr for seed in tune.seeds]
        trials = [self._resolved(point, trial, kind, value) for trial in drafts]
        for problem in length_complaints(trials[0].spec, draft.tower.arch, draft.training):
            message = f"its trials are too short: {problem}; or raise at"
            self.problems.append(self.grid.document.problem(point.sub_grid.tune_loc, message))
        return [replace(trial, purpose="tuning") for trial in trials]

    def _tuning(self, point: Point, trials: list[Run]) -> Tuning | None:
        tune, refs = point.sub_grid.tune, self.grid.file.evaluation
        if tune is None:
            return None
        own = self.choices.pool(point.get("source")).evaluation_sets
        evaluated = dict.fromkeys(own, ()) if refs is None else {ref.name: ref.metrics for ref in refs}
        try:
            return tuning(tune, [run_id(trial.spec) for trial in trials], evaluated)
        except StudyError as error:
            self.problems.append(self.grid.document.problem(point.sub_grid.tune_loc, str(error)))
            return None

    def facts(self, run: Run, study: str, estimate: bool) -> Facts:
        """What the plan's table says of a run beside its spec; runs of an estimate have no id."""
        spec, arch = run.spec, run.tower.arch
        counted = self.counter.whole(spec, arch)
        last = run.training.strategy.phases(spec, arch)[-1]
        return Facts(
            run_id=None if estimate else run_id(spec),
            study=study,
            sub_grids=tuple(run.sub_grids),
            purpose=run.purpose,
            family=arch.family,
            image_size=last.image_size,
            text_length=last.text_length,
            lr=None if spec.tuning else settings(spec, run.training.kind.optim)["lr"],
            size_share=run.size_share,
            image_gmacs=counted.image_gmacs,
            text_gmacs=counted.text_gmacs,
            fit=self.memories.fit(spec, arch, run.training.strategy),
            params_m=counted.params_m,
            train_flops=self.counter.train_flops(spec, arch, run.training.strategy),
        )

    def _note(self, point: Point, names: tuple[str, ...], message: str, among: list[Problem] | None = None) -> None:
        noted = self.problems if among is None else among
        problem = self.grid.document.problem(point.place(*names), message)
        here = [other for other in noted if other[:2] == problem[:2]]
        if problem not in here and len(here) < MOST_AT_A_PLACE:
            noted.append(problem)
