"""Batches whose ids are not known: their submitter died, or sbatch did not answer. Slurm knows them by their labels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from study.launch.batch import Batch
from study.launch.slurm.sources import find

SURE_SECONDS = 30.0  # after which sbatch of a process that died has done what it will
CLOCKS_SECONDS = 86_400.0  # by which this clock and Slurm's may differ


class Labels:
    """Finds ids; ``absent`` are the folders of batches of which Slurm says that it has none."""

    def __init__(self) -> None:
        self.absent: set[Path] = set()

    def stand(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those that Slurm has, or may have."""
        return [batch for batch in batches if batch.id is not None or self._may_be_there(batch)]

    def find(self, batch: Batch) -> None:
        """Ask for the id of a batch."""
        day = datetime.fromtimestamp(batch.handed.made - CLOCKS_SECONDS)
        found = find(batch.handed.label, f"{day:%Y-%m-%d}")
        if found is None:
            self.absent.add(batch.folder)
        elif isinstance(found, str):
            batch.note(found)

    def _may_be_there(self, batch: Batch) -> bool:
        self.find(batch)
        return batch.folder not in self.absent or time.time() - batch.handed.made < SURE_SECONDS
