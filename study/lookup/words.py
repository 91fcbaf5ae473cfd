"""Settings and laws in short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SUFFIXES = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def short(value: float | None) -> str:
    """A count as grids write it: 16384 is 16.4K."""
    if value is None:
        return ""
    factor, suffix = next(((size, name) for name, size in reversed(SUFFIXES.items()) if value >= size), (1, ""))
    return f"{value / factor:.3g}{suffix}"


def number(value: float, digits: int = 3) -> str:
    """With so many digits, and without an exponent between a thousandth and ten millions."""
    if not 1e-3 <= abs(value) < 1e7:
        return f"{value:.{digits}g}"
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:,.0f}" if rounded >= 10 ** (digits - 1) else f"{rounded:g}"


def of_setting(row: Mapping[str, Any]) -> str:
    """Its tower, strategy and quality."""
    return " · ".join(str(row[part]) for part in ("arch", "strategy_label", "quality") if row[part] is not None)


def of_law(group: Mapping[str, str | None], arch: str | None, several_sources: bool) -> str:
    """Its tower or family, strategy, pool and quality; ``arch`` where the law is asked for one of several."""
    if "strategy_label" not in group:
        return f"the best of {group.get('source')}"
    source, pool = group.get("source"), group.get("pretrain_data")
    told = source if several_sources and "pretrain_data" not in group else None
    tower = arch or group.get("arch") or group.get("family") or "the best tower"
    return " · ".join(
        part
        for part in (tower, group["strategy_label"], None if pool == source else pool, told, group.get("quality"))
        if part
    )


def of_nearest(row: Mapping[str, Any]) -> str:
    """The run of a law that is nearest to the question."""
    batch = f", batch {row['global_batch_size']}" if row["global_batch_size"] else ""
    return f"{row['arch']}, {short(row['samples_seen'])} samples{batch}"
