"""The executor: Snakemake's jobs through the launcher, which submits, watches and cancels them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.real import RealExecutor
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.jobs import JobExecutorInterface
from snakemake_interface_executor_plugins.utils import format_cli_arg

from snakemake_executor_plugin_submitit.jobs import Jobs
from snakemake_executor_plugin_submitit.request import log, made_since, request
from snakemake_executor_plugin_submitit.resources import check_names, check_rules, named
from study import io
from study.errors import StudyError
from study.launch import Job, Request, State, Update, open_launcher

FOLDER = Path(".snakemake/submitit")
FOLDER_IN_CONFIG = "submitit_folder"  # by which a Snakefile says where: a folder for each thing that it may be run for
BEGAN = time.time()  # this Snakemake looked for files later than this
LOOK_SECONDS = (0.2, 5.0)  # least and most between two looks at what jobs wrote; the scheduler is asked less often
IDS = 10  # of arrays, shown at most
MANY_FILES = 20  # to wait for: more are too long for a command line


class Executor(RemoteExecutor):
    """One launcher for one Snakemake."""

    def __post_init__(self) -> None:
        with _told():
            settings = self.executor_settings.checked()
            check_names(named(self.workflow), self.workflow.global_resources.keys())
            check_rules(self.workflow)
            self._folder = (settings.folder or _folder(self.workflow)).absolute()
            self._leaves, self._others = settings.leave_running, settings.resources
            launcher = open_launcher(
                settings.launcher, self._folder, Path.cwd().name, settings.options, self.logger.warning
            )
        self._jobs = Jobs(launcher, self.logger.warning)
        self._refused: set[str | None] = set()
        least, most = LOOK_SECONDS
        self.next_seconds_between_status_checks = max(least, min(most, settings.poll_seconds))
        for update in launcher.missed:
            self.logger.info(f"ended meanwhile: {update.message}")
        if self._jobs.left:
            self.logger.info(
                f"{self._jobs.left} jobs that were submitted earlier still run, and are not submitted twice"
            )

    def run_job(self, job: JobExecutorInterface) -> None:
        """One alone."""
        self.run_jobs([job])

    def run_jobs(self, jobs: list[JobExecutorInterface]) -> None:
        """Hand over all that are ready; those that ask for the same become an array."""
        requests: dict[str, tuple[JobExecutorInterface, Request]] = {}
        for job in jobs:
            self.run_job_pre(job)
            try:
                made = request(job, self.format_job_exec(job), self._folder, self._others)
                done = self._jobs.done_before(made) if made_since(job, BEGAN) else None
                if done is None:
                    requests[made.key] = (job, made)
                else:
                    self._submitted(job, done)
            except StudyError as error:
                self._fail(SubmittedJobInfo(job), str(error))
        submitted = self._jobs.submit([made for _, made in requests.values()])
        self._tell_ids([found.id for found in submitted.values() if isinstance(found, Job)])
        for key, (job, _) in requests.items():
            found = submitted[key]
            if isinstance(found, StudyError):
                self._fail(SubmittedJobInfo(job), str(found))
            else:
                self._submitted(job, found)

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncGenerator[SubmittedJobInfo, None]:
        """One question for all; those that go on are given back."""
        if active_jobs:
            for update in await asyncio.to_thread(self._jobs.poll):  # Slurm's programs may take a minute or two
                self._tell(update)
        for info in active_jobs:
            end = self._jobs.take_end((info.aux or {})["key"])
            if end is None:
                yield info
            elif end.state is State.COMPLETED:
                self.report_job_success(info)
            else:
                info.external_jobid = end.job.id
                self._fail(info, self._once(end), [str(end.job.log)])

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        """Cancel what this Snakemake asked for, or leave it; ``active_jobs`` lacks those that are being looked at."""
        if self._leaves:
            self.logger.info(f"{self._jobs.running()} jobs are left running; the same command picks them up")
            return
        try:
            self._jobs.cancel()
        except StudyError as error:
            self.logger.error(str(error))

    def shutdown(self) -> None:
        """Poll no longer, and let go of the folder."""
        super().shutdown()
        self._jobs.close()

    def get_job_args(self, job: JobExecutorInterface, **kwargs: Any) -> str:
        """With the job's own cores, and without waiting for this process's temporary folder, which it may outlive."""
        own = RealExecutor.get_job_args(self, job, cores=job.threads)
        files = [str(path) for path in job.get_wait_for_files()]
        if len(files) <= MANY_FILES:
            return f"{own} {format_cli_arg('--wait-for-files', files)}"
        listed = log(job, self._folder).with_suffix(".inputs")
        io.write_text(listed, "\n".join(files) + "\n")
        return f"{own} {format_cli_arg('--wait-for-files-file', str(listed))}"

    def _submitted(self, job: JobExecutorInterface, found: Job) -> None:
        self.report_job_submission(SubmittedJobInfo(job, external_jobid=found.id, aux={"key": found.key}))

    def _tell_ids(self, ids: list[str | None]) -> None:
        """Of arrays, by which the scheduler's own programs know what was submitted, or still runs."""
        arrays = list(dict.fromkeys(id.partition("_")[0] for id in ids if id is not None))
        if arrays:
            shown = ", ".join(arrays[:IDS]) + (", ..." if len(arrays) > IDS else "")
            self.logger.info(f"at work, or waiting for their turn: {sum(map(bool, ids))} jobs ({shown})")

    def _tell(self, update: Update) -> None:
        """Why a job does not get on; that it waits or runs is no news among a thousand."""
        if update.state.active:
            is_news = update.detail or update.state is State.INTERRUPTED
            (self.logger.info if is_news else self.logger.debug)(update.message)

    def _once(self, end: Update) -> str:
        """The message of a job that failed; none where the scheduler refuses it as it did another."""
        if end.job.id is not None:
            return end.message
        known = end.detail in self._refused
        self._refused.add(end.detail)
        return "" if known else f"{end.message} (not repeated for other jobs with the same reason)"

    def _fail(self, info: SubmittedJobInfo, message: str, logs: Iterable[str] = ()) -> None:
        if message:
            self.logger.error(message)  # of a group Snakemake would not show it
        self.report_job_error(info, aux_logs=list(logs))


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the user without a traceback."""
    try:
        yield
    except StudyError as error:
        raise WorkflowError(str(error)) from None


def _folder(workflow: Any) -> Path:
    return Path(workflow.globals["config"].get(FOLDER_IN_CONFIG, FOLDER))
