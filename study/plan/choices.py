"""What a grid's plug-in choices stand for: a pool, an architecture, a strategy, each opened once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from study.config import Registries
from study.data import SOURCES
from study.data.parallel import silent
from study.data.place import open_source, with_whole_paths, without_places
from study.data.source import Stored
from study.errors import DataError
from study.models import FAMILIES, Arch, resolve
from study.records import PluginConfig, PluginRef
from study.statistics import STATISTICS
from study.strategies import STRATEGIES
from study.strategies.base import Strategy

T = TypeVar("T")


def registries() -> Registries:
    """The plug-ins that a grid may name."""
    return Registries(SOURCES, STRATEGIES, STATISTICS, resolve)


def reference(config: PluginConfig, version: int) -> PluginRef:
    """A choice as a run's identity has it: only the options that differ from the plug-in's defaults."""
    options = config.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    return PluginRef(name=config.name, version=version, options=options)


@dataclass(frozen=True)
class Pool:
    """A source's pool of pairs; ``fingerprint`` is none where only its size is declared.

    ``ref`` is identity; ``located`` also says where the data lies, ``places`` says it with whole paths. ``state`` is
    the source's, none of one that could not be read as a whole.
    """

    ref: PluginRef
    located: PluginRef
    pairs: int
    fingerprint: str | None
    evaluation_sets: tuple[str, ...]
    places: dict[str, Any]
    state: str | None
    has_scores: bool = True
    stored: Stored | None = None
    left_out: dict[str, int] = field(default_factory=dict)  # reason -> rows of the data that are none of its pairs


@dataclass(frozen=True)
class Tower:
    """An architecture and how a run's identity names it."""

    ref: PluginRef
    arch: Arch


@dataclass(frozen=True)
class Training:
    """A strategy with its options, and how a run's identity names it."""

    ref: PluginRef
    kind: type[Strategy]
    strategy: Strategy


class Choices:
    """Opens each plug-in choice once, however many runs share it."""

    def __init__(self, results: Path, say: Callable[[str], None] = silent) -> None:
        self.results, self.say = results, say
        self._opened: dict[Hashable, Any] = {}

    def pool(self, config: PluginConfig) -> Pool:
        """The pool of a source; raises DataError when it cannot be read or was opened at another place."""
        pool = self._once(config, self._pool)
        for first in self.pools():
            if first is pool:
                break  # of two, the later one is told of
            if pool.fingerprint is not None and first.fingerprint == pool.fingerprint and first.places != pool.places:
                raise DataError(_same_pairs(first, pool))
        return pool

    def tower(self, config: PluginConfig) -> Tower:
        """An architecture."""
        return self._once(config, _tower)

    def training(self, config: PluginConfig) -> Training:
        """A strategy."""
        return self._once(config, _training)

    def pools(self) -> list[Pool]:
        """The pools opened so far."""
        return [opened for opened in self._opened.values() if isinstance(opened, Pool)]

    def _pool(self, config: PluginConfig) -> Pool:
        kind = SOURCES.load(config.name)
        located = with_whole_paths(reference(config, kind.version))
        source = open_source(located, self.results, self.say)
        source.again = True
        given = {name: value for name, value in dict(source.config).items() if name in kind.places}
        places = {name: value.resolve() if isinstance(value, Path) else value for name, value in given.items()}
        opened = partial(
            Pool,
            ref=without_places(located),
            located=located,
            evaluation_sets=tuple(source.evaluation_sets()),
            places=places,
        )
        state, declared = source.state(), source.declared_pairs()
        if declared is not None:
            return opened(pairs=declared, fingerprint=None, state=state)
        index = source.index()
        fingerprint = source.fingerprint() if source.has_images() else None
        return opened(
            pairs=index.pairs,
            fingerprint=fingerprint,
            state=state if source.is_whole() else None,
            has_scores=index.scored,
            stored=source.stored(),
            left_out=source.left_out(),
        )

    def _once(self, config: PluginConfig, open_it: Callable[[Any], T]) -> T:
        key = (open_it, config.model_dump_json())
        if key not in self._opened:
            self._opened[key] = open_it(config)
        opened: T = self._opened[key]
        return opened


def _same_pairs(first: Pool, second: Pool) -> str:
    names = sorted(
        name for name in {*first.places, *second.places} if first.places.get(name) != second.places.get(name)
    )
    here, there = (", ".join(f"{name} {pool.places.get(name)}" for name in names) for pool in (second, first))
    return f"the pairs and scores at {here} are those at {there}: their runs would be one; name one place"


def _tower(config: PluginConfig) -> Tower:
    options = config.model_dump(exclude={"name"})
    families = (FAMILIES.load(name)() for name in FAMILIES.targets)
    family = next(family for family in families if config.name in family.names())
    ref = reference(family.Config(name=config.name, **options), family.version)
    return Tower(ref, resolve(ref))


def _training(config: PluginConfig) -> Training:
    kind = STRATEGIES.load(config.name)
    return Training(reference(config, kind.version), kind, kind(config))
