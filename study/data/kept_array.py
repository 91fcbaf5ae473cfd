"""An array on disk that takes long to make: made once, gone on with after a stop, and mapped into memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from study.errors import StorageError
from study.io import growing, keep, read_json, write_json

OFTEN = 1024  # rows after which a stop costs nothing of what is done

Make = Callable[[Sequence[int], dict[int, str]], Iterator[np.ndarray]]


@dataclass(frozen=True)
class KeptArray:
    """``path`` is a .npy of uint8 ``shape``, and beside it a .json why some rows have nothing: row -> reason.

    A ``Make`` gives the rows that it is asked for, in their order, in arrays of some each, and notes those reasons.
    One process at a time makes or mends it: hold a lock.
    """

    path: Path
    shape: tuple[int, ...]

    def exists(self) -> bool:
        """Whether it is there, and whole."""
        return self.path.exists()

    def rows_done(self) -> int:
        """How many rows are written for good while it is made; 0 before the first."""
        return int(read_json(self._progress)["rows"]) if self._progress.exists() else 0

    def make(self, rows: Make) -> None:
        """Write it, from the row on to which it was written before; what is done stays when ``rows`` raises."""
        with growing(self.path) as file:
            done, skipped = self._taken_up(file)
            kept = done
            try:
                for some in rows(range(done, self.shape[0]), skipped):
                    file.write(np.ascontiguousarray(some).data)
                    done += len(some)
                    if done >= kept + OFTEN:
                        kept = done
                        self._note(file, done, skipped)
            except BaseException:
                self._note(file, done, skipped)
                raise
            keep(file)
            self._write_reasons(skipped)  # before the array has its name, so that it never lacks them
        self._progress.unlink(missing_ok=True)

    def mend(self, reasons: Collection[str], rows: Make) -> None:
        """Try the rows again that have nothing for one of these reasons."""
        before, still = self.skipped(), dict[int, str]()
        again = np.array([row for row, reason in before.items() if reason in reasons], np.int64)
        if not len(again):
            return
        array, left, start = self._mapped("r+"), dict(before), 0
        try:
            for some in rows(again.tolist(), still):
                part = again[start : start + len(some)]
                there = [row not in still for row in part.tolist()]
                array[part[there]] = some[there]
                start += len(some)
                for row in part.tolist():
                    left.pop(row)
                left |= {row: still[row] for row in part.tolist() if row in still}
        finally:
            array.flush()
            if left != before:
                self._write_reasons(left)

    def opened(self) -> np.ndarray:
        """The array, memory-mapped; raises StorageError when it is damaged."""
        return self._mapped("r")

    def skipped(self) -> dict[int, str]:
        """Row -> why it has nothing."""
        return {int(row): reason for row, reason in read_json(self._reasons).items()}

    @property
    def _reasons(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def _progress(self) -> Path:
        return self.path.with_name(f".{self.path.name}.progress.json")

    def _taken_up(self, file: BinaryIO) -> tuple[int, dict[int, str]]:
        """Rows that the file has, after which it ends, and the reasons of those that have nothing."""
        known: Any = read_json(self._progress) if self._progress.exists() else {"rows": 0, "skipped": {}}
        header, done = self._header(), int(known["rows"])
        end = len(header) + done * prod(self.shape[1:])
        if not done or file.tell() < end:
            file.truncate(0)
            file.write(header)
            return 0, {}
        file.truncate(end)
        return done, {int(row): reason for row, reason in known["skipped"].items()}

    def _note(self, file: BinaryIO, done: int, skipped: dict[int, str]) -> None:
        keep(file)
        write_json(self._progress, {"rows": done, "skipped": {str(row): reason for row, reason in skipped.items()}})

    def _write_reasons(self, skipped: dict[int, str]) -> None:
        write_json(self._reasons, {str(row): reason for row, reason in skipped.items()})

    def _header(self) -> bytes:
        header = BytesIO()
        shape = {"descr": "|u1", "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_2_0(header, shape)
        return header.getvalue()

    def _mapped(self, mode: Literal["r", "r+"]) -> np.memmap:
        try:
            return np.load(self.path, mmap_mode=mode)  # type: ignore[no-any-return]
        except (OSError, ValueError) as error:
            raise StorageError(f"{self.path} cannot be read ({error}); remove it and run again") from error
