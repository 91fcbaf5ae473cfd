"""Scaling laws: forms of error against what was spent. A law is one file and one line here.

Importing a law loads neither numpy nor scipy, so that look-ups can evaluate one at once; ``study.fit`` fits them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from study.registry import Registry

if TYPE_CHECKING:
    from study.laws.law import Law

LAWS: Registry[Law] = Registry(
    "law",
    {
        "power": "study.laws.power:LAW",
        "power_irreducible": "study.laws.power_irreducible:LAW",
        "shifted_power": "study.laws.shifted_power:LAW",
        "chinchilla": "study.laws.chinchilla:LAW",
        "repeated": "study.laws.repeated:LAW",
        "filtering": "study.laws.filtering:LAW",
    },
)
DEFAULT_LAW = "power"
