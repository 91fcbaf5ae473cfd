"""Requests that ask for the same become arrays, as long as the cluster lets them be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from study.errors import SubmitError
from study.launch.request import Request
from study.launch.slurm.ask import Answer, ask
from study.launch.slurm.refused import not_now
from study.launch.slurm.script import ELSEWHERE


class Arrays:
    """Knows how long an array may be, once the controller has said so."""

    def __init__(self) -> None:
        """Asks at once: raises SubmitError where Slurm's programs are, and know of no cluster."""
        answer = _configuration()
        if answer.fatal:
            raise SubmitError(
                f"Slurm's programs are here, and know of no cluster: {answer.fatal}; on a login node they do, elsewhere"
                f" SLURM_CONF says where its slurm.conf is; without a cluster {ELSEWHERE}"
            )
        self._most = _array_size(answer)

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
            answer = _configuration()
            self._most = _array_size(answer)
            if self._most is None:
                raise not_now(answer)
        return self._most


def _configuration() -> Answer:
    return ask(["scontrol", "show", "config"])


def _array_size(answer: Answer) -> int | None:
    """None without an answer."""
    if answer.code != 0:
        return None
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.output, re.MULTILINE)
    return max(1, int(found[1])) if found else 1  # 0 is a cluster without arrays
