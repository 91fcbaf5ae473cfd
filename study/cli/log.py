"""Lines that say how a run goes: on the console, with its place in its study, and in its log file."""

from __future__ import annotations

import time
from pathlib import Path

from study import io
from study.errors import PlanError


class Log:
    """Says a line on the console, with the run's place in its study, and in the log file; ``quiet`` says no line."""

    def __init__(self, path: Path | None, prefix: str, quiet: bool = False) -> None:
        self.path, self.prefix, self.quiet = path, prefix, quiet
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, line: str) -> None:
        """On the console and in the file."""
        if self.quiet:
            return
        print(f"{self.prefix} {line}", flush=True)
        self.to_file(line)

    def to_file(self, text: str) -> None:
        """Only into the log file, with the time."""
        if self.path is not None:
            io.append_line(self.path, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")


def label(run_folder: Path, results: Path, study: str | None) -> str:
    """``[3/16 r0123456789ab]``: which of the study's runs this is."""
    name = run_folder.name
    if study is None:
        return f"[{name}]"
    from study.plan.table import run_ids

    ids = run_ids(results, study)
    if name not in ids:
        raise PlanError(f"run {name} is not in study {study}; it has {len(ids)} runs: plan it again")
    return f"[{ids.index(name) + 1}/{len(ids)} {name}]"
