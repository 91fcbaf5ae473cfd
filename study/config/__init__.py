"""Grid files: read, checked as a whole, every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from study.config import claim, messages, structure
from study.config.document import Document, Loc, in_order
from study.config.document import read as read_document
from study.config.grid import BUDGETS, GridFile, Limit, Settings, Tune
from study.config.plugins import Registries, grid_model
from study.errors import GridError
from study.hardware import DEVICES, Device

__all__ = ["BUDGETS", "Grid", "Limit", "Registries", "Setting", "SubGrid", "Tune", "read", "schema"]


@dataclass(frozen=True)
class Setting:
    """The values of one setting of a sub-grid, and where they stand in the file."""

    name: str
    values: tuple[Any, ...]
    loc: Loc

    def at(self, index: int) -> Loc:
        """Where one of the values stands."""
        return (*self.loc, index)


@dataclass(frozen=True)
class SubGrid:
    """One product of settings, the common ones filled in; ``tune_loc`` is where ``tune`` stands, if it does."""

    name: str
    loc: Loc
    settings: dict[str, Setting]
    tune: Tune | None = None
    tune_loc: Loc = ()

    @cached_property
    def budget(self) -> Setting:
        """The one setting that says how long a run trains."""
        return next(self.settings[name] for name in BUDGETS if name in self.settings)


@dataclass(frozen=True)
class Grid:
    """A checked grid file."""

    document: Document
    file: GridFile
    sub_grids: tuple[SubGrid, ...]

    @property
    def name(self) -> str:
        """The study's name: the file's, without its ending."""
        return self.document.path.stem


def read(path: Path, registries: Registries, devices: Mapping[str, Device] = DEVICES) -> Grid:
    """Read and check a grid file, which may name one of ``devices``; raises GridError with all its mistakes at once."""
    document = read_document(path)
    sources, strategies = (structure.plugin_names(document.data, key) for key in ("source", "strategy"))
    model = grid_model(registries, sources, strategies, claim.statistic_names(document.data))
    try:
        file, details = model.model_validate(document.data, context={"devices": devices}), []
    except ValidationError as error:
        file, details = None, error.errors()
    problems = document.problems + [messages.problem(document, model, one) for one in details]
    problems += structure.problems(document, complete=all(one["type"] != "extra_forbidden" for one in details))
    problems += claim.problems(document)
    if problems or file is None:
        raise GridError(in_order(problems))
    return Grid(document, file, tuple(_merged(file, index) for index in range(len(file.grid))))


def _merged(file: GridFile, index: int) -> SubGrid:
    own = file.grid[index]
    common = _settings(file.common, ("common",))
    given = _settings(own, ("grid", index))
    if any(name in given for name in BUDGETS):
        common = {name: setting for name, setting in common.items() if name not in BUDGETS}
    loc: Loc = ("grid", index)
    own_tune = "tune" in own.model_fields_set or "lr" in given
    tune, place = (own.tune, loc) if own_tune else (file.common.tune, ("common",))
    if tune is not None:
        common.pop("lr", None)
    return SubGrid(getattr(own, "name", None) or str(index), loc, common | given, tune, (*place, "tune"))


def _settings(settings: Settings, loc: Loc) -> dict[str, Setting]:
    return {name: Setting(name, values, (*loc, name)) for name, values in settings.axes().items()}


def schema(registries: Registries) -> dict[str, Any]:
    """The JSON Schema of grid files, for editors: every plug-in with its settings."""
    every = (plugins.names() for plugins in (registries.sources, registries.strategies, registries.statistics))
    model = grid_model(registries, *every)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}
