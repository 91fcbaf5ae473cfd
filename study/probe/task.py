"""One configuration that is to be probed: plain data, so that it can be sent to another process. No torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from study.evaluate.asked import Evaluation
from study.predict import Job
from study.records import RunSpec


@dataclass(frozen=True)
class Task:
    """One configuration, and what a process needs to time it.

    ``flops_a_sample`` has training FLOPs a pair of each phase; ``evaluation`` is none where no set of the study is a
    data source's own; ``random`` pairs stand in for data that is not there.
    """

    job: Job
    spec: RunSpec
    results: Path
    flops_a_sample: tuple[float, ...]
    evaluation: Evaluation | None
    random: bool

    @property
    def words(self) -> str:
        """What is probed, for a line of progress."""
        job = self.job
        sizes = f"{job.image_size} px, batch {job.global_batch_size:,}"
        return f"{job.arch} · {job.strategy} · {sizes}" + (" · random pairs" if self.random else "")

    @property
    def key(self) -> str:
        """A name for its file: what the time of a step depends on."""
        text = json.dumps([self.job.device, self.job.configuration, self.job.source, self.random])
        return f"p{hashlib.sha256(text.encode()).hexdigest()[:12]}"
