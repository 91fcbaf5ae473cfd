"""Answers that take long to find, kept in one JSON file by what they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from study.io import lock, read_json, write_json

_LIBRARIES = ("torch", "fvcore", "open_clip_torch", "timm")


@lru_cache
def versions() -> dict[str, str]:
    """Of the libraries that answers depend on."""
    return {library: version(library) for library in _LIBRARIES}


def digest(what: Mapping[str, Any]) -> str:
    """24 hex digits of plain data."""
    text = json.dumps(what, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def key_of(what: Mapping[str, Any]) -> str:
    """Plain data that an answer depends on, and the versions of the libraries that find it, as 24 hex digits."""
    return digest({**what, "libraries": versions()})


class Kept:
    """Answers in one file; processes that add to it at the same time keep each other's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Any] = read_json(path) if path.exists() else {}

    def get(self, key: str, find: Callable[[], Any]) -> Any:
        """The answer as plain data; ``find`` is asked, and its answer kept, where the file has none."""
        if key not in self._known:
            found = find()
            with lock(self.path.with_suffix(".lock"), wait=True):
                on_disk = read_json(self.path) if self.path.exists() else {}
                self._known = {**self._known, **on_disk, key: found}
                write_json(self.path, self._known)
        return self._known[key]
