"""What a backtest is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """Of one study, or of all there are; where the results are."""

    results: Path = Path("results")
    study: str | None = None
