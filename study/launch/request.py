"""What is asked for: a command, and what the machine is to give it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from study.errors import SubmitError
from study.records import Frozen
from study.registry import unknown_name

OTHER_NAMES = {"threads": "cpus", "cpus_per_task": "cpus"}


class Resources(Frozen):
    """What one job asks for, by the names that rules and profiles use; none leaves it to the scheduler."""

    gpus: int | None = Field(None, ge=0, description="GPUs of the whole job, the same number on each node")
    gpus_per_task: int | None = Field(None, ge=0, description="GPUs of each task")
    nodes: int = Field(1, ge=1, description="machines; the command is started once, on the first of them")
    tasks: int | None = Field(None, ge=1, description="processes that the command will start with srun, all nodes")
    cpus: int | None = Field(None, ge=1, description="CPUs of each task; also called threads")
    mem_mb: int | None = Field(None, ge=1, description="main memory of each node, MB")
    runtime: int | None = Field(None, ge=1, description="minutes after which the scheduler ends the job")
    slurm_partition: str | None = None
    slurm_account: str | None = None
    qos: str | None = None
    constraint: str | None = Field(None, description="features that the nodes must have")
    gres: str | None = Field(None, description="generic resources of each node, in Slurm's form: gpu:h100:2")
    extra: dict[str, str] = Field(default_factory=dict, description="any other option of sbatch by its long name")

    @field_validator("slurm_partition", "slurm_account", "qos", "constraint", "gres")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and (not value.strip() or not value.isprintable()):
            raise ValueError("must be a text of one line, not empty")
        return value

    @field_validator("extra", mode="before")
    @classmethod
    def _options(cls, value: Any) -> Any:
        """``--reservation=mine --exclusive`` as well as a mapping; an option without a value has the value ''."""
        if isinstance(value, str):
            return dict(_option(part) for part in shlex.split(value))
        return {str(name): str(told) for name, told in value.items()} if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _fits(self) -> Resources:
        for name, value in (("gpus", self.gpus), ("tasks", self.tasks)):
            if value is not None and value % self.nodes:
                raise ValueError(f"{name} {value} cannot be shared equally by {self.nodes} nodes")
        if self.gpus and self.gpus_per_task and self.gpus != self.gpus_per_task * (self.tasks or self.nodes):
            raise ValueError(
                f"gpus {self.gpus} is not {self.tasks or self.nodes} tasks of gpus_per_task {self.gpus_per_task}"
            )
        return self

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Resources:
        """Resources by name; a value of none is left out.

        Raises UnknownNameError, with the nearest right name, and SubmitError for a value that cannot be.
        """
        known = sorted({*cls.model_fields, *OTHER_NAMES})
        for name in told:
            if name not in known:
                raise unknown_name("resource", name, known, shown=len(known))
        values = {OTHER_NAMES.get(name, name): value for name, value in told.items() if value is not None}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SubmitError("\n".join(_problem(problem) for problem in error.errors())) from None

    @property
    def all_gpus(self) -> int:
        """GPUs of the whole job, whichever way they were asked for."""
        return self.gpus if self.gpus is not None else (self.gpus_per_task or 0) * (self.tasks or self.nodes)


class Request(Frozen):
    """A job to submit."""

    key: str = Field(min_length=1, description="what it makes; a key that is in flight is not submitted again")
    name: str = Field(min_length=1, description="for people")
    command: tuple[str, ...] = Field(min_length=1, description="run from the folder that the launcher is opened in")
    log: Path = Field(description="what the command prints, of all attempts one after the other")
    resources: Resources = Resources()
    after: tuple[str, ...] = Field((), description="keys of jobs that must have ended before, however they ended")
    note: Path | None = Field(
        None, description="where to say why the job failed, unless it says so itself: a run's failure.json"
    )

    @field_validator("log", "note")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        """A launcher that is opened again may be in another folder."""
        return path and path.absolute()


def _option(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if not name.startswith("--"):
        raise ValueError(f"{part!r} is not of the form --name=value")
    return name.removeprefix("--"), value


def _problem(problem: Any) -> str:
    place = ".".join(map(str, problem["loc"]))
    words = problem["msg"].removeprefix("Value error, ")
    return f"resource {place}: {words}, got {problem['input']!r}" if place else f"resources: {words}"
