"""Resources by their common names as submitit and sbatch spell them."""

from __future__ import annotations

import re
from typing import Any

from study.errors import SubmitError
from study.launch.options import Options
from study.launch.request import Resources

COMMON = {
    "partition": "slurm_partition",
    "account": "slurm_account",
    "qos": "qos",
    "constraint": "constraint",
    "gres": "gres",
    "time": "runtime",
    "mem": "mem_mb",
    "nodes": "nodes",
    "ntasks": "tasks",
    "cpus-per-task": "cpus",
    "gpus": "gpus",
    "gpus-per-node": "gpus",
    "gpus-per-task": "gpus_per_task",
}
OWN = {
    "array", "clusters", "dependency", "error", "job-name", "no-requeue", "open-mode", "output", "parsable", "requeue",
    "signal", "wait", "wrap",
}  # fmt: skip


def check_extra(extra: dict[str, str]) -> None:
    """Raise SubmitError for options that are said otherwise, or that are the launcher's."""
    for name, value in extra.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or not (value.isprintable() or not value):
            raise SubmitError(f"resource extra: --{name}={value}: no option of sbatch looks like this")
        if name in COMMON:
            raise SubmitError(f"resource extra: --{name} is said by the resource {COMMON[name]}")
        if name in OWN:
            raise SubmitError(
                f"resource extra: --{name} is the launcher's to set, which finds its jobs by what it sets"
            )


def parameters(asked: Resources, options: Options) -> dict[str, Any]:
    """Parameters of ``submitit.SlurmExecutor`` for one job; what is not asked for is left to Slurm."""
    tasks = asked.tasks or (asked.nodes if asked.gpus_per_task else None)
    more: dict[str, Any] = {name: value or True for name, value in asked.extra.items()}
    if tasks is not None:
        more["ntasks"] = tasks
    if tasks is not None and asked.nodes > 1:
        more["ntasks_per_node"] = tasks // asked.nodes  # else Slurm gives the first nodes more CPUs than the last
    # to the batch script alone, which is the wrapper: it passes the signal on to those who can use it
    more |= {"requeue": True, "signal": f"B:USR2@{options.signal_seconds}"}
    return {
        "partition": asked.slurm_partition,
        "account": asked.slurm_account,
        "qos": asked.qos,
        "constraint": asked.constraint,
        "gres": asked.gres,
        "time": asked.runtime,
        "mem": None if asked.mem_mb is None else f"{asked.mem_mb}M",
        "nodes": asked.nodes,
        "cpus_per_task": asked.cpus,
        "gpus_per_node": asked.gpus // asked.nodes if asked.gpus and not asked.gpus_per_task else None,
        "gpus_per_task": asked.gpus_per_task,
        "wckey": None,  # submitit's own, which a cluster that counts by them does not know
        "additional_parameters": more,
    }


def told(asked: Resources) -> str:
    """What was asked for, in a line."""
    values = asked.model_dump(exclude_defaults=True)
    extra = [f"--{name}={value}" if value else f"--{name}" for name, value in values.pop("extra", {}).items()]
    return ", ".join([*(f"{name}={value}" for name, value in values.items()), *extra]) or "nothing in particular"
