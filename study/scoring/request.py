"""What is to be scored, by which models, to which files: what the process that was asked hands to those that work."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

from pydantic import Field

from study.errors import DataError
from study.records import Frozen, PluginRef, Precision
from study.saved import FINAL, checksum, folder

UNSEEN, SEEN_TOO = "pairs that were not trained on", "pairs that were trained on, too"
SEEN, NOT_FINITE = "seen in training", "embedding that is not finite"  # why a pair has no score, but for its image
LOCAL = "local-dir:"  # open_clip's word for a folder with a configuration, weights and tokenizer
CHUNK = 1024  # pairs that are decoded together, and lost by a kill


class OpenClipRef(Frozen):
    """A model by open_clip's name, and its weights: a file, or a tag of open_clip's; or a folder that holds both."""

    kind: Literal["open_clip"] = "open_clip"
    model: str
    pretrained: str
    as_tag: str | None = Field(None, description="tag whose ways with images a file of weights follows")
    download: bool = Field(False, description="whether a tag's weights may be fetched; else only a cached copy")


class RunsRef(Frozen):
    """Trained runs, by folder: a pair's score is the mean over those that did not train on it."""

    kind: Literal["runs"] = "runs"
    runs: tuple[Path, ...] = Field(min_length=1)
    seen_too: bool = Field(False, description="whether pairs that a model trained on are scored by it")


class Request(Frozen):
    """One call of ``study data score``."""

    source: PluginRef
    results: Path
    by: OpenClipRef | RunsRef = Field(discriminator="kind")
    column: str
    out: Path | None = None
    device: str = "auto"
    threads: int | None = None
    precision: Precision = "auto"
    batch: int = Field(256, ge=1)
    chunk: int = Field(CHUNK, ge=1)


NAMES = ("", "_missing", "_model", "_pretrained", "_weights", "_how")  # what a scoring's columns end in
IDS = ("uid", "key")  # by which scores are found


class Scored(Frozen):
    """Who gave the scores, as it stands in the files beside them."""

    column: str
    model: str
    pretrained: str
    weights: str = Field(description="SHA-256 of the files of weights")
    how: str = Field(description="how images are prepared, or which pairs runs score")

    def columns(self) -> tuple[str, str, str, str, str, str]:
        """The columns that one scoring writes beside ``uid``: the score, why it is missing, by whom it is, and how."""
        return tuple(f"{self.column}{name}" for name in NAMES)  # type: ignore[return-value]

    @property
    def mark(self) -> str:
        """12 hex digits, of a file's name; another one for other scores."""
        return hashlib.sha256(f"{self.weights} {self.how}".encode()).hexdigest()[:12]


def local_folder(model: str) -> Path | None:
    """The folder of a model that is not open_clip's own; none for one that is."""
    return Path(model.removeprefix(LOCAL)) if model.startswith(LOCAL) else None


def default_column(by: OpenClipRef | RunsRef) -> str:
    """A column named by the model: ``similarity_vit_b_32_openai``."""
    if isinstance(by, RunsRef):
        return f"similarity_{'_'.join(run.name for run in by.runs)}"
    folder = local_folder(by.model)
    weights = Path(by.pretrained).name if Path(by.pretrained).is_file() else by.pretrained
    name = folder.resolve().name if folder else f"{by.model}_{weights.partition('.')[0]}"
    return "similarity_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def scored_by_runs(request: Request, by: RunsRef) -> Scored:
    """The name of a scoring by trained runs; raises DataError for a run without trained weights."""
    hashes = []
    for run in by.runs:
        path = checksum(folder(run) / FINAL)
        if not path.is_file():
            raise DataError(f"run {run.name} has no trained weights; train it first: study train {run.name}")
        hashes.append(path.read_text().strip())
    weights = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    names = "+".join(run.name for run in by.runs)
    return Scored(
        column=request.column, model="study", pretrained=names, weights=weights, how=SEEN_TOO if by.seen_too else UNSEEN
    )


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
