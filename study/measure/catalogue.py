"""Architectures as rows: what they are, what they cost, or why they cannot be built here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from study.errors import PlanError
from study.measure.counts import CountsCache
from study.models import FAMILIES, SMALL_FAMILIES, Arch, resolve
from study.records import PluginRef


def listed(everything: bool) -> list[str]:
    """The small members; with ``everything`` the models of open_clip too."""
    families = (*SMALL_FAMILIES, "open_clip") if everything else SMALL_FAMILIES
    return [name for family in families for name in FAMILIES.load(family)().names()]


def rows(names: Iterable[str], families: Iterable[str], cache: CountsCache) -> Iterator[dict[str, Any]]:
    """One row a name, those of ``families`` only where any are given; a refused name has its ``reason`` alone.

    Raises UnknownNameError with the nearest names.
    """
    wanted = set(families)
    for name in names:
        try:
            arch = resolve(PluginRef(name=name))
        except PlanError as error:
            if not wanted:
                yield {"name": name, "reason": str(error)}
            continue
        if not wanted or arch.family in wanted:
            yield _row(arch, cache)


def _row(arch: Arch, cache: CountsCache) -> dict[str, Any]:
    counts = cache.count(arch)
    return {
        "name": arch.name,
        "family": arch.family,
        "image_size": arch.image_size,
        "text_length": arch.text_length,
        "embed_dim": arch.embed_dim,
        "image_params_m": counts.image_params_m,
        "text_params_m": counts.text_params_m,
        "params_m": counts.params_m,
        "image_gmacs": counts.image_gmacs,
        "text_gmacs": counts.text_gmacs,
        "gmacs_per_sample": counts.gmacs_per_sample,
        "can_drop_patches": arch.can_drop_patches,
        "has_batch_norm": arch.has_batch_norm,
        "uncounted": counts.uncounted,
    }
