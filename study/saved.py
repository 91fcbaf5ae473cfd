"""Where a run's checkpoints lie, and how far their names say that it can be taken up again. No torch."""

from __future__ import annotations

from pathlib import Path

FINAL = "final.pt"
_STEM = "samples-"


def folder(run: Path) -> Path:
    """Where a run's checkpoints are."""
    return run / "checkpoints"


def checkpoint_after(run: Path, samples: int) -> Path:
    """The checkpoint that is written when a run has seen so many samples."""
    return folder(run) / f"{_STEM}{samples:015d}.pt"


def checksum(path: Path) -> Path:
    """The file that a checkpoint's checksum is in; without it the checkpoint is not whole."""
    return path.with_suffix(".sha256")


def checkpoints(run: Path) -> list[Path]:
    """All checkpoints but the final weights, the newest last."""
    return sorted(folder(run).glob(f"{_STEM}*.pt"))


def outcome_copy(run: Path) -> Path:
    """The outcome of a training that completed, kept beside its weights."""
    return folder(run) / "outcome.json"


def is_trained(run: Path) -> bool:
    """Whether final weights lie there with their outcome: the run is restored, not trained."""
    return checksum(folder(run) / FINAL).exists() and outcome_copy(run).exists()


def samples_saved(run: Path) -> int:
    """Samples after which a run that is not trained can be taken up again; 0 where it begins anew."""
    whole = [path for path in checkpoints(run) if checksum(path).exists()]
    return int(whole[-1].stem.removeprefix(_STEM)) if whole else 0
