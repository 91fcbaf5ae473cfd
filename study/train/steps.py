"""``steps.jsonl`` of a run: a line for every twenty steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_steps(run: Path) -> list[dict[str, Any]]:
    """The lines of ``steps.jsonl``; a last line cut short by a kill is left out."""
    try:
        lines = (run / "steps.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    steps = []
    for line in lines:
        try:
            steps.append(json.loads(line))
        except ValueError:
            break
    return steps
