"""Checkpoints of a run: whole, verified by checksum, the last two kept.

A checkpoint is written at the end of a step and holds all that the next step depends on; noise is a function of the
seed and the position, so no generator is saved. A file that is damaged, or that torch cannot read, is passed over for
the one before it.
"""

from __future__ import annotations

import hashlib
import io as memory
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from study import io
from study.errors import StorageError
from study.measure.memory import lacks_memory
from study.saved import FINAL, checkpoint_after, checkpoints, checksum, folder

KEPT = 2
# what torch.load raises for a file that is none of its own, or of another version of it
UNREADABLE = (RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError, TypeError, AttributeError)


def _write(path: Path, state: Mapping[str, Any]) -> None:
    buffer = memory.BytesIO()
    torch.save(dict(state), buffer)
    content = buffer.getvalue()
    io.write_bytes(path, content)
    io.write_text(checksum(path), hashlib.sha256(content).hexdigest() + "\n")


def _verified(path: Path) -> bool:
    try:
        expected = checksum(path).read_text().strip()
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected
    except OSError:  # no checksum yet: the process ended between the two files
        return False


def save(run: Path, samples_seen: int, state: Mapping[str, Any]) -> Path:
    """Write the state after ``samples_seen`` pairs, then forget all but the last two checkpoints.

    Those of more pairs were passed over when the run was taken up, and go, too.
    """
    path = checkpoint_after(run, samples_seen)
    _write(path, state)
    found = checkpoints(run)
    kept = [one for one in found if one <= path][-KEPT:]
    for old in set(found) - set(kept):
        _remove(old)
    return path


def _remove(path: Path) -> None:
    for file in (path, checksum(path)):
        with suppress(FileNotFoundError):
            file.unlink()


def load_latest(run: Path, device: torch.device, say: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest checkpoint that passes its checksum and can be read, or none; ``say`` is told of any passed over.

    Raises StorageError where some are whole, but none can be read: another version of torch has written them.
    """
    found = checkpoints(run)
    for path in reversed(found):
        state = _read(path, device, say)
        if state is not None:
            return state
    if any(map(_verified, found)):
        raise StorageError(
            f"{folder(run)}: no checkpoint can be read by this torch ({torch.__version__}), though they are whole; "
            "go on with the version that wrote them, or remove the folder to train the run anew"
        )
    if found:
        say("no checkpoint can be used; the run begins anew")
    return None


def load_after(run: Path, samples_seen: int, device: torch.device) -> dict[str, Any]:
    """The checkpoint after so many pairs, which another process could use; raises StorageError when it is not here."""
    told: list[str] = []
    state = _read(checkpoint_after(run, samples_seen), device, told.append)
    if state is None:
        raise StorageError(f"{told[0]}; another process of this run could use it: do all see the same folder?")
    return state


def _read(path: Path, device: torch.device, say: Callable[[str], None]) -> dict[str, Any] | None:
    """Tensors only, nothing is executed. A lack of memory is raised: it is no fault of the file."""
    if not _verified(path):
        say(f"{path} is damaged or unfinished, and passed over")
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except UNREADABLE as error:
        if lacks_memory(error):
            raise
        say(f"{path} cannot be read by this torch ({type(error).__name__}), and is passed over")
        return None
    return state


def save_final(run: Path, state: Mapping[str, Any]) -> None:
    """Keep the trained weights; the optimiser's state is of no more use and goes."""
    _write(folder(run) / FINAL, state)
    for old in checkpoints(run):
        _remove(old)


def forget(run: Path) -> None:
    """Remove all checkpoints, the final weights, and the copy of the outcome that lies with them."""
    for path in folder(run).glob("*"):
        path.unlink()


def has_final(run: Path) -> bool:
    """Whether the run's trained weights are there and whole."""
    return _verified(folder(run) / FINAL)


def load_final(run: Path, device: torch.device) -> dict[str, Any]:
    """The trained weights; raises StorageError when they are missing or damaged."""
    path = folder(run) / FINAL
    if not _verified(path):
        raise StorageError(f"{path} is missing or damaged; remove {run}/outcome.json and train the run again")
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state


def fingerprint(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over all tensors by name: equal for equal weights."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
