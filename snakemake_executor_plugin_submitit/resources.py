"""Resources of rules as resources of jobs: by the same names, without what is Snakemake's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from snakemake_interface_executor_plugins.jobs import JobExecutorInterface

from study.launch import Resources
from study.launch.request import OTHER_NAMES
from study.registry import unknown_name

# What Snakemake counts or works out by itself; memory reaches jobs as mem_mb, whatever unit it is said in.
SNAKEMAKES = {"_cores", "_nodes", "_job_count", "tmpdir", "mem", "mem_mib", "disk", "disk_mb", "disk_mib"}
OURS = {*Resources.model_fields, *OTHER_NAMES}


def check_names(told: Iterable[tuple[str, Iterable[str]]], limits: Iterable[str]) -> None:
    """Raise UnknownNameError, with the nearest right name, for a resource that would be lost on its way.

    ``told`` are places, for people, with the names of resources that stand there; ``limits`` are names that this
    Snakemake has a limit for (``--resources``): those are between it and its rules.
    """
    known = OURS | SNAKEMAKES | set(limits)
    for place, names in told:
        for name in names:
            if name not in known:
                raise unknown_name(f"resource of {place}", name, sorted(OURS), shown=len(OURS))


def named(workflow: Any) -> Iterator[tuple[str, Iterable[str]]]:
    """Where resources are named: rules hold the defaults of profile and command line, too."""
    for rule in workflow.rules:
        if not workflow.is_local(rule):
            yield f"rule {rule.name}", rule.resources.keys()
    for name, told in workflow.resource_settings.overwrite_resources.items():
        yield f"--set-resources {name}", told.keys()


def check_rules(workflow: Any) -> None:
    """Raise UnknownNameError for resources or threads that are set for a rule that is not there."""
    rules = sorted(rule.name for rule in workflow.rules)
    told = workflow.resource_settings
    for flag, names in (("--set-resources", told.overwrite_resources), ("--set-threads", told.overwrite_threads)):
        for name in names:
            if name not in rules:
                raise unknown_name(f"rule of {flag}", name, rules)


def resources(job: JobExecutorInterface, others: Mapping[str, str]) -> Resources:
    """What a job asks for; ``others`` holds what it asks for where it says nothing. Raises as ``Resources.of``."""
    own: dict[str, Any] = {name: value for name, value in job.resources.items() if name in OURS}
    threads = {} if own.keys() & {"cpus", *OTHER_NAMES} else {"cpus": job.threads}
    return Resources.of({**others, **threads, **own})
