"""Job ids as sacct and squeue write them: ``12``, ``12_3``, and ``12_[4-9,20-30:5%8]`` for the pending of an array."""

from __future__ import annotations

import re
from collections.abc import Iterator

_JOB = re.compile(r"^(?P<id>\d+)(?:_(?P<index>\d+)|_\[(?P<indexes>[\d,:-]+)(?:%\d+)?\])?$")


def expand(text: str) -> Iterator[str]:
    """Every job that ``text`` stands for; nothing for a step of a job, or for what is no job id."""
    found = _JOB.match(text)
    if found is None:
        return
    if found["indexes"] is None:
        yield text
        return
    for part in filter(None, found["indexes"].split(",")):
        span, _, step = part.partition(":")
        first, _, last = span.partition("-")
        for index in range(int(first), int(last or first) + 1, int(step or 1)):
            yield f"{found['id']}_{index}"
