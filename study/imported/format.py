"""The seam of a format: which files are its own, and what each row of them says of which run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

from study.imported.cells import Cell
from study.imported.files import File, Place, Table


class Reading(NamedTuple):
    """One score as a file has it: not yet a number, not yet in its range."""

    dataset: str
    metric: str
    cell: Cell


@dataclass(frozen=True)
class Found:
    """What one row says of one run: some of the columns of ``RUNS_COLUMNS``, some scores.

    Rows of the same ``run`` are put together. ``no_flops`` says why 6e9 x multiply-adds x samples is not what the run
    computed; none where it is.
    """

    run: str
    place: Place
    facts: Mapping[str, Cell] = field(default_factory=dict)
    scores: Sequence[Reading] = ()
    no_flops: str | None = None


@dataclass
class Findings:
    """All that the files say, what was left out of them, and what is told of the study as a whole."""

    found: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


class Format(ABC):
    """A kind of files that others write their results in.

    ``needs`` are the columns by which its tables are known, by what the table is; ``results`` names those of them that
    hold scores. ``mapping`` is the user's file that says which column is what, where the format takes one.
    """

    title: ClassVar[str]
    needs: ClassVar[Mapping[str, frozenset[str]]]
    results: ClassVar[frozenset[str]]
    takes_mapping: ClassVar[bool] = False

    def __init__(self, mapping: Path | None = None) -> None:
        self.mapping = mapping

    def kind(self, file: File) -> str | None:
        """Which of its kinds the file is, by its columns; none where it is not this format's."""
        if not isinstance(file, Table):
            return None
        return next((kind for kind, columns in self.needs.items() if columns <= set(file.columns)), None)

    @abstractmethod
    def read(self, files: Sequence[File]) -> Findings:
        """What files of this format's kinds say."""
