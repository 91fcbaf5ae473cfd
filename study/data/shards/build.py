"""A pool of shards as an index: made once for a state of the shards and a choice of filters, then read from files.

Where shards cannot be read there may be several attempts at the same pool. Each has a folder of its own, which stays as
it is: who has been given a pool reads from its files for as long as a run takes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass

from study.data.index import Index
from study.data.shards.attempt import Facts, Recipe, attempt, check, improves
from study.io import lock, read_json, write_json


@dataclass(frozen=True)
class Built:
    """The pool, its fingerprint, how many pairs have a score, and what is left out of it, by reason."""

    index: Index
    fingerprint: str
    scored: int
    left_out: dict[str, int]


def build(recipe: Recipe, say: Callable[[str], None]) -> Built:
    """The attempt that was planned with, or else the last; a new one if there is none, or a better one if asked for.

    Raises DataError for too many unreadable shards, or an empty pool.
    """
    made = recipe.folder / "attempts.json"
    with lock(recipe.folder / ".lock", wait=True):
        attempts = read_json(made) if made.exists() else []
        planned = [number for number, facts in enumerate(attempts) if facts["fingerprint"] == recipe.planned]
        if planned:
            return _built(recipe, planned[0], attempts[planned[0]])
        if not attempts or (recipe.again and improves(recipe, attempts[-1], say)):
            folder = recipe.folder / str(len(attempts))
            shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was stopped: nobody has been given it
            attempts.append(attempt(recipe, folder, say))
            write_json(made, attempts)
    check(recipe, attempts[-1])
    return _built(recipe, len(attempts) - 1, attempts[-1])


def _built(recipe: Recipe, number: int, facts: Facts) -> Built:
    parts = {part.shard.name: part for part in recipe.shards}
    pieces = [
        parts[piece["name"]].piece(piece["pairs"], recipe.folder / str(number) / piece["chosen"], piece["facts"])
        for piece in facts["pieces"]
    ]
    return Built(Index(pieces, facts["scored"] > 0), facts["fingerprint"], facts["scored"], facts["left_out"])
