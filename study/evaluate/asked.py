"""What a study's runs are evaluated on: ``results/NAME/evaluation.json``. No torch."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError, field_validator

from study import io
from study.errors import StorageError
from study.metrics import METRICS
from study.records import Frozen
from study.registry import unknown_name

DEFAULT_METRICS = ("zeroshot", "retrieval")


class Asked(Frozen):
    """One data set to be scored: the source's own by name, or one of clip-benchmark's with its folder."""

    name: str
    root: str | None = Field(None, description="folder of the data set, for clip-benchmark's")
    metrics: tuple[str, ...] = Field((), description="of this data set alone; none = the evaluation's")

    @field_validator("metrics")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in METRICS:
                raise unknown_name("metric", name, METRICS.names())
        return names


class Evaluation(Frozen):
    """The data sets and metrics of a study."""

    evaluation_id: str
    sets: tuple[str | Asked, ...]
    metrics: tuple[str, ...] = DEFAULT_METRICS

    def asked(self) -> list[Asked]:
        """Every data set with the metrics it is to be scored by."""
        sets = [Asked(name=item) if isinstance(item, str) else item for item in self.sets]
        return [Asked(name=item.name, root=item.root, metrics=item.metrics or self.metrics) for item in sets]


def read_evaluation(path: Path) -> Evaluation:
    """Read ``evaluation.json``; raises StorageError when it is missing or not of this form."""
    try:
        return Evaluation.model_validate(io.read_json(path))
    except ValidationError as error:
        raise StorageError(f"{path} does not describe an evaluation; plan the study again\n{error}") from error
