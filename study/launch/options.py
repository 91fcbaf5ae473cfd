"""How a launcher works, whatever it launches."""

from __future__ import annotations

from pydantic import Field

from study.records import Frozen


class Options(Frozen):
    """Switches of a launcher; those that its kind has no use for are ignored."""

    in_flight: int | None = Field(None, ge=1, description="jobs at the scheduler at once; none = no limit")
    survive: bool = Field(False, description="local jobs go on when this process ends, however it ends")
    query_seconds: float = Field(15.0, ge=0, description="least time between two questions to the scheduler")
    lag_seconds: float = Field(
        180.0, ge=0, description="how long a state may lag, or a job be unknown, before it fails"
    )
    file_seconds: float = Field(20.0, ge=0, description="how long a job's record, or Slurm's word on it, may come late")
    signal_seconds: int = Field(120, ge=1, description="between the warning (USR2) and the time limit")
    kill_seconds: float = Field(30.0, ge=0, description="between TERM and KILL of a local job that is cancelled")
    longest_minutes: int | None = Field(
        None,
        ge=1,
        description="a longer job is ended after so long, and goes on; none = by its partition",
    )
    requeues: int = Field(500, ge=0, description="how often a job that was interrupted is put into the queue again")
    cpus: int | None = Field(None, ge=1, description="CPUs for local jobs; none = all there are")
    gpus: tuple[str, ...] | None = Field(None, description="GPUs for local jobs as CUDA names them; none = all")
    mem_mb: int | None = Field(None, ge=1, description="memory for local jobs, MB; none = the machine's")
