"""Slurm's words for states, and what they mean for a job."""

from __future__ import annotations

import pwd
import re

from study.launch.backend import Entry
from study.launch.ended import End
from study.launch.failed import exit_words, scheduler_words
from study.launch.slurm.sources import Said
from study.records import Status

WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
GOING = {"RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}
# Of a job that may start again: it was asked to be requeued. It has failed when it stays so.
PASSING = {"PREEMPTED": Status.PREEMPTED, "NODE_FAIL": Status.NODE_FAILURE, "BOOT_FAIL": Status.NODE_FAILURE}
ENDED = {
    "COMPLETED": None,
    "FAILED": Status.FAILED,
    "CANCELLED": Status.CANCELLED,
    "TIMEOUT": Status.TIMEOUT,
    "DEADLINE": Status.TIMEOUT,
    "OUT_OF_MEMORY": Status.OUT_OF_MEMORY,
    "LAUNCH_FAILED": Status.NODE_FAILURE,
    "RECONFIG_FAIL": Status.NODE_FAILURE,
}
# What slurmstepd writes into the job's output; the first that is found counts.
WRITTEN = {
    r"oom.?kill|exceeded .*memory limit|out of memory": Status.OUT_OF_MEMORY,
    r"due to time limit": Status.TIMEOUT,
    r"due to preemption": Status.PREEMPTED,
    r"due to node failure": Status.NODE_FAILURE,
    r"cancelled at": Status.CANCELLED,
}
# Reasons for which a job waits that no other job's end takes away.
HOPELESS = re.compile(
    r"^(Partition(Config|TimeLimit|NodeLimit)|BadConstraints|DependencyNeverSatisfied|Invalid\w+|\w*NotAllowed"
    r"|\w*Max(Wall|Cpu|Mem|Node|GRES|TRES)\w*PerJob\w*)$"
)
HELD = re.compile(r"^(JobHeld\w+|\w+.*requeued.held)$")  # the second is squeue's, of a node that could not start it


def written(entry: Entry) -> Status | None:
    """Why a job's last attempt ended, by what Slurm wrote into its output; none where it says nothing."""
    words = scheduler_words(entry).lower()
    return next((status for part, status in WRITTEN.items() if re.search(part, words)), None)


def pending(reason: str) -> str | None:
    """Why a job waits for ever, in a line; none of one that only waits for its turn."""
    if HOPELESS.match(reason):
        return f"{reason}: Slurm took the job, and cannot start it as it was asked for; cancel it, and ask otherwise"
    if HELD.match(reason):
        return f"{reason}: Slurm holds it, as its node failed or somebody said so; scontrol release lets it go"
    return None


def failure(reason: Status, said: Said | None, end: End | None, entry: Entry, last_line: str) -> str:
    """Why a job failed, in a line, with the resource to change where there is one."""
    asked, nodes = entry.request.resources, said.nodes if said else ""
    if reason is Status.OUT_OF_MEMORY:
        return f"it took more than mem_mb={asked.mem_mb}" if asked.mem_mb else "ask for more by the resource mem_mb"
    if reason is Status.TIMEOUT:
        return (
            f"it took longer than runtime={asked.runtime} minutes" if asked.runtime else "ask by the resource runtime"
        )
    if reason is Status.CANCELLED:
        return f"by {_user(said.by)}" if said and said.by else "by its user or an administrator"
    if reason is Status.PREEMPTED:
        return "by another job, and Slurm does not start it again"
    if reason is Status.NODE_FAILURE:
        return f"on {nodes}" if nodes else "its node failed"
    if end is None:
        where = f" from {nodes}" if nodes else ""
        return f"it left no record: was it killed, or can {entry.batch.folder} not be seen and written{where}?"
    return exit_words(end, last_line)


def _user(number: str) -> str:
    try:
        return pwd.getpwuid(int(number)).pw_name
    except (ValueError, KeyError):
        return f"user {number}"
