"""One attempt at a pool of shards: which pairs of each pass, without repeats, in a folder of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from study.data.filters import Filters
from study.data.fingerprint import fingerprint_of
from study.data.parallel import each
from study.data.repeats import repeated
from study.data.shards.choice import SAME, UIDS, Choice, Chosen, Part, can_be_read, choose, ended, keys, summed, without
from study.errors import DataError
from study.hardware import cpu_threads

LARGE = 1 << 29  # bytes that are read sooner than a process has started
UNREADABLE = "unreadable shard"

Facts = dict[str, Any]  # of a pool, as JSON


@dataclass(frozen=True)
class Recipe:
    """What a pool is made from; ``folder`` is the pool's own, ``most_unreadable`` a share of the shards, none none.

    ``planned`` is the fingerprint of the attempt that is wanted, of several; ``again`` is whether shards that could
    not be read in the last one are tried.
    """

    shards: Sequence[Part]
    filters: Filters
    folder: Path
    most_unreadable: float | None
    scores: Path | None = None
    planned: str | None = None
    again: bool = False

    @property
    def processes(self) -> int:
        """How many read the shards."""
        return cpu_threads() if sum(part.shard.size for part in self.shards) > LARGE else 1


def attempt(recipe: Recipe, folder: Path, say: Callable[[str], None]) -> Facts:
    """The pool as far as its shards can be read now; raises DataError for too many that cannot, or an empty pool."""
    choices = [
        Choice(part, recipe.filters, folder / f"{number:06}.parquet", recipe.scores)
        for number, part in enumerate(recipe.shards)
    ]
    found = each(choose, choices, recipe.processes, "shards indexed", say, ended)
    unread = {choice.part.shard.name: chosen for choice, chosen in zip(choices, found, strict=True) if chosen.failure}
    facts: Facts = {"unreadable": {name: chosen.failure for name, chosen in unread.items()}}
    facts["lacking"] = [name for name, chosen in unread.items() if chosen.lacks_column]
    check(recipe, facts)
    there = [(choice, chosen) for choice, chosen in zip(choices, found, strict=True) if not chosen.failure]
    left_out = Counter({UNREADABLE: len(unread)})
    for chosen in found:
        left_out.update(chosen.left_out)
    paths = [choice.path for choice, _ in there]
    kept = _without_repeats(recipe, folder, paths, [chosen.kept for _, chosen in there], left_out)
    if not sum(kept):
        raise DataError(f"no pair is left of {len(choices)} parts: {_words(left_out)}")
    sums = each(summed, paths, recipe.processes, "shards summed", say)
    return {
        **facts,
        "pieces": [_piece(choice, chosen, pairs) for (choice, chosen), pairs in zip(there, kept, strict=True)],
        "scored": sum(scored for _, scored in sums),
        "fingerprint": fingerprint_of(sum(kept), (part for part, _ in sums)),
        "left_out": {reason: count for reason, count in sorted(left_out.items()) if count},
    }


def check(recipe: Recipe, facts: Facts) -> None:
    """Raises DataError for more unreadable shards than there may be."""
    failures, lacking, most = [*facts["unreadable"].values()], facts["lacking"], recipe.most_unreadable
    parts = len(recipe.shards)
    if most is None and failures:
        raise DataError(failures[0])
    if most is None or len(failures) <= most * parts:
        return
    if len(lacking) == len(failures):
        raise DataError(f"{len(lacking)} of {parts} shards lack a column that is asked for: {failures[0]}")
    raise DataError(
        f"{len(failures)} of {parts} shards cannot be read, and max_unreadable is {most:g}; the first: {failures[0]}"
    )


def improves(recipe: Recipe, facts: Facts, say: Callable[[str], None]) -> bool:
    """Whether some shard can be read now that could not when these facts were found."""
    unread = [part for part in recipe.shards if part.shard.name in facts["unreadable"]]
    choices = [Choice(part, recipe.filters, recipe.folder) for part in unread]
    return any(each(can_be_read, choices, recipe.processes, "unreadable shards", say, lambda *_: False))


def _without_repeats(
    recipe: Recipe, folder: Path, paths: list[Path], kept: list[int], left_out: Counter[str]
) -> list[int]:
    """Take repeats out of the files, those of ids first; returns how many pairs stay in each."""
    kinds = {"pair": UIDS} if recipe.filters.unique == "pair" else {"pair": UIDS, recipe.filters.unique: SAME}
    stay = list(kept)
    for kind, columns in kinds.items():
        compared = partial(map, partial(keys, columns=columns), paths)
        for number, rows in repeated(compared, sum(stay), folder).items():
            left_out[f"repeated {kind}"] += len(rows)
            stay[number] = without(paths[number], rows)
    return stay


def _piece(choice: Choice, chosen: Chosen, pairs: int) -> Facts:
    return {"name": choice.part.shard.name, "pairs": pairs, "chosen": choice.path.name, "facts": chosen.facts}


def _words(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.most_common() if count) or "they are empty"
