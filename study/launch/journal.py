"""The journal: what was submitted, on disk before the scheduler hears of it, so that no process submits it twice.

    FOLDER/.lock                       held by the launcher that works here
    FOLDER/slurm-20260102-030405-1a2b3c4d/
        batch.json                     the requests, written before they are handed over
        state.json                     the scheduler's id, and which jobs' ends were told; written as they come
        3.out                          what the scheduler and the wrapper say of job 3
        3.begin.json, 3.end.json       written by the wrapper inside job 3
        3.lock                         held by the wrapper of a local job while it runs
        cancelled.json                 jobs that were cancelled, so that none of them asks to be started again
        ended                          all ends were told: the next launcher passes this batch by

Each file is whole or absent. Where a process died between handing over and noting the id, the scheduler knows the
batch by its label, which is in ``batch.json``.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from study import io
from study.clock import utc_now
from study.errors import StorageError
from study.launch.batch import SETTLED, Batch, Handed, read_handed, read_known
from study.launch.options import Options
from study.launch.request import Request


class Journal:
    """The batches of one kind of launcher in a folder."""

    def __init__(self, folder: Path, kind: str, name: str, options: Options) -> None:
        self.folder, self.kind, self.name, self.options = folder, kind, name, options

    def in_flight(self) -> list[Batch]:
        """Batches with jobs whose ends were not told, oldest first. Raises StorageError when one cannot be read."""
        folders = sorted(self.folder.glob(f"{self.kind}-*"))
        open_ones = [folder for folder in folders if not (folder / SETTLED).exists()]
        written = [folder for folder in open_ones if (folder / "batch.json").exists()]  # else it was never handed over
        return [Batch(folder, read_handed(folder), read_known(folder)) for folder in written]

    def write(self, requests: Sequence[Request]) -> Batch:
        """A new batch on disk, not handed over yet; raises StorageError, and then nothing is there."""
        tag = uuid.uuid4().hex[:8]
        folder = self.folder / f"{self.kind}-{utc_now():%Y%m%d-%H%M%S}-{tag}"
        handed = Handed(
            kind=self.kind,
            label=f"{self.name}-{tag}",
            made=utc_now().timestamp(),
            cwd=Path.cwd(),
            options=self.options,
            requests=tuple(requests),
        )
        try:
            io.write_json(folder / "batch.json", handed.model_dump(mode="json"))
        except StorageError:
            with suppress(OSError):
                folder.rmdir()
            raise
        return Batch(folder, handed)

    def withdraw(self, batch: Batch) -> None:
        """Forget a batch that was not handed over after all."""
        with suppress(OSError):
            (batch.folder / "batch.json").unlink()
        shutil.rmtree(batch.folder, ignore_errors=True)
