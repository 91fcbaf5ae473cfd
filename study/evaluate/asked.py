"""What a study's runs are evaluated on: ``results/NAME/evaluation.json``. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from study import io
from study.errors import StorageError
from study.metrics import DEFAULT_METRICS, METRICS
from study.records import Frozen
from study.registry import unknown_name


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in METRICS:
            raise unknown_name("metric", name, METRICS.names())
    return names


Metrics = Annotated[tuple[str, ...], AfterValidator(_known)]


class SetRef(Frozen):
    """A data set: the source's own by name, or one of clip-benchmark's with its folder."""

    name: str
    root: str | None = Field(None, description="folder of the data set, for clip-benchmark's")
    metrics: Metrics = Field((), description="of this data set alone; none = the evaluation's")
    trains: bool = Field(False, description="a metric needs the training split, too; predictions ask for it")


@dataclass(frozen=True)
class Asked:
    """A data set to be scored by some metrics; ``all_defined`` when each of them has to be defined on it."""

    name: str
    metrics: tuple[str, ...]
    root: str | None = None
    all_defined: bool = False


class Evaluation(Frozen):
    """The data sets and metrics of a study."""

    evaluation_id: str
    sets: tuple[str | SetRef, ...]
    metrics: Metrics = DEFAULT_METRICS

    def asked(self) -> list[Asked]:
        """Every data set with its metrics; those of its own must be defined on it, common ones where they can."""
        refs = [SetRef(name=item) if isinstance(item, str) else item for item in self.sets]
        return [Asked(ref.name, ref.metrics or self.metrics, ref.root, bool(ref.metrics)) for ref in refs]


def read_evaluation(path: Path) -> Evaluation:
    """Read ``evaluation.json``; raises StorageError when it is missing or not of this form."""
    try:
        return Evaluation.model_validate(io.read_json(path))
    except ValidationError as error:
        raise StorageError(f"{path} does not describe an evaluation; plan the study again\n{error}") from error
