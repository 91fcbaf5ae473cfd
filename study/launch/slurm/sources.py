"""Who knows how jobs stand: sacct, and where that is missing or does not answer squeue. One question for all jobs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from study.launch.slurm.ask import Answer, ask
from study.launch.slurm.ids import expand

FIELDS = 4
NO_ACCOUNTING = "accounting storage is disabled"
SACCT = ["sacct", "--allocations", "--noheader", "--parsable2"]
SQUEUE = ["squeue", "--noheader", "--states=all"]


class Said(NamedTuple):
    """What Slurm says of a job: its state in capitals, by whom it was cancelled, why it waits, its nodes."""

    state: str
    by: str = ""
    waits_for: str = ""
    nodes: str = ""


class Silent(NamedTuple):
    """A source that did not answer, and why; ``ever`` when it is no use to ask it again."""

    words: str
    ever: bool = False


def ask_sacct(ids: Sequence[str]) -> dict[str, Said] | Silent:
    """How jobs stand by the accounting, which lags by some seconds; ids are of whole arrays."""
    answer = ask([*SACCT, "--format=JobID,State,Reason,NodeList", f"--jobs={','.join(ids)}"])
    return _read("sacct", answer)


def ask_squeue(ids: Sequence[str]) -> dict[str, Said] | Silent:
    """How jobs stand by the controller, which forgets them some minutes after their end.

    All of the user's jobs are asked for: one id that is forgotten makes squeue fail.
    """
    answer = _read("squeue", ask([*SQUEUE, f"--user={os.getuid()}", "--format=%i|%T|%r|%N"]))
    return answer if isinstance(answer, Silent) else {k: v for k, v in answer.items() if k.split("_")[0] in set(ids)}


def find(label: str, since: str) -> str | Silent | None:
    """The id of a batch that only its label is known of; none when Slurm answers, and knows no such job."""
    answers = [
        ask([*SQUEUE, f"--name={label}", "--format=%F"]),
        ask([*SACCT, "--format=JobID", f"--name={label}", f"--starttime={since}"]),
    ]
    for answer in answers:
        ids = [line.strip().split("_")[0] for line in answer.output.splitlines() if answer.code == 0]
        if ids and ids[0].isdigit():
            return ids[0]
    if answers[0].code != 0:
        return Silent(answers[0].words)
    return None


def _read(name: str, answer: Answer) -> dict[str, Said] | Silent:
    if answer.code != 0:
        ever = answer.code is not None and NO_ACCOUNTING in answer.error.lower()
        return Silent(f"{name}: {answer.words}", ever)
    lines = [line for line in answer.output.splitlines() if line.strip()]
    found = dict(_jobs(lines))
    if lines and not found:
        return Silent(f"{name}: cannot make sense of {lines[0][:80]!r}")
    return found


def _jobs(lines: Iterable[str]) -> Iterable[tuple[str, Said]]:
    for line in lines:
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != FIELDS or not parts[1]:
            continue
        state, _, by = parts[1].partition(" by ")  # CANCELLED by 1000
        said = Said(state.rstrip("+").upper(), by, "" if parts[2] == "None" else parts[2], parts[3])
        for job in expand(parts[0]):
            yield job, said
