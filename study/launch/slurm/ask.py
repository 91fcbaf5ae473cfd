"""Asking Slurm's programs: in an environment of its own, and not for longer than a minute or two."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

ANSWER_SECONDS = 120.0

# What a job leaves to those that it starts, an allocation and its steps, and what changes what Slurm's programs say.
_SLURMS = re.compile(r"^(SLURM|SLURMD|SBATCH|SRUN|SALLOC|SQUEUE|SACCT|SCANCEL|SCONTROL|SINFO)_")
_KEPT = {"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_JWT"}  # where Slurm is, and who we are
# Of an allocation: on another node these are other devices, or none.
_DEVICES = {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK", "GPU_DEVICE_ORDINAL"}


class Answer(NamedTuple):
    """What a program said; ``code`` is none when it was not there, or did not end in time, as ``error`` tells."""

    code: int | None
    output: str
    error: str

    @property
    def words(self) -> str:
        """Its complaint, without its own name, on one line."""
        lines = [re.sub(r"^\w+: ((error|fatal): )?", "", line).strip() for line in self.error.splitlines()]
        return "; ".join(dict.fromkeys(filter(None, lines))) or f"it ended with code {self.code} and said nothing"

    @property
    def fatal(self) -> str:
        """Why it gave up before it asked anybody: for want of a configuration, or with a bad one; else empty."""
        return "; ".join(re.findall(r"^\w+: fatal: (.*)$", self.error, re.MULTILINE))


def environment(outer: Mapping[str, str]) -> dict[str, str]:
    """An environment without what Slurm put into it; without its devices, too, when it is that of a job."""
    dropped = _DEVICES if "SLURM_JOB_ID" in outer else set()
    return {
        name: value for name, value in outer.items() if name in _KEPT or not (_SLURMS.match(name) or name in dropped)
    }


def ask(command: Sequence[str], timeout: float = ANSWER_SECONDS) -> Answer:
    """Run one of Slurm's programs; never raises."""
    # without a limit on the length of the lists of array indices, of which pending jobs have one
    env = environment(os.environ) | {"SLURM_BITSTR_LEN": "0"}
    try:
        done = subprocess.run(
            command,
            start_new_session=True,  # Ctrl-C is for the launcher, which then knows what it has cut short
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return Answer(None, "", f"no answer in {timeout:g} s")
    except OSError as error:
        return Answer(None, "", f"{command[0]}: {error.strerror}")
    return Answer(done.returncode, done.stdout, done.stderr)
