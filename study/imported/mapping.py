"""A mapping: which column of a CSV file is what, in YAML, checked like a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, create_model, model_validator
from pydantic_core import PydanticCustomError

from study.config import messages
from study.config.document import Document, Loc, Problem, in_order
from study.config.document import read as read_document
from study.config.fields import shown
from study.errors import GridError
from study.imported.files import Table
from study.records import Frozen

# Columns of the runs table that others' results may have.
MAPPABLE = (
    "arch", "family", "strategy", "strategy_label", "pretrain_data", "unique_pairs", "quality", "quality_share",
    "size_share", "samples_seen", "global_batch_size", "lr", "tuned", "other_settings", "seed", "image_size",
    "text_length", "gmacs_per_sample", "params_m", "train_flops", "loss", "gpu", "n_gpus", "device_kind", "precision",
    "samples_per_second", "peak_memory_gib", "gpu_hours", "energy_kwh", "dollars", "source", "citation", "note",
)  # fmt: skip
Times = Annotated[float, Field(gt=0, strict=True, description="what turns the column into the unit: 0.01 for percent")]


class Ref(Frozen):
    """Where a value comes from: a column, or the same for all rows."""

    column: Annotated[str | None, Field(strict=True)] = None
    value: str | int | float | None = None
    times: Times = 1.0

    @model_validator(mode="after")
    def _one(self) -> Ref:
        if (self.column is None) == (self.value is None):
            raise PydanticCustomError("told", "give one of column: and value:")
        return self


def _column(given: Any) -> Any:
    """A lone text names a column."""
    if isinstance(given, str):
        return {"column": given}
    if isinstance(given, dict):
        return given
    raise PydanticCustomError(
        "told", "must be the name of a column, or a mapping such as {value: 5}, got {got}", {"got": shown(given)}
    )


def _constant(given: Any) -> Any:
    """A lone text is the name itself."""
    if isinstance(given, str):
        return {"value": given}
    if isinstance(given, dict):
        return given
    raise PydanticCustomError("told", "must be a name, or {column: ...}, got {got}", {"got": shown(given)})


Columns: type[Frozen] = create_model(
    "Columns",
    __base__=Frozen,
    **{name: (Annotated[Ref, BeforeValidator(_column)] | None, None) for name in MAPPABLE},  # type: ignore[call-overload]
)


def _some(given: Any) -> Any:
    """Not by a length of the checked list, which is short for every wrong item, too."""
    if given == []:
        raise PydanticCustomError("told", "is empty; give at least one column of scores")
    return given


class Score(Frozen):
    """One column of scores; data set and metric may be columns themselves, where each row has one score."""

    dataset: Annotated[Ref, BeforeValidator(_constant)]
    metric: Annotated[Ref, BeforeValidator(_constant)]
    column: str = Field(strict=True)
    times: Times = 1.0


class MappingFile(Frozen):
    """What a mapping may say."""

    title: str | None = None
    description: str | None = None
    citation: str | None = None
    run: tuple[str, ...] = Field((), description="columns that name a run; none = what is mapped, but for measurements")
    missing: tuple[str, ...] = Field((), description="text that stands for nothing, such as n/a")
    columns: Columns
    metrics: Annotated[tuple[Score, ...], BeforeValidator(_some)]


def read_mapping(path: Path, tables: Sequence[Table]) -> MappingFile:
    """Read and check a mapping against the tables it is for; raises GridError with all its mistakes at once."""
    document = read_document(path, "give columns: and metrics:")
    try:
        mapping, details = MappingFile.model_validate(document.data), []
    except ValidationError as error:
        mapping, details = None, error.errors()
    problems = document.problems + [messages.problem(document, MappingFile, one) for one in details]
    for table in tables if mapping else ():
        problems += _unknown_columns(document, table)
    if problems or mapping is None:
        raise GridError(in_order(problems))
    return mapping


def _unknown_columns(document: Document, table: Table) -> Iterator[Problem]:
    for loc, name in _named(document.data):
        if name not in table.columns:
            near = get_close_matches(name, table.columns, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"its columns: {', '.join(table.columns)}"
            yield document.problem(loc, f"{table.path} has no column {name!r}; {hint}")


def _named(data: Any) -> Iterator[tuple[Loc, str]]:
    """Every column that a mapping names, and where; only of a mapping that was found right."""
    yield from ((("run", at), name) for at, name in enumerate(data.get("run", ())))
    for field, ref in data["columns"].items():
        if isinstance(ref, str):
            yield ("columns", field), ref
        elif ref and "column" in ref:
            yield ("columns", field, "column"), ref["column"]
    for at, score in enumerate(data["metrics"]):
        yield ("metrics", at, "column"), score["column"]
        for part in ("dataset", "metric"):
            if isinstance(score[part], dict) and "column" in score[part]:
                yield ("metrics", at, part, "column"), score[part]["column"]
