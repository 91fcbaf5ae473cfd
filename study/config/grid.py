"""The models of a grid file, without the plug-ins' own settings, which ``study.config.plugins`` joins in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from study.config.claim import Claim
from study.config.fields import listed, shown, whole
from study.errors import StudyError
from study.hardware import DEVICES, find
from study.records import Frozen

BUDGETS = ("samples_seen", "epochs", "train_flops", "gpu_hours")
CAPS = ("gpu_hours", "dollars", "kwh", "wall_hours")


def raised_as_problem(ask: Callable[[], object]) -> None:
    """Turn a StudyError, such as an unknown name, into a problem of the value under validation."""
    try:
        ask()
    except StudyError as error:
        raise PydanticCustomError("told", "{message}", {"message": str(error)}) from error


def by_name(value: Any) -> Any:
    """A bare name as the mapping it stands for."""
    return {"name": value} if isinstance(value, str) else value


def _device(name: str, info: ValidationInfo) -> str:
    devices = (info.context or {}).get("devices", DEVICES)
    raised_as_problem(lambda: find(name, devices))
    return find(name, devices).name


def _processes(count: int, info: ValidationInfo) -> int:
    device = (info.context or {}).get("devices", DEVICES).get(info.data.get("gpu"))
    if device is not None and device.is_cpu and count > 1:
        raise PydanticCustomError("told", "a run is one process on a CPU, got {got}; leave it out", {"got": count})
    return count


def _nodes(nodes: int, info: ValidationInfo) -> int:
    count = info.data.get("count")
    if count is not None and count % nodes:
        message = "{count} GPUs cannot be shared equally by {got} nodes; count is those of a run, on all of its nodes"
        raise PydanticCustomError("told", message, {"count": count, "got": nodes})
    return nodes


class Hardware(Frozen):
    """Where the study will run: for predictions, and for budgets in GPU-hours; never identity itself."""

    gpu: Annotated[str, AfterValidator(_device)] = Field(strict=True, description="a device's name, or cpu")
    count: Annotated[int, AfterValidator(_processes)] = Field(
        1, ge=1, strict=True, description="GPUs a run, on all of its nodes"
    )
    nodes: Annotated[int, AfterValidator(_nodes)] = Field(
        1, ge=1, strict=True, description="machines of a cluster that a run's GPUs are on, the same number on each"
    )


class Limit(Frozen):
    """Caps for the whole study, over all its runs together: held by the plan, and again as each run starts."""

    gpu_hours: float | None = Field(None, gt=0, strict=True, description="device-hours")
    dollars: float | None = Field(None, gt=0, strict=True, description="at the device's price, which is the user's")
    kwh: float | None = Field(None, gt=0, strict=True, description="energy of the devices")
    wall_hours: float | None = Field(None, gt=0, strict=True, description="from start to end, on `gpus` at once")
    gpus: int | None = Field(None, ge=1, strict=True, description="GPUs, or threads of a CPU, that wall_hours is for")
    fit: Literal["refuse", "drop_last", "cheapest_first", "shrink_seeds"] = Field(
        "refuse", description="what is done with a plan over its caps: refused, or which runs are left out"
    )

    @property
    def caps(self) -> dict[str, float]:
        """The caps that are given, by name."""
        given = ((name, getattr(self, name)) for name in CAPS)
        return {name: cap for name, cap in given if cap is not None}


class EvaluationRef(Frozen):
    """A data set that every run is scored on: the source's own, or one of clip-benchmark with its folder."""

    name: str = Field(strict=True)
    root: str | None = Field(None, strict=True, description="folder of the data set; never identity")
    metrics: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        (), description="such as zeroshot, retrieval, linear_probe; default: the first two where they are defined"
    )


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for value in values:
        if values.count(value) > 1:
            raise PydanticCustomError("told", "{got} stands twice; give each value once", {"got": shown(value)})
    return values


class Tune(Frozen):
    """Trial runs that choose the learning rate, anew for all that differs but the budget and the seed."""

    lr: Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(listed), AfterValidator(_distinct)] = (
        Field(min_length=2, description="learning rates to try")
    )
    at: Annotated[Literal["smallest budget"] | Annotated[int, Field(gt=0)], BeforeValidator(whole)] = Field(
        "smallest budget", description="samples seen of a trial; default: the smallest budget of the sub-grid"
    )
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(listed), AfterValidator(_distinct)] = (
        Field((0,), min_length=1, description="seeds of the trials; their scores are averaged")
    )
    on: str = Field("validation", strict=True, description="the data set, or the end of its name, that decides")
    metrics: Annotated[tuple[str, ...], BeforeValidator(listed)] = Field(
        ("image_retrieval_recall_at_5", "text_retrieval_recall_at_5"),
        min_length=1,
        description="whose mean decides; higher is better",
    )


class Settings(Frozen):
    """Settings of runs; each may be a list, which is then an axis, but for ``tune``."""

    tune: Tune | None = Field(None, description="in the place of lr: trials that choose it for each setting")

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """The settings that the file gives, each with its values."""
        given = self.model_fields_set - {"name", "tune"}
        return {name: getattr(self, name) for name in type(self).model_fields if name in given}


def _evaluations(value: Any) -> Any:
    return None if value is None else tuple(by_name(item) for item in listed(value))


class GridFile(Frozen):
    """A study: one or more products of settings, united."""

    title: str | None = Field(None, strict=True, description="heading of the report")
    description: str | None = Field(None, strict=True, description="what the study asks, in a few sentences")
    baseline: str | None = Field(
        None, strict=True, description="strategy that the report compares the others with; default: the first one"
    )
    hardware: Hardware | None = Field(None, description="where it will run, for predictions")
    limit: Limit | None = Field(None, description="caps for the whole study")
    evaluation: Annotated[tuple[EvaluationRef, ...] | None, BeforeValidator(_evaluations)] = Field(
        None, description="data sets to score on; default: the source's own"
    )
    claim: Claim | None = Field(None, description="a finding that the study checks; `study claims` has the verdict")
    common: Settings = Field(default_factory=Settings, description="settings shared by all sub-grids")
    grid: Annotated[tuple[Settings, ...], BeforeValidator(listed)] = Field(
        description="sub-grids; a setting here replaces the common one"
    )
