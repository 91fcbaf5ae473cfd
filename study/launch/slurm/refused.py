"""What sbatch says when it does not take a batch: refused, not now, or nobody knows."""

from __future__ import annotations

from difflib import get_close_matches

from study.errors import SubmitError
from study.launch.backend import TooManyError, TryLaterError
from study.launch.request import Resources
from study.launch.slurm.ask import Answer, ask
from study.launch.slurm.parameters import told

# Slurm's words (slurm_errno.c) -> the resource that they are about.
ABOUT = {
    "partition": "slurm_partition",
    "account": "slurm_account",
    "qos": "qos",
    "feature": "constraint",
    "constraint": "constraint",
    "gres": "gres",
    "generic resource": "gpus",
    "gpu": "gpus",
    "time limit": "runtime",
    "memory": "mem_mb",
    "cpu count": "cpus",
    "node count": "nodes",
    "reservation": "extra",
}
# The user has as many jobs there as may be, or would have more: nothing was taken.
TOO_MANY = "maxsubmitjob"
# The controller is away: nothing was taken.
NOT_NOW = (
    "unable to contact slurm controller",
    "connection failure",
    "send failure",
    "temporarily",
    "try again",
    "connection refused",
)
# The controller was asked and did not answer: the batch may be there.
OPEN = ("timed out", "no answer in", "receive failure", "zero bytes")


def unsure(answer: Answer) -> bool:
    """Whether Slurm may have taken a batch whose submission failed."""
    words = answer.words.lower()
    return any(part in words for part in OPEN)


def not_now(answer: Answer) -> TryLaterError:
    """The error while the controller is away."""
    return TryLaterError(f"Slurm takes no job now, tried again later: {answer.words}")


def refusal(answer: Answer, asked: Resources) -> SubmitError:
    """The error for a batch that was not taken, in Slurm's words, with what was asked for."""
    words = answer.words
    if TOO_MANY in words.lower():
        return TooManyError(f"Slurm takes no more jobs of this user now, tried again later: {words}")
    if any(part in words.lower() for part in NOT_NOW):
        return not_now(answer)
    named = [name for part, name in ABOUT.items() if part in words.lower() and getattr(asked, name)]
    place = f" ({named[0]}={getattr(asked, named[0])}{_nearest(named[0], asked)})" if named else ""
    return SubmitError(f"Slurm refuses: {words}{place}; the job asks for {told(asked)}")


def _nearest(name: str, asked: Resources) -> str:
    """Partitions are few, and often mistyped."""
    if name != "slurm_partition":
        return ""
    known = sorted(set(ask(["sinfo", "--noheader", "--format", "%R"]).output.split()))
    near = get_close_matches(asked.slurm_partition or "", known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{hint}; there are {', '.join(known)}" if known else ""
