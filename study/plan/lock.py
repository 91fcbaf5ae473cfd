"""``grids/NAME.lock.yaml``: how many samples each budget in FLOPs or GPU-hours stands for, with the evidence."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from study.config.document import read as read_document
from study.errors import GridError
from study.io import write_text

_HEADER = (
    "# Written by `study plan`; budgets in FLOPs and GPU-hours, resolved once. Keep it with the grid.\n"
    "# Only `study plan --recalibrate` changes what is here, and lists the runs that it replaces.\n"
)


class Key(NamedTuple):
    """What a resolved budget depends on; the last three are none for a budget in FLOPs, ``devices`` is GPUs a run."""

    arch: str
    strategy: str
    image_size: int
    text_length: int
    global_batch_size: int
    budget: str
    value: float
    gpu: str | None
    devices: int | None
    precision: str | None


_OPTIONAL = ("gpu", "devices", "precision")


@dataclass(frozen=True)
class Entry:
    """What a budget was resolved to."""

    samples_seen: int
    train_flops_per_sample: float
    evidence: str


class Lock:
    """Resolved budgets; new ones are added, old ones stay unless ``forget`` is called."""

    def __init__(self, entries: dict[Key, Entry]) -> None:
        self.entries = entries
        self.before = dict(entries)

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.entries != self.before

    def get(self, key: Key) -> Entry | None:
        """What a budget was resolved to, if it was; an entry made before these were told apart answers for all."""
        return self.entries.get(key) or self.entries.get(key._replace(devices=None, precision=None))

    def add(self, key: Key, entry: Entry) -> None:
        """Freeze a budget."""
        self.entries[key] = entry

    def forget(self) -> None:
        """Resolve everything anew."""
        self.entries = {}

    def text(self) -> str:
        """The file's content."""
        resolved = [{**_given(key), **asdict(entry)} for key, entry in sorted(self.entries.items(), key=str)]
        stream = io.StringIO()
        yaml = YAML()
        yaml.width = 1000
        yaml.dump({"resolved": resolved}, stream)
        return _HEADER + stream.getvalue()


def path_of(grid: Path) -> Path:
    """Where a grid's lock lies."""
    return grid.with_name(f"{grid.stem}.lock.yaml")


def read(path: Path) -> Lock:
    """Read a lock; one that does not exist is empty. Raises GridError for a damaged one."""
    if not path.exists():
        return Lock({})
    document = read_document(path)
    try:
        rows = document.data["resolved"]
        return Lock({_key(row): Entry(**_part(row, Entry)) for row in rows})
    except (KeyError, TypeError) as error:
        message = "not a lock file of `study plan`; restore it, or remove it to resolve its budgets anew"
        raise GridError([f"{path}:1:1: {message}"]) from error


def write(path: Path, lock: Lock) -> None:
    """Write the lock."""
    write_text(path, lock.text())


def _given(key: Key) -> dict[str, Any]:
    return {name: value for name, value in key._asdict().items() if value is not None}


def _key(row: dict[str, Any]) -> Key:
    return Key(**{**dict.fromkeys(_OPTIONAL), **{name: row[name] for name in Key._fields if name in row}})


def _part(row: dict[str, Any], kind: type[Entry]) -> dict[str, Any]:
    return {field.name: row[field.name] for field in fields(kind)}
