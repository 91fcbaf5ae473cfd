"""Requests that ask for the same become arrays, as long as the cluster lets them be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from study.launch.backend import TryLaterError
from study.launch.request import Request
from study.launch.slurm.ask import ask


class Arrays:
    """Knows how long an array may be, once the controller has said so."""

    def __init__(self) -> None:
        self._most: int | None = None

    def of(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Equal resources, and equal jobs to wait for, together; raises TryLaterError as ``most`` does."""
        alike: dict[str, list[Request]] = {}
        for request in requests:
            alike.setdefault(request.model_dump_json(include={"resources", "after"}), []).append(request)
        most = self.most()
        return [group[at : at + most] for group in alike.values() for at in range(0, len(group), most)]

    def most(self) -> int:
        """Jobs of an array by ``MaxArraySize``; raises TryLaterError while the controller does not answer."""
        if self._most is None:
            answer = ask(["scontrol", "show", "config"])
            if answer.code != 0:
                raise TryLaterError(f"Slurm takes no job now, tried again later: {answer.words}")
            found = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.output, re.MULTILINE)
            self._most = max(1, int(found[1])) if found else 1  # 0 is a cluster without arrays
        return self._most
