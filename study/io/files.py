"""Files that are either whole or absent: a temporary name of its own, fsync, rename.

A full disk or a missing permission becomes a StorageError that names the file; the temporary file is removed, the old
file stays as it was.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

from study.errors import StorageError

if TYPE_CHECKING:
    import polars as pl


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then rename it over ``path``.

    Raises StorageError when the file cannot be written; then ``path`` is as it was before.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            write(file)
            keep(file)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def reason(error: OSError) -> str:
    """What went wrong with a file, in words for a message."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; free some space and run the same command again"
    return f"{error.strerror or error}"


@contextmanager
def growing(path: Path) -> Iterator[BinaryIO]:
    """A file to add to, with what an earlier process wrote before it was stopped; it is ``path`` when the block ends.

    When the block raises, it keeps its temporary name for the next process to go on. One process at a time: hold a
    lock. Raises StorageError when it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("ab") as file:
            yield file
            keep(file)
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error


def keep(file: BinaryIO) -> None:
    """What is written so far outlives the process and the machine's power."""
    file.flush()
    os.fsync(file.fileno())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole binary file or none."""
    write_whole(path, lambda file: file.write(content))


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 text file or none."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys; NaN and infinity are refused, since they are not JSON."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; raises StorageError when it is missing or not JSON."""
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise StorageError(f"cannot read {path}: {reason(error)}") from error
    except ValueError as error:
        raise StorageError(f"{path} is not valid JSON ({error}); remove it and run again") from error


def write_parquet(path: Path, table: pl.DataFrame) -> None:
    """Write a whole parquet file or none."""
    content = BytesIO()  # polars tells of a full disk in words of its own
    table.write_parquet(content)
    write_bytes(path, content.getvalue())


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a parquet file; raises StorageError when it is missing or damaged."""
    import polars as pl  # costs 0.4 s: only for those who read tables

    try:
        return pl.read_parquet(path)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {reason(error)}") from error
    except pl.exceptions.PolarsError as error:
        raise StorageError(f"{path} is not a readable parquet file ({error})") from error


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``path`` to fill; it takes that name when the block ends, or goes if it fails.

    Raises StorageError when something is there already, an empty folder excepted, or when it cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise StorageError(f"{path} is there already; name a folder that is new or empty")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def scratch_folder(within: Path | None = None) -> Iterator[Path]:
    """A folder that is gone when the block ends, in one that is made if need be, or where the system has such folders.

    Raises StorageError when it, or what the block writes there, cannot be written.
    """
    try:
        if within is not None:
            within.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=within) as folder:
            yield Path(folder)
    except OSError as error:
        raise StorageError(f"cannot write {within or 'a temporary folder'}: {reason(error)}") from error


def append_line(path: Path, line: str) -> None:
    """Add a line to a log; a line cut short by a kill is the reader's to leave out."""
    try:
        with path.open("a") as file:
            file.write(line + "\n")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
