"""Jobs that are handed over together, and what of them is on disk."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pydantic import Field, ValidationError

from study import io
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


def lock_file(folder: Path, index: int) -> Path:
    """Held while a local job runs."""
    return folder / f"{index}.lock"


def again_file(folder: Path, index: int) -> Path:
    """What runs in a job makes this file to be started again, where its exit code does not reach the wrapper."""
    return folder / f"{index}.again"


def cancel(folder: Path, indexes: Collection[int]) -> None:
    """Note that jobs of the batch in a folder are being cancelled; raises StorageError."""
    io.write_json(folder / "cancelled.json", sorted({*indexes, *cancelled(folder)}))


def cancelled(folder: Path) -> set[int]:
    """Jobs of the batch in a folder that a launcher cancelled."""
    try:
        return set(io.read_json(folder / "cancelled.json"))
    except (StorageError, TypeError):
        return set()


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


def read_known(folder: Path) -> Known:
    """A damaged file is as none: the scheduler knows the batch by its label, and ends are told once more."""
    try:
        return Known.model_validate(io.read_json(folder / "state.json"))
    except (StorageError, ValidationError):
        return Known()
