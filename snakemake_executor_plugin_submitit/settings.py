"""The executor's flags: the launcher's settings, as a dataclass that Snakemake makes ``--submitit-*`` of."""

# no postponed annotations: Snakemake looks at the types themselves
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from snakemake_interface_executor_plugins.settings import ExecutorSettingsBase

from study.launch.settings import Settings


def _setting(name: str) -> Any:
    told = Settings.model_fields[name]
    words = str(told.description)
    return field(default=told.default, metadata={"help": f"{words[0].upper()}{words[1:]}.", "required": False})


@dataclass
class ExecutorSettings(ExecutorSettingsBase):
    """``study.launch.settings.Settings`` says what each means."""

    # Optional, since Snakemake knows no other form
    launcher: str = _setting("launcher")
    folder: Optional[Path] = _setting("folder")  # noqa: RUF009, UP045
    in_flight: Optional[int] = _setting("in_flight")  # noqa: UP045
    poll_seconds: float = _setting("poll_seconds")
    leave_running: bool = _setting("leave_running")
    partition: Optional[str] = _setting("partition")  # noqa: UP045
    account: Optional[str] = _setting("account")  # noqa: UP045
    qos: Optional[str] = _setting("qos")  # noqa: UP045
    constraint: Optional[str] = _setting("constraint")  # noqa: UP045
    extra: Optional[str] = _setting("extra")  # noqa: UP045
    signal_seconds: int = _setting("signal_seconds")
    longest_minutes: Optional[int] = _setting("longest_minutes")  # noqa: UP045
    local_cpus: Optional[int] = _setting("local_cpus")  # noqa: UP045
    local_gpus: Optional[str] = _setting("local_gpus")  # noqa: UP045
    local_mem_mb: Optional[int] = _setting("local_mem_mb")  # noqa: UP045

    def checked(self) -> Settings:
        """The launcher's; raises SubmitError for a value that cannot be."""
        return Settings.of(asdict(self))
