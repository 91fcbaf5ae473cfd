"""A job of Snakemake as a request to the launcher."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from snakemake_interface_executor_plugins.jobs import JobExecutorInterface

from snakemake_executor_plugin_submitit import cause
from snakemake_executor_plugin_submitit.resources import resources
from study.launch import Request

NOTE = "submitit_note"  # the name under a rule's params


def request(job: JobExecutorInterface, command: str, folder: Path, others: Mapping[str, str]) -> Request:
    """The request for a job, whose log is below ``folder``; raises StudyError for resources that cannot be."""
    return Request(
        key=key(job),
        name=_name(job),
        command=("bash", "-c", _with_cause(command, log(job, folder))),
        log=log(job, folder),
        resources=resources(job, others),
        note=_note(job),
    )


def key(job: JobExecutorInterface) -> str:
    """What a job makes: whoever asks for the same files asks for the same job, in another process too.

    Of a group these are the files that leave it, so that what is left of one is the group that still runs.
    """
    files = sorted(os.path.abspath(str(path)) for path in job.output)
    return "\n".join(files) or f"{job.name}: {job.format_wildcards('{wildcards}')}"


def made_since(job: JobExecutorInterface, moment: float) -> bool:
    """Whether all that a job makes is there, and none of it from before a moment, in seconds since 1970."""
    files = [Path(str(path)) for path in job.output]
    return bool(files) and all(path.exists() and path.stat().st_mtime >= moment for path in files)


def log(job: JobExecutorInterface, folder: Path) -> Path:
    """Where the job's own Snakemake writes, and with it the rules' commands."""
    return Path(job.logfile_suggestion(str(folder / "logs"))).absolute()


def _with_cause(command: str, log: Path) -> str:
    told = shlex.join([sys.executable, "-I", cause.__file__, str(log)])
    return f"{command} || {{ code=$?; {told}; exit $code; }}"


def _name(job: JobExecutorInterface) -> str:
    if job.is_group():
        return str(job.name)
    return f"{job.name} {job.format_wildcards('{wildcards}')}".strip()


def _note(job: Any) -> Path | None:
    """The file, if a rule names one, that says to others why the job failed."""
    jobs: Iterable[Any] = job.jobs if job.is_group() else [job]
    found = [one.params.get(NOTE) for one in jobs]
    return next((Path(note) for note in found if note is not None), None)
