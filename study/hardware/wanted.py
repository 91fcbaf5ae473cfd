"""What ``--device`` asks for: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from study.errors import PlanError


@dataclass(frozen=True)
class Asked:
    """A kind of device; ``index`` is that of a GPU among those that the process may use, if one is named."""

    text: str
    kind: str
    index: int | None

    def check(self, gpus: int) -> None:
        """Raise PlanError where a GPU is asked for that is not among so many."""
        if self.kind == "cuda" and not gpus:
            raise PlanError(f"--device {self.text}: this machine has no GPU that can be used; take --device cpu")
        if self.index is not None and self.index >= gpus:
            raise PlanError(f"--device {self.text}: this machine's GPUs are 0 to {gpus - 1}")


def asked(text: str) -> Asked:
    """Read ``--device``; raises PlanError for anything else."""
    read = re.fullmatch(r"(auto|cpu|cuda)|cuda:([0-9]+)", text)
    if read is None:
        raise PlanError(f"--device {text}: not a device; take auto, cpu, cuda or cuda:N")
    return Asked(text, read[1] or "cuda", int(read[2]) if read[2] else None)
