"""Where a model's multiply-adds and parameters are: towers, their modules, and what is outside of these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from study.measure.counts import Counts

TOWERS = ("image", "text")
REST = "(rest)"
_SHOWN = 0.01  # of a tower's parameters: a module that multiplies nothing and holds less is part of the rest
_ROUNDING = 1e-6  # of a tower


class Part(NamedTuple):
    """A module of a tower, "" the whole tower; ``depth`` 0 is the tower, 1 its modules, and so on.

    GMACs of one image or text, forward, and forward and backward; parameters in 1e6. ``(rest)`` at the end of a name
    is what a module does, and holds, outside those that are listed.
    """

    tower: str
    module: str
    depth: int
    gmacs: float
    train_gmacs: float
    params_m: float


def parts(counts: Counts, depth: int) -> list[Part]:
    """Both towers with their modules down to ``depth`` (0 or more), the largest first.

    A module that has all that its parent has takes its parent's place.
    """
    return [part for tower in TOWERS for part in _Tower(counts, tower).parts("", 0, depth)]


class _Tower:
    def __init__(self, counts: Counts, tower: str) -> None:
        self.name = tower
        self._tables = [table[tower] for table in (counts.by_module, counts.train_by_module, counts.params_by_module)]
        self._children: dict[str, list[str]] = {}
        for module in sorted(set().union(*self._tables) - {""}, key=_natural):
            self._children.setdefault(module.rpartition(".")[0], []).append(module)

    def parts(self, module: str, depth: int, deepest: int) -> Iterator[Part]:
        """A module, then its own."""
        yield self._part(module, depth)
        inner = [self._only(child) for child in self._children.get(module, []) if self._matters(child)]
        if depth == deepest or not inner:
            return
        for child in sorted(inner, key=lambda name: -self._part(name, 0).gmacs):
            yield from self.parts(child, depth + 1, deepest)
        yield from self._rest(module, inner, depth + 1)

    def _part(self, module: str, depth: int) -> Part:
        return Part(self.name, module, depth, *(table.get(module, 0.0) for table in self._tables))

    def _only(self, module: str) -> str:
        """The innermost module that has all that this one has."""
        children = self._children.get(module, [])
        if len(children) == 1 and self._part(children[0], 0)[3:] == self._part(module, 0)[3:]:
            return self._only(children[0])
        return module

    def _matters(self, module: str) -> bool:
        part = self._part(module, 0)
        return part.gmacs > 0 or part.params_m > _SHOWN * self._part("", 0).params_m

    def _rest(self, module: str, inner: list[str], depth: int) -> Iterator[Part]:
        whole, within = self._part(module, 0)[3:], [self._part(child, 0)[3:] for child in inner]
        rest = [all_of_it - sum(own) for all_of_it, own in zip(whole, zip(*within, strict=True), strict=True)]
        if any(more > _ROUNDING * most for more, most in zip(rest, self._part("", 0)[3:], strict=True)):
            name = f"{module}.{REST}" if module else REST
            yield Part(self.name, name, depth, *(max(more, 0.0) for more in rest))


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers in their order: blocks.2 before blocks.10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
