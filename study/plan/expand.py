"""The points of a grid: one value of every setting, with the place in the file that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from study.config import Grid, SubGrid
from study.config.document import Loc


@dataclass(frozen=True)
class Point:
    """One element of a sub-grid's product; ``indices`` say which value of each setting."""

    sub_grid: SubGrid
    indices: dict[str, int]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a setting, or ``default`` where the grid is silent."""
        if name not in self.indices:
            return default
        return self.sub_grid.settings[name].values[self.indices[name]]

    def place(self, *names: str) -> Loc:
        """Where the first of these settings that the grid gives stands; else where the sub-grid does."""
        given = [name for name in names if name in self.indices]
        return self.sub_grid.settings[given[0]].at(self.indices[given[0]]) if given else self.sub_grid.loc


def points(grid: Grid) -> Iterator[Point]:
    """Every point, sub-grids in the order of the file; the last of the given settings varies fastest.

    The order of settings is that of the grid's model, whatever their order in the file.
    """
    for sub_grid in grid.sub_grids:
        settings = sub_grid.settings.values()
        for indices in product(*(range(len(setting.values)) for setting in settings)):
            yield Point(sub_grid, dict(zip(sub_grid.settings, indices, strict=True)))
