"""What a launcher needs of a place where jobs run: Slurm, this machine, or this very process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from study.errors import SubmitError
from study.launch.batch import Batch
from study.launch.options import Options
from study.launch.request import Request
from study.launch.states import State
from study.records import Status

Say = Callable[[str], None]


class TryLaterError(SubmitError):
    """The scheduler takes nothing now: it is restarting, or this user has as many jobs there as may be."""


class TooManyError(TryLaterError):
    """The scheduler does not take so many jobs of this user now; it may take fewer."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A job that was handed over: one of a batch."""

    batch: Batch
    index: int

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.batch.requests[self.index]

    @property
    def id(self) -> str | None:
        """The scheduler's id of the job, none while it is not known."""
        return self.batch.job_id(self.index)


class Finding(NamedTuple):
    """How a job stands, as its backend sees it."""

    state: State
    reason: Status | None = None
    detail: str | None = None


class Backend(Protocol):
    """One place where jobs run; ``orders`` says whether it starts a job after others by itself."""

    orders: bool

    def recall(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those, of batches that an earlier launcher left, which were handed over, or may have been."""

    def check(self, request: Request) -> None:
        """Raise SubmitError when what is asked for can never be given."""

    def admit(self, waiting: Sequence[Request], in_flight: int) -> list[list[Request]]:
        """Those that may be handed over now, in batches that are handed over whole; so many are in flight."""

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """Hand a batch over, each of whose jobs waits for those of ``after`` to end, and note its id in the batch.

        Raises SubmitError, in the scheduler's own words, when the batch is refused; TryLaterError when nothing is
        taken now. Whether a batch was taken may stay open: then it has no id, and ``look`` finds out.
        """

    def look(self, entries: Sequence[Entry]) -> Sequence[Finding | None]:
        """How each job stands, none for one of a batch that was not taken after all. Never raises."""

    def stop(self, entries: Sequence[Entry]) -> None:
        """Cancel jobs; how they end is seen by ``look``. Raises SubmitError when the scheduler does not take it."""

    def close(self) -> None:
        """The launcher ends; jobs go on, or end with it, as the backend and its options say."""


class Opens(Protocol):
    """Makes a backend."""

    def __call__(self, options: Options, say: Say) -> Backend:
        """Open it. Raises SubmitError where there is no such place."""


def by_batch(entries: Iterable[Entry]) -> list[tuple[Batch, list[int]]]:
    """Jobs put together by the batch that they are of, batches in the order in which they are met."""
    found: dict[Path, tuple[Batch, list[int]]] = {}
    for entry in entries:
        found.setdefault(entry.batch.folder, (entry.batch, []))[1].append(entry.index)
    return list(found.values())
