"""What a user says about the place where jobs run: once, in a profile, for Snakemake's executor and `study submit`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from study.errors import SubmitError
from study.launch.options import Options
from study.records import Frozen
from study.registry import unknown_name

# Resource -> the setting that stands for it in jobs that do not ask for it.
SETTING_OF = {
    "slurm_partition": "partition",
    "slurm_account": "account",
    "qos": "qos",
    "constraint": "constraint",
    "extra": "extra",
}


class Settings(Frozen):
    """Flags of the executor are these names after ``--submitit-``, in a profile after ``submitit-``."""

    launcher: str = Field("slurm", description="where jobs run: slurm, local (processes of this machine) or debug")
    folder: Path | None = Field(None, description="where jobs are noted and logged; all nodes must see it")
    in_flight: int | None = Field(None, ge=1, description="most jobs at the scheduler at once (default: no limit)")
    poll_seconds: float = Field(15.0, ge=0, description="least time between two questions to the scheduler")
    leave_running: bool = Field(
        False, description="let jobs run on when this process ends (Ctrl-C too); the next one picks them up"
    )
    partition: str | None = Field(None, description="Slurm's partition of jobs without a resource slurm_partition")
    account: str | None = Field(None, description="Slurm's account of jobs without a resource slurm_account")
    qos: str | None = Field(None, description="Slurm's quality of service of jobs without a resource qos")
    constraint: str | None = Field(
        None, description="features that nodes must have, of jobs without a resource constraint"
    )
    extra: str | None = Field(
        None, description="other options of sbatch, of jobs without a resource extra: '--reservation=mine --exclusive'"
    )
    signal_seconds: int = Field(120, ge=1, description="between the warning (USR2) and a job's time limit")
    longest_minutes: int | None = Field(
        None,
        ge=1,
        description="longest job, where its partition's limit is not the only one; a longer one goes on after it",
    )
    local_cpus: int | None = Field(None, ge=1, description="CPUs for local jobs (default: all that are there)")
    local_gpus: str | None = Field(None, description="GPUs for local jobs, with commas: 0,1 (default: all)")
    local_mem_mb: int | None = Field(None, ge=1, description="memory for local jobs, MB (default: the machine's)")

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Settings:
        """Settings by name, none for the default. Raises UnknownNameError, and SubmitError for a bad value."""
        for name in told:
            if name not in cls.model_fields:
                raise unknown_name("setting", name, sorted(cls.model_fields), shown=len(cls.model_fields))
        try:
            return cls.model_validate({name: value for name, value in told.items() if value is not None})
        except ValidationError as error:
            problems = (f"{one['loc'][0]}: {one['msg']}, got {one['input']!r}" for one in error.errors())
            raise SubmitError("\n".join(f"setting {problem}" for problem in problems)) from None

    @property
    def options(self) -> Options:
        """For the launcher."""
        gpus = None if self.local_gpus is None else tuple(filter(None, self.local_gpus.split(",")))
        return Options(
            in_flight=self.in_flight,
            survive=self.leave_running,
            query_seconds=self.poll_seconds,
            signal_seconds=self.signal_seconds,
            longest_minutes=self.longest_minutes,
            cpus=self.local_cpus,
            gpus=gpus,
            mem_mb=self.local_mem_mb,
        )

    @property
    def resources(self) -> dict[str, str]:
        """What each job asks for that does not ask otherwise, by the names of resources."""
        asked = {name: getattr(self, setting) for name, setting in SETTING_OF.items()}
        return {name: value for name, value in asked.items() if value is not None}
