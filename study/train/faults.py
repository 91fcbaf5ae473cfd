"""What keeps one process of a run from going on ends all of them at once, and in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from study.errors import DataError, StorageError, UnansweredError
from study.train.device import Place

T = TypeVar("T")


class StoppedWaiting(Exception):
    """The run was asked to stop while the next step's data was waited for."""


# Of several kinds the first counts: what may pass by itself goes before what ends a run for good.
FAULTS: tuple[type[Exception], ...] = (StoppedWaiting, UnansweredError, StorageError, DataError)

Told = tuple[int, str] | None  # as it is sent to other processes: the number of the kind, and the message


def told(fault: Exception | None) -> Told:
    """One of ``FAULTS`` to be sent."""
    if fault is None:
        return None
    return next(number for number, kind in enumerate(FAULTS) if isinstance(fault, kind)), str(fault)


def raise_first(every: Iterable[Told], own: Exception | None) -> None:
    """Raise the fault that counts, in the process that met it (``own``) as it was raised there; none = return."""
    first = min((fault for fault in every if fault is not None), default=None)
    if first is None:
        return
    if own is not None and told(own) == first:
        raise own
    number, message = first
    raise FAULTS[number](message)


def opened_by_all(place: Place, open_it: Callable[[], T], known_by: Callable[[T], str]) -> T:
    """What ``open_it`` gives in this process; raises in all processes of a run when it raises in one.

    UnansweredError when what they have is not the same: what one could read another could not, which may pass.
    """
    fault: Exception | None = None
    opened: list[T] = []
    try:
        opened.append(open_it())
    except FAULTS as error:
        fault = error
    every = place.from_all((told(fault), [known_by(one) for one in opened]))
    raise_first((fault for fault, _ in every), fault)
    if any(known != every[0][1] for _, known in every):
        raise UnansweredError(
            "the processes of the run could not read the same images; look whether each has all of the data (mounts, "
            "permissions), then start the same command again"
        )
    return opened[0]
