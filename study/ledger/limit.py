"""Amounts against the caps of a study's limit."""

from __future__ import annotations

from collections.abc import Mapping

from study.config.grid import Limit
from study.ledger.amounts import Amounts

UNITS = {"gpu_hours": "GPU-hours", "dollars": "dollars", "kwh": "kWh", "wall_hours": "wall hours"}
ROUNDING = 1e-9  # share of a cap by which a sum of many numbers may be off


def counted(amounts: Amounts, limit: Limit) -> dict[str, float]:
    """The amounts in the units of the caps that are given; wall hours as if all its devices were always at work.

    Raises ValueError for a cap in dollars where there is no price.
    """
    return {name: _one(amounts, name, limit) for name in limit.caps}


def _one(amounts: Amounts, name: str, limit: Limit) -> float:
    if name == "wall_hours":
        return amounts.device_hours / (limit.gpus or 1)
    value: float | None = getattr(amounts, name)
    if value is None:
        raise ValueError("a cap in dollars needs the device's price")
    return value


def over(counts: dict[str, float], limit: Limit) -> list[str]:
    """The caps that these sums pass, by name."""
    return [name for name, cap in limit.caps.items() if counts[name] > cap * (1 + ROUNDING)]


def refusal(spent: Amounts, reserved: Amounts, due: Amounts, limit: Limit) -> str | None:
    """Why a run that is predicted to take ``due`` may not start; none when it may."""
    sums = [counted(amounts, limit) for amounts in (spent, reserved, due)]
    passed = over({name: sum(one[name] for one in sums) for name in limit.caps}, limit)
    if not passed:
        return None
    name = passed[0]
    gone, held, more = (amount(one[name], name) for one in sums)
    return (
        f"it would take {more} on top of {gone} spent and {held} reserved, over the limit of "
        f"{amount(limit.caps[name], name)}; raise limit.{name} in the grid and run the same command again"
    )


def cap_line(name: str, cap: float, parts: Mapping[str, float]) -> str:
    """A cap and what it counts: ``limit of 5 kWh: 1.2 spent, 0 reserved, 3.8 left``, or ``0.3 too much``."""
    left = cap - sum(parts.values())
    words = [f"{value:,.4g} {word}" for word, value in parts.items()]
    words += [f"{left:,.4g} left" if left >= 0 else f"{-left:,.4g} too much"]
    return f"limit of {amount(cap, name)}: {', '.join(words)}"


def amount(value: float, name: str) -> str:
    """A number with the unit of a cap."""
    return f"${value:,.4g}" if name == "dollars" else f"{value:,.4g} {UNITS[name]}"
