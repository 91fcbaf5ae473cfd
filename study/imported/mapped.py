"""Any CSV file, with a mapping that says which column is what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from study.imported.cells import Cell
from study.imported.files import File, Row, Table
from study.imported.format import Findings, Format, Found, Reading
from study.imported.mapping import MAPPABLE, MappingFile, Ref, read_mapping

# What is measured of a run does not name it.
_MEASURED = frozenset(
    {"loss", "samples_per_second", "peak_memory_gib", "gpu_hours", "energy_kwh", "dollars", "note", "citation"}
)


class Mapped(Format):
    """A row a run, or a row a score where the mapping takes data set or metric from columns."""

    title = "any CSV file, with --mapping FILE.yaml"
    needs: ClassVar[Mapping[str, frozenset[str]]] = {"results": frozenset()}
    results = frozenset({"results"})
    takes_mapping = True

    def kind(self, file: File) -> str | None:
        """Any table, once there is a mapping."""
        return "results" if self.mapping and isinstance(file, Table) else None

    def read(self, files: Sequence[File]) -> Findings:
        """Raises GridError for a mapping that is wrong, or that names columns which a file does not have."""
        tables = [file for file in files if isinstance(file, Table)]
        assert self.mapping is not None
        mapping = read_mapping(self.mapping, tables)
        titles = _titles([table.path for table in tables])
        told = {name: getattr(mapping, name) for name in ("title", "description", "citation")}
        return Findings(
            found=[_found(mapping, row, titles[table.path]) for table in tables for row in table.rows],
            facts={name: text for name, text in told.items() if text},
        )


def _titles(paths: Sequence[Path]) -> dict[Path, str]:
    """What tells each file from the others: the stem of its name, where others have that too the whole path."""
    stems = Counter(path.stem for path in set(paths))
    return {path: path.stem if stems[path.stem] == 1 else path.as_posix() for path in paths}


def _found(mapping: MappingFile, row: Row, title: str) -> Found:
    refs = {name: ref for name in MAPPABLE if (ref := getattr(mapping.columns, name)) is not None}
    facts = {name: _cell(mapping, row, ref) for name, ref in refs.items()}
    named = mapping.run or [ref.column for name, ref in refs.items() if ref.column and name not in _MEASURED]
    run = _run([row.cells[column] for column in named]) or f"{title} row {row.place.line}"
    scores = [
        Reading(
            _text(_cell(mapping, row, score.dataset)),
            _text(_cell(mapping, row, score.metric)),
            _cell(mapping, row, Ref(column=score.column, times=score.times)),
        )
        for score in mapping.metrics
    ]
    return Found(run, row.place, facts, scores)


def _run(cells: Sequence[str]) -> str:
    """The name of a run by its cells, another for other cells: among several one with blanks, or empty, is quoted."""
    if len(cells) < 2 or not any(cells):
        return "".join(cells)
    return " ".join(
        json.dumps(cell, ensure_ascii=False) if not cell or {" ", '"'} & set(cell) else cell for cell in cells
    )


def _cell(mapping: MappingFile, row: Row, ref: Ref) -> Cell:
    if ref.column is None:
        return Cell(ref.value, times=ref.times)
    given = row.cells[ref.column]
    return Cell("" if given in mapping.missing else given, ref.column, ref.times)


def _text(cell: Cell) -> str:
    return "" if cell.given is None else str(cell.given)
