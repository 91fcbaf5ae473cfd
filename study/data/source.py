"""The source seam: where image-text pairs come from. Everything here works without torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import polars as pl

from study.data.evaluation_set import EvaluationSet
from study.data.fingerprint import fingerprint
from study.data.index import Index, Piece, Whole
from study.data.parallel import silent
from study.data.samples import Samples
from study.data.skipped import MAX_SKIPPED
from study.data.state import states_of
from study.errors import DataError
from study.records import PluginConfig


class Stored(NamedTuple):
    """What a pool takes where it lies, and whether that is a store that is asked over a network."""

    bytes: int
    remote: bool


class Source(ABC):
    """A pool of image-text pairs for training, and evaluation sets that share nothing with it."""

    class Config(PluginConfig):
        """Options of the source; a subclass adds its own."""

    version: ClassVar[int] = 1
    stands_alone: ClassVar[bool] = False  # its data come with the package and need no options
    places: ClassVar[frozenset[str]] = frozenset()  # options that say where the data lies: no part of a run's identity

    def __init__(self, config: Any, results: Path = Path("results"), say: Callable[[str], None] = silent) -> None:
        """``results`` is where what takes long to find out about the data is kept; ``say`` hears of progress."""
        self.config, self.results, self.say = config, results, say
        self.planned: str | None = None  # fingerprint of the pool to open, of several that were made of the same data
        self.again = False  # whether what could not be read before is tried again when the pool is opened

    @property
    def max_skipped(self) -> float:
        """Share of a run's pairs that may be unreadable; over it the run stops as bad data."""
        return MAX_SKIPPED

    def files(self) -> tuple[Path, ...]:
        """The files, or folders, that the options name."""
        return tuple(value for value in dict(self.config).values() if isinstance(value, Path))

    def state(self) -> str:
        """Words that change with anything that the pool depends on where it lies; then plans are made anew.

        Found out without reading data, since each ``study plan`` asks. Raises DataError where that fails.
        """
        return states_of(self.files())

    def is_whole(self) -> bool:
        """Whether all of the data could be read; else a plan is made anew each time, and the rest tried again."""
        return True

    def declared_pairs(self) -> int | None:
        """Size of a pool that can be planned without its data; none where the data is there to be read."""
        return None

    def has_images(self) -> bool:
        """Whether the pool can be trained on; while it cannot, a plan is an estimate."""
        return self.declared_pairs() is None

    def stored(self) -> Stored | None:
        """The size of a pool in shards, which runs may read pass by pass; none for others."""
        return None

    @abstractmethod
    def pool(self) -> pl.DataFrame:
        """The training pool: ``uid`` (32 hex digits, unique) and ``score`` (Float32, null where not known).

        Raises DataError when the data is missing or not of the promised form.
        """

    def index(self) -> Index:
        """The pool in pieces, for a pool that memory need not hold; here it does."""
        pool = self.pool()
        return Index([Whole(pool)], scored=pool["score"].null_count() < pool.height)

    @abstractmethod
    def samples(self, uids: Sequence[str], cache: Path | None = None) -> Samples:
        """The pairs of these uids, in this order; decoded images are kept in ``cache`` if given.

        Raises DataError for a uid that the source does not have.
        """

    def samples_in(self, piece: Piece, uids: Sequence[str]) -> Samples:
        """``samples`` of one piece alone, for who takes pieces one after the other."""
        return self.samples(uids)

    def fingerprint(self) -> str:
        """12 hex digits over the pool's ids and scores."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.pool())

    def left_out(self) -> dict[str, int]:
        """Reason -> rows of the data that are not in the pool because they are not usable pairs."""
        return {}

    @abstractmethod
    def details(self) -> pl.DataFrame:
        """What ``study data inspect`` counts: a row a pair, with ``uid``, ``split``, ``caption``, ``noise``, ``score``.

        ``width`` and ``height`` (pixels), ``bytes`` and ``image`` (what tells them apart) of the images where they are
        known. A large pool gives a random part of its pairs, the same each time.
        """

    def size_bytes(self) -> int | None:
        """Size of all files of the data; none where it is not known."""
        return sum(path.stat().st_size for path in self.files() if path.is_file()) or None

    def columns(self) -> list[str]:
        """Names of what is known of each pair, of which options may name captions, ids and scores."""
        return []

    def evaluation_sets(self) -> tuple[str, ...]:
        """Names of the source's own evaluation sets, ``SOURCE/SET``."""
        return ()

    def evaluation_set(self, name: str) -> EvaluationSet:
        """One of the source's own evaluation sets; raises DataError when there is none of that name."""
        raise DataError(f"{self.config.name} has no evaluation set {name!r}")
