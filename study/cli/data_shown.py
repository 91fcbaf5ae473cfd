"""What ``study data`` found, printed as JSON or as a table."""

from __future__ import annotations

import json
from typing import Any


def show(found: dict[str, Any], as_json: bool) -> None:
    """Print facts: plain values, facts of their own, or lists of rows."""
    if as_json:
        print(json.dumps(found, indent=2))
        return
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(show_header=False, box=None)
    for name, value in found.items():
        for label, text in _lines(name.replace("_", " "), value):
            table.add_row(label, text)
    console = table_console()
    with console.capture() as drawn:
        console.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().splitlines()))  # rich fills every line to the longest


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    """One line a fact; a list of rows gets a line a row, headed by its first column, and a list of words one line."""
    if isinstance(value, list) and not any(isinstance(row, dict) for row in value):
        return [(name, ", ".join(map(str, value)) or "none")]
    if isinstance(value, list):
        facts = [dict(row) for row in value]
        return [(f"{name}: {row.pop(next(iter(row)))}", _facts(row)) for row in facts]
    return [(name, _facts(value) if isinstance(value, dict) else _plain(value))]


def _facts(facts: dict[str, Any]) -> str:
    if facts and all(value is None for value in facts.values()):
        return "unknown"
    return ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in facts.items()) or "none"


def _plain(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}" if isinstance(value, float) else str(value)
