"""A grid's models with the settings of the plug-ins that it names: each plug-in owns its ``Config``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, Protocol, get_args

from annotated_types import Gt
from pydantic import BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from study.config.claim import Claim
from study.config.fields import Size, axis, large, listed, shown
from study.config.grid import GridFile, Settings, by_name, raised_as_problem
from study.records import DataRef, PluginConfig, PluginRef, RunSpec


class Plugins(Protocol):
    """What ``config`` needs of a registry: its names, and the class that holds each plug-in's ``Config``."""

    def names(self) -> list[str]:
        """All names."""

    def load(self, name: str) -> Any:
        """The class of one name; raises UnknownNameError with the nearest names."""


@dataclass(frozen=True)
class Registries:
    """The plug-ins that a grid may name, handed over by ``plan``.

    ``resolve_arch`` raises a StudyError for an architecture that does not exist.
    """

    sources: Plugins
    strategies: Plugins
    statistics: Plugins
    resolve_arch: Callable[[PluginRef], object]


class ArchChoice(PluginConfig):
    """An architecture: a name of ``study models``, of open_clip or of timm, with options of its family."""

    model_config = ConfigDict(extra="allow")

    def ref(self) -> PluginRef:
        """As it stands in a run's identity."""
        return PluginRef(name=self.name, options=dict(self.model_extra or {}))


class _OrName:
    """Tells editors that a plug-in may be given by its bare name."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        name = {"type": "string", **({"enum": self.names} if self.names else {})}
        return {"anyOf": [name, handler(core)]}


def _named(value: Any) -> Any:
    given = by_name(value)
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        return given
    raise PydanticCustomError("told", "must be a name or a mapping with a name, got {got}", {"got": shown(value)})


def _choice(plugins: Plugins, names: Iterable[str]) -> Any:
    def known(value: Any) -> Any:
        given = _named(value)
        raised_as_problem(lambda: plugins.load(given["name"]))
        return given

    configs = [plugins.load(name).Config for name in sorted(set(names) & set(plugins.names()))]
    union = reduce(or_, configs) if configs else PluginConfig
    tagged = Annotated[union, Field(discriminator="name")] if len(configs) > 1 else union
    return Annotated[tagged, BeforeValidator(known), _OrName(plugins.names())]


def _arch(resolve: Callable[[PluginRef], object]) -> Any:
    def known(value: Any) -> Any:
        given = _named(value)
        ref = PluginRef(name=given["name"], options={k: v for k, v in given.items() if k != "name"})
        raised_as_problem(lambda: resolve(ref))
        return given

    return Annotated[ArchChoice, BeforeValidator(known), _OrName(())]


def _of_runs() -> dict[str, Any]:
    """The fields of a run that a grid sets directly, with the run's own limits and descriptions."""
    placed = ("data", "arch", "strategy", "samples_seen", "tuning")
    return {name: _setting(info) for name, info in RunSpec.model_fields.items() if name not in placed}


def _setting(info: FieldInfo) -> Any:
    limited: Any = info.annotation
    for limit in info.metadata:
        limited = Annotated[limited, limit]
    kinds = {info.annotation, *get_args(info.annotation)} & {int, float}
    item = large(limited, int in kinds) if kinds else limited
    return axis(item), Field((), description=info.description)


def _budget(item: Any, description: str) -> Any:
    positive = large(Annotated[item, Gt(0)], item is int)
    return axis(positive), Field((), description=f"{description}; one kind of budget a sub-grid")


def grid_model(
    registries: Registries, sources: Iterable[str], strategies: Iterable[str], statistics: Iterable[str]
) -> type[GridFile]:
    """The model of grid files in which these sources, strategies and statistics are known with their settings."""
    seen = RunSpec.model_fields["samples_seen"].description or ""
    fields: dict[str, Any] = {
        "source": (
            axis(_choice(registries.sources, sources)),
            Field((), description="pool of image-text pairs"),
        ),
        "quality": _setting(DataRef.model_fields["quality"]),
        "size": (axis(Size), Field((), description="share of the pairs kept by quality, or their number")),
        "arch": (axis(_arch(registries.resolve_arch)), Field((), description="image and text tower")),
        "strategy": (
            axis(_choice(registries.strategies, strategies)),
            Field((), description="how it is trained"),
        ),
        "samples_seen": _budget(int, seen),
        "epochs": _budget(float, "passes over the subset"),
        "train_flops": _budget(float, "FLOPs of training, forward and backward"),
        "gpu_hours": _budget(float, "device-hours on the grid's own hardware"),
        **_of_runs(),
    }
    settings = create_model("Settings", __base__=Settings, **fields)
    name: Any = (str | None, Field(None, strict=True, description="shown in tables"))
    sub_grid = create_model("SubGrid", __base__=settings, name=name)
    grid = Annotated[tuple[sub_grid, ...], BeforeValidator(listed)]
    return create_model(
        "Grid",
        __base__=GridFile,
        claim=(_claim(_choice(registries.statistics, statistics)) | None, GridFile.model_fields["claim"]),
        common=(settings, Field(default_factory=settings, description=_described("common"))),
        grid=(grid, Field(description=_described("grid"))),
    )


def _claim(statistic: Any) -> Any:
    parts = Annotated[tuple[statistic, ...], BeforeValidator(listed)]
    return create_model(
        "Claim", __base__=Claim, parts=(parts, Field(description=Claim.model_fields["parts"].description))
    )


def _described(name: str) -> str:
    return GridFile.model_fields[name].description or ""
