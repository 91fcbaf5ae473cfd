"""Loading what trains: most of the time that a short command takes."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from study.collector import collector_paused


def load_models(hub_towers: bool = False) -> None:
    """Import torch, timm and open_clip, in about two thirds of the time that they take otherwise.

    For processes of this program's own: an open_clip loaded so builds no text tower of a model hub, which only scoring
    asks for, by ``hub_towers``.
    """
    if "open_clip" in sys.modules:
        return
    # a million objects that stay: collecting among them takes a quarter of the time and frees nothing
    with collector_paused(), nullcontext() if hub_towers else _without("transformers"):
        import study.models.clip_model  # noqa: F401
    gc.freeze()  # what was imported stays: no collection need look at it
    atexit.register(gc.unfreeze)  # but the last one, or triton's bindings complain of leaks


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Let a package seem not to be installed, for those who ask in a ``try``: open_clip can do without transformers."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # the import system's own way to say so
    try:
        yield
    finally:
        del sys.modules[package]
