"""A pool of shards as an index: made once for a state of the shards and a choice of filters, then read from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from study.data.filters import Filters
from study.data.fingerprint import fingerprint_of
from study.data.index import Index
from study.data.parallel import each
from study.data.repeats import repeated
from study.data.shards.choice import SAME, UIDS, Choice, Chosen, Part, choose, ended, keys, summed, without
from study.errors import DataError
from study.hardware import cpu_threads
from study.io import lock, read_json, write_json

LARGE = 1 << 29  # bytes that are read sooner than a process has started
UNREADABLE = "unreadable shard"


@dataclass(frozen=True)
class Built:
    """The pool, its fingerprint, and what is left out of it, by reason."""

    index: Index
    fingerprint: str
    left_out: dict[str, int]


@dataclass(frozen=True)
class Recipe:
    """What a pool is made from; ``folder`` is the pool's own, ``most_unreadable`` a share of the shards, none none."""

    shards: Sequence[Part]
    filters: Filters
    folder: Path
    most_unreadable: float | None
    scores: Path | None = None


def build(recipe: Recipe, say: Callable[[str], None]) -> Built:
    """The pool, from its file if there is one; raises DataError for too many unreadable shards, or an empty pool."""
    made = recipe.folder / "pool.json"
    with lock(recipe.folder / ".lock", wait=True):
        if not made.exists():
            facts = _made(recipe, say)
            if facts["left_out"].get(UNREADABLE):
                return _built(recipe, facts)  # not kept: the next start tries them again
            write_json(made, facts)
    return _built(recipe, read_json(made))


def _built(recipe: Recipe, facts: dict[str, Any]) -> Built:
    parts = {part.shard.name: part for part in recipe.shards}
    pieces = [
        parts[piece["name"]].piece(piece["pairs"], recipe.folder / piece["chosen"], piece["facts"])
        for piece in facts["pieces"]
    ]
    return Built(Index(pieces, facts["scored"]), facts["fingerprint"], facts["left_out"])


def _made(recipe: Recipe, say: Callable[[str], None]) -> dict[str, Any]:
    choices = [
        Choice(part, recipe.filters, recipe.folder / f"{number:06}.parquet", recipe.scores)
        for number, part in enumerate(recipe.shards)
    ]
    processes = cpu_threads() if sum(part.shard.size for part in recipe.shards) > LARGE else 1
    found = each(choose, choices, processes, "shards indexed", say, ended)
    _check(found, recipe.most_unreadable)
    there = [(choice, chosen) for choice, chosen in zip(choices, found, strict=True) if not chosen.failure]
    paths = [choice.path for choice, _ in there]
    left_out = Counter({UNREADABLE: len(found) - len(there)})
    for chosen in found:
        left_out.update(chosen.left_out)
    kept = _without_repeats(recipe, paths, [chosen.kept for _, chosen in there], left_out)
    if not sum(kept):
        raise DataError(f"no pair is left of {len(choices)} parts: {_words(left_out)}")
    sums = each(summed, paths, processes, "shards summed", say)
    return {
        "pieces": [_piece(choice, chosen, pairs) for (choice, chosen), pairs in zip(there, kept, strict=True)],
        "scored": any(scored for _, scored in sums),
        "fingerprint": fingerprint_of(sum(kept), (part for part, _ in sums)),
        "left_out": {reason: count for reason, count in sorted(left_out.items()) if count},
    }


def _without_repeats(recipe: Recipe, paths: list[Path], kept: list[int], left_out: Counter[str]) -> list[int]:
    """Take repeats out of the files, those of ids first; returns how many pairs stay in each."""
    kinds = {"pair": UIDS} if recipe.filters.unique == "pair" else {"pair": UIDS, recipe.filters.unique: SAME}
    stay = list(kept)
    for kind, columns in kinds.items():
        compared = partial(map, partial(keys, columns=columns), paths)
        for number, rows in repeated(compared, sum(stay), recipe.folder).items():
            left_out[f"repeated {kind}"] += len(rows)
            stay[number] = without(paths[number], rows)
    return stay


def _piece(choice: Choice, chosen: Chosen, pairs: int) -> dict[str, Any]:
    return {"name": choice.part.shard.name, "pairs": pairs, "chosen": choice.path.name, "facts": chosen.facts}


def _check(found: Sequence[Chosen], most: float | None) -> None:
    failures = [chosen.failure for chosen in found if chosen.failure]
    if most is None and failures:
        raise DataError(failures[0])
    if most is None or len(failures) <= most * len(found):
        return
    lacking = [chosen.failure for chosen in found if chosen.lacks_column]
    if len(lacking) == len(failures):
        raise DataError(f"{len(lacking)} of {len(found)} shards lack a column that is asked for: {lacking[0]}")
    raise DataError(
        f"{len(failures)} of {len(found)} shards cannot be read, and max_unreadable is {most:g}; "
        f"the first: {failures[0]}"
    )


def _words(left_out: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in left_out.most_common() if count) or "they are empty"
