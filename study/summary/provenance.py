"""Where runs come from: the packages and machines that made them."""

from __future__ import annotations

import json

import polars as pl


def versions(runs: pl.DataFrame) -> dict[str, list[str]]:
    """By package, sorted, the versions that the runs were made with, sorted; several where runs differ."""
    found: dict[str, set[str]] = {}
    for text in runs["versions"].drop_nulls().unique():
        for name, version in json.loads(text).items():
            found.setdefault(name, set()).add(str(version))
    return {name: sorted(kinds) for name, kinds in sorted(found.items())}
