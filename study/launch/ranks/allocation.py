"""The Slurm job that this process is in, for starting ranks on its nodes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from study.errors import PlanError, SubmitError
from study.launch.ranks.ports import port_from
from study.launch.slurm.ask import ask

BINDS = {"SLURM_GPUS_PER_TASK", "SLURM_GPU_BIND", "SLURM_NTASKS_PER_GPU", "SLURM_TRES_PER_TASK", "SLURM_TRES_BIND"}


@dataclass(frozen=True)
class Allocation:
    """A job, the nodes of it that the ranks are on, in order, and the CPUs that it has on each of its nodes."""

    job: int
    hosts: tuple[str, ...]
    cpus: int

    @classmethod
    def at_hand(cls, nodes: int) -> Allocation:
        """Raises PlanError where there is no job of so many nodes, SubmitError when Slurm cannot name them."""
        job, listed = os.environ.get("SLURM_JOB_ID"), os.environ.get("SLURM_JOB_NODELIST")
        if not (job and job.isdecimal() and listed):
            raise PlanError(f"--nodes {nodes}: several nodes are those of a Slurm job, and this is none; submit it")
        told = ask(["scontrol", "show", "hostnames", listed])
        hosts = told.output.split()
        if told.code != 0:
            raise SubmitError(f"Slurm does not name the nodes of job {job}: {told.words}")
        if len(hosts) < nodes:
            raise PlanError(f"--nodes {nodes}: job {job} has {len(hosts)}, {listed}; ask for more, or take fewer")
        return cls(int(job), tuple(hosts[:nodes]), _least(os.environ.get("SLURM_JOB_CPUS_PER_NODE", "")))

    def srun(self, count: int) -> list[str]:
        """The command that starts so many ranks, those of a node with numbers in a row."""
        a_node = count // len(self.hosts)
        return [
            "srun",
            f"--nodes={len(self.hosts)}",
            f"--nodelist={','.join(self.hosts)}",
            f"--ntasks={count}",
            f"--ntasks-per-node={a_node}",
            f"--distribution=plane={a_node}",  # block fills the first nodes, whatever tasks per node are asked for
            f"--cpus-per-task={max(1, self.cpus // a_node)}",
            "--overlap",  # with the step that this may be run from by hand
            "--cpu-bind=none",
            "--mpi=none",
            "--export=ALL",
            "--input=none",
            "--kill-on-bad-exit=1",
            "--wait=0",  # the first rank scores when the others have ended
            "--label",
        ]

    def environment(self) -> dict[str, str]:
        """Of srun: this process's own, and where ranks meet.

        Without what binds a GPU to a task: each rank sees those of its node, and takes one by its LOCAL_RANK. Not by
        ``--gpu-bind=none``, with which Slurm 22.05 does not say which GPUs are the job's.
        """
        return {name: value for name, value in os.environ.items() if name not in BINDS} | self._master()

    def _master(self) -> dict[str, str]:
        """Where ranks meet: on the first node, unless the user says otherwise, by a port that follows from the job."""
        address = os.environ.get("MASTER_ADDR", self.hosts[0])
        return {"MASTER_ADDR": address, "MASTER_PORT": os.environ.get("MASTER_PORT") or str(self._port())}

    def _port(self) -> int:
        """Free on this machine, which is the first node, but for a job by salloc."""
        return port_from(self.job)


def _least(told: str) -> int:
    """``4(x2),8``: the fewest CPUs of a node."""
    found = re.findall(r"(\d+)(?:\(x\d+\))?(?:,|$)", told)
    return min(map(int, found), default=1)
