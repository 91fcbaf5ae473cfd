"""A batch becomes a batch script, by submitit, and the script a job or an array of jobs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import submitit
from submitit.core.utils import FailedSubmissionError

from study import io
from study.errors import SubmitError
from study.launch.batch import Batch
from study.launch.slurm.ask import ask
from study.launch.slurm.parameters import parameters
from study.launch.slurm.refused import refusal, unsure

ELSEWHERE = "try --launcher local (for snakemake --submitit-launcher local)"


class _Script(submitit.SlurmExecutor):
    """submitit's executor with a command of ours in the place of its pickle."""

    def text(self, batch: Batch) -> str:
        """The batch script: an array where the batch has several jobs."""
        count = len(batch.requests)
        if count > 1:
            self.parameters["map_count"] = count
        return self._make_submission_file_text(shlex.join(_command(batch)), uid=batch.handed.label)

    def job_id(self, reply: str) -> str:
        """From what sbatch printed; raises FailedSubmissionError."""
        return self._get_job_id_from_submission_command(reply)


def submit(batch: Batch, after: Sequence[str]) -> str | None:
    """Hand a batch over, whose jobs wait for the ids ``after`` to end; its id, none when Slurm left that open.

    Raises SubmitError in Slurm's words, TryLaterError when it takes nothing now, StorageError on a full disk.
    """
    script = _Script(batch.folder)
    script.update_parameters(**_parameters(batch, after))
    path = batch.folder / "submission.sh"
    io.write_text(path, script.text(batch))
    answer = ask(["sbatch", str(path)])
    if answer.code == 0:
        try:
            return script.job_id(answer.output)
        except FailedSubmissionError:
            return None
    if unsure(answer):
        return None
    raise refusal(answer, batch.requests[0].resources)


def _parameters(batch: Batch, after: Sequence[str]) -> dict[str, object]:
    found = parameters(batch.requests[0].resources, batch.handed.options)
    folder = str(batch.folder).replace("%", "%%")
    found["additional_parameters"] |= {"output": f"{folder}/{'%a' if len(batch.requests) > 1 else 0}.out"}
    return found | {
        "job_name": batch.handed.label,
        "dependency": ":".join(["afterany", *after]) if after else None,
        "array_parallelism": len(batch.requests),  # the cap is the launcher's
        "stderr_to_stdout": True,
        "use_srun": False,
        "setup": ["trap '' USR2"],  # until the wrapper listens
    }


def _command(batch: Batch) -> list[str]:
    return ["exec", sys.executable, "-m", "study.launch.inside", str(batch.folder), "--requeue"]


def check_here() -> None:
    """Raise SubmitError where there is no Slurm to submit to."""
    if submitit.SlurmExecutor.affinity() < 0:
        raise SubmitError(f"no Slurm here: its programs (sbatch, srun) are not on the PATH; {ELSEWHERE}")
