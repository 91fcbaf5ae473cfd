"""What is held as a pass goes on, from the changes of memory in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from study.measure.allocations import Change
from study.measure.weightless import PAIRS
from study.predict.moments import Held


def held_after(changes: Iterable[Change]) -> Iterator[Held]:
    """What is held after each change."""
    held = Held(0, 0)
    for change in changes:
        rows, rest = divmod(change.bytes, PAIRS)
        held = Held(held.a_pair, held.fixed + change.bytes) if rest else Held(held.a_pair + rows, held.fixed)
        yield held


def freed(changes: Iterable[Change], early: Iterable[tuple[int, int]]) -> Iterator[Change]:
    """The changes of a pass in which some storages are freed early: after so many changes, the one of a number."""
    due: dict[int, list[int]] = defaultdict(list)
    for index, storage in early:
        due[index].append(storage)
    made: dict[int, int] = {}
    gone = {storage for storages in due.values() for storage in storages}
    for index, change in enumerate(changes):
        for storage in due.get(index, ()):
            yield Change(storage, -made[storage])
        if change.bytes > 0:
            made[change.storage] = change.bytes
        if change.bytes > 0 or change.storage not in gone:
            yield change
