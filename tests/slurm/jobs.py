"""Plain jobs for the test Slurm, and what it says of them."""

from pathlib import Path

from tests.slurm.cluster import Cluster, wait_for

HOG = "python3 -c 'import time; held = bytearray(200_000_000); time.sleep(600)'"


def submit(cluster: Cluster, folder: Path, command: str, *options: str) -> str:
    """The id of a batch job of two minutes at most; it writes ``FOLDER/ID.log`` and is as nice as its submitter."""
    folder.mkdir(parents=True, exist_ok=True)
    where = ("--chdir", str(folder), "--output", "%j.log", "--time", "2")
    return cluster.run("sbatch", "--parsable", *where, *options, "--wrap", command)


def queue(cluster: Cluster, folder: Path | None = None) -> dict[str, str]:
    """State by job id (``ID_INDEX`` of an array) of all jobs, or those of a folder, that slurmctld still knows."""
    found = cluster.run("squeue", "--states=all", "--noheader", "--array", "--format", "%i|%T|%Z")
    return _of(folder, found)


def accounted(cluster: Cluster, folder: Path | None = None) -> dict[str, str]:
    """The same of jobs that the accounting database knows, without who cancelled one."""
    options = ("--allusers", "--allocations", "--noheader", "--parsable2", "--format", "jobid,state,workdir")
    return _of(folder, cluster.run("sacct", *options))


def _of(folder: Path | None, lines: str) -> dict[str, str]:
    parts = [line.split("|") for line in lines.splitlines()]
    return {job: state.split()[0] for job, state, where in parts if folder is None or where == str(folder)}


def wait_for_state(cluster: Cluster, job: str, state: str) -> None:
    """Until slurmctld says so."""
    wait_for(lambda: queue(cluster).get(job) == state, f"job {job} to be {state}")


def end_time_limit(cluster: Cluster, job: str) -> None:
    """Let a running job's limit, a minute at least, end in a second; slurmctld looks every half minute."""
    cluster.run("scontrol", "update", f"JobId={job}", "EndTime=now+1")


def wait_for_all(cluster: Cluster, ids: list[str]) -> None:
    """Until slurmctld says of each that it has ended, however it did."""
    active = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING"}
    wait_for(lambda: not active & {queue(cluster).get(job) for job in ids}, f"the end of {', '.join(ids)}")
