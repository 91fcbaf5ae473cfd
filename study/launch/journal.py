"""The journal: what was submitted, on disk before the scheduler hears of it, so that no process submits it twice.

    FOLDER/.lock                       held by the launcher that works here
    FOLDER/slurm-20260102-030405-1a2b3c4d/
        batch.json                     the requests, written before they are handed over
        state.json                     the scheduler's id, and which jobs' ends were told; written as they come
        3.out                          what the scheduler and the wrapper say of job 3
        3.begin.json, 3.end.json       written by the wrapper inside job 3
        ended                          all ends were told: the next launcher passes this batch by

Each file is whole or absent. Where a process died between handing over and noting the id, the scheduler knows the
batch by its label, which is in ``batch.json``.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field, ValidationError

from study import io
from study.clock import utc_now
from study.errors import StorageError
from study.launch.options import Options
from study.launch.request import Request
from study.records import Frozen

SETTLED = "ended"


class Handed(Frozen):
    """``batch.json``: what is handed over together, and what the wrapper inside its jobs has to know."""

    kind: str
    label: str = Field(description="the name under which the scheduler knows the batch, of it alone")
    made: float = Field(description="seconds since 1970")
    cwd: Path
    options: Options
    requests: tuple[Request, ...]


class Known(Frozen):
    """``state.json``."""

    id: str | None = None
    told: tuple[int, ...] = ()


class Batch:
    """Jobs that were handed over together; ``id`` is the scheduler's, none while it is not known."""

    def __init__(self, folder: Path, handed: Handed, known: Known | None = None) -> None:
        known = known or Known()
        self.folder, self.handed = folder, handed
        self.id = known.id
        self.told = set(known.told)
        self.changed = False

    @property
    def requests(self) -> tuple[Request, ...]:
        """Job 0, job 1, ..."""
        return self.handed.requests

    @property
    def untold(self) -> list[int]:
        """Jobs whose ends were not told."""
        return [index for index in range(len(self.requests)) if index not in self.told]

    def job_id(self, index: int) -> str | None:
        """The scheduler's id of one job: a batch of several is an array."""
        return self.id if self.id is None or len(self.requests) == 1 else f"{self.id}_{index}"

    @property
    def settled(self) -> bool:
        """Whether the ends of all its jobs were told."""
        return len(self.told) == len(self.requests)

    def note(self, id: str | None = None, told: Collection[int] = ()) -> None:
        """Remember an id, or that ends were told; ``save`` writes it."""
        self.changed |= (id is not None and id != self.id) or not self.told.issuperset(told)
        self.id = self.id if id is None else id
        self.told.update(told)

    def save(self) -> None:
        """Write what changed; raises StorageError, and then tries the next time."""
        if self.changed:
            io.write_json(self.folder / "state.json", Known(id=self.id, told=tuple(sorted(self.told))).model_dump())
            if self.settled:
                io.write_text(self.folder / SETTLED, "")
            self.changed = False

    def file(self, index: int, what: str) -> Path:
        """A file of one job."""
        return self.folder / f"{index}.{what}"


def read_handed(folder: Path) -> Handed:
    """What was handed over in a folder; raises StorageError with the way out when that cannot be read."""
    path = folder / "batch.json"
    try:
        return Handed.model_validate(io.read_json(path))
    except (StorageError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise StorageError(
            f"{path} cannot be read ({first}): which jobs it stands for is not known; see with squeue or ps that none"
            f" of them runs, remove {folder}, and run again"
        ) from error


class Journal:
    """The batches of one kind of launcher in a folder."""

    def __init__(self, folder: Path, kind: str, name: str, options: Options) -> None:
        self.folder, self.kind, self.name, self.options = folder, kind, name, options

    def in_flight(self) -> list[Batch]:
        """Batches with jobs whose ends were not told, oldest first. Raises StorageError when one cannot be read."""
        folders = sorted(self.folder.glob(f"{self.kind}-*"))
        open_ones = [folder for folder in folders if not (folder / SETTLED).exists()]
        written = [folder for folder in open_ones if (folder / "batch.json").exists()]  # else it was never handed over
        return [Batch(folder, read_handed(folder), _known(folder)) for folder in written]

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
        (batch.folder / "batch.json").unlink(missing_ok=True)
        with suppress(OSError):
            batch.folder.rmdir()


def _known(folder: Path) -> Known:
    """A damaged file is as none: the scheduler knows the batch by its label, and ends are told once more."""
    try:
        return Known.model_validate(io.read_json(folder / "state.json"))
    except (StorageError, ValidationError):
        return Known()
