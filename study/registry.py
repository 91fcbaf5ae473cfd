"""Lazy registries: a name, the place of its code, and a helpful error for a name that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Generic, TypeVar, cast

from study.errors import UnknownNameError

T = TypeVar("T")


def unknown_name(kind: str, name: str, known: list[str], shown: int = 12) -> UnknownNameError:
    """Say that ``name`` is no ``kind``, with the nearest known names first."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ";"
    listed = ", ".join(sorted(known)[:shown]) or "none"
    more = f", ... ({len(known)} in all)" if len(known) > shown else ""
    return UnknownNameError(f"unknown {kind} {name!r}{hint} known: {listed}{more}")


class Registry(Generic[T]):
    """Names of one kind of plug-in, each with the ``module:attribute`` that holds its code.

    Nothing is imported before it is asked for, so that listing names costs no start-up time.
    """

    def __init__(self, kind: str, targets: Mapping[str, str]) -> None:
        self.kind = kind
        self.targets = dict(targets)

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self.targets)

    def __contains__(self, name: object) -> bool:
        return name in self.targets

    def load(self, name: str) -> T:
        """Import and return the plug-in; raises UnknownNameError with the nearest names."""
        if name not in self.targets:
            raise unknown_name(self.kind, name, self.names())
        module, attribute = self.targets[name].split(":")
        return cast(T, getattr(import_module(module), attribute))
