"""Files of answers that are found once: what towers compute, what steps take in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study.io import scratch_folder


@contextmanager
def cache(results: Path, name: str, keep: bool) -> Iterator[Path]:
    """A file of a results folder; what is added to it stays there only if ``keep``."""
    path = results / "cache" / name
    if keep:
        yield path
        return
    with scratch_folder() as folder:
        copy = folder / name
        if path.exists():
            shutil.copyfile(path, copy)
        yield copy
