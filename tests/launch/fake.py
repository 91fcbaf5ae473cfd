"""Stand-ins for Slurm's programs, which say what a test tells them to; the launcher that calls them is the real one."""

import os
import re
import subprocess
from pathlib import Path

PROGRAMS = ("sbatch", "srun", "squeue", "sacct", "scontrol", "scancel", "sinfo")
PROGRAM = """#!/bin/sh
cd {folder}
echo "{name} $*" >> calls
env > {name}.env
test -f {name}.error && cat {name}.error >&2
test -f {name}.hangs && exec sleep 60
{more}
test -f {name}.code && exit $(cat {name}.code)
exit 0
"""
SAYS = "test -f {name}.says && cat {name}.says"
SBATCH = """
size=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$1")
size=$(( ${size:-0} + 1 ))
if test $size -gt $(cat room); then
    echo "sbatch: error: AssocMaxSubmitJobLimit: MaxSubmitJobPerUserLimit" >&2
    exit 1
fi
if ! test -f sbatch.code; then
    echo $(( $(cat room) - size )) > room
    id=$(( $(cat last 2>/dev/null || echo 0) + 1 ))
    echo $id > last
    cp "$1" script.$id
    echo "Submitted batch job $id"
fi
"""
NO_ACCOUNTING = "Slurm accounting storage is disabled\n"


class FakeSlurm:
    """Its programs are on the PATH in ``folder / "bin"``."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        for name in PROGRAMS:
            more = SBATCH if name == "sbatch" else SAYS.format(name=name)
            program = folder / "bin" / name
            program.write_text(PROGRAM.format(folder=folder, name=name, more=more))
            program.chmod(0o755)
        self.says("scontrol", "MaxArraySize            = 1001\n")
        self.takes(jobs=10**9)

    def says(self, name, text="", code=0, error=""):
        """From now on a program prints ``text`` and ``error``, and ends with ``code``."""
        for what, value in (("says", text), ("error", error), ("code", f"{code}\n" if code else "")):
            (self.folder / f"{name}.{what}").write_text(value)
            if not value:
                (self.folder / f"{name}.{what}").unlink()

    def takes(self, jobs):
        """From now on sbatch takes so many jobs of this user."""
        (self.folder / "room").write_text(f"{jobs}\n")

    @property
    def taken(self):
        """How many batches sbatch has taken."""
        return int((self.folder / "last").read_text())

    def array_size(self, id):
        """Jobs of a batch."""
        return int(self.script(id)[0].get("array", "0-0").partition("-")[2].partition("%")[0]) + 1

    def jobs(self, *lines, source="sacct"):
        """``1_0 RUNNING`` and the like, as sacct or squeue prints them."""
        parts = [line.split(maxsplit=1) for line in lines]
        self.says(source, "".join(f"{job}|{state}|None|n1\n" for job, state in parts))

    def without_accounting(self):
        """sacct as it is where there is no accounting."""
        self.says("sacct", code=1, error=NO_ACCOUNTING)

    def calls(self, name):
        """The arguments of each call of a program."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.split()[0] == name]

    def env(self, name):
        """The environment of the last call of a program."""
        lines = (self.folder / f"{name}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def script(self, id):
        """The options of a batch script that was submitted, and its last line."""
        text = (self.folder / f"script.{id}").read_text()
        options = dict(found.groups("") for found in re.finditer(r"^#SBATCH --([\w-]+)=?(.*)$", text, re.MULTILINE))
        return options, text.strip().splitlines()[-1]

    def run(self, id, index=None, restarts=0):
        """Run a job of a batch as Slurm would, its output where Slurm puts it; its exit code."""
        options, _ = self.script(id)
        env = {"SLURM_JOB_ID": str(id), "SLURM_RESTART_COUNT": str(restarts)}
        if index is not None:
            env |= {"SLURM_ARRAY_JOB_ID": str(id), "SLURM_ARRAY_TASK_ID": str(index)}
        output = Path(options["output"].replace("%a", str(index)))
        with output.open("ab") as file:
            done = subprocess.run(
                ["bash", self.folder / f"script.{id}"], env=os.environ | env, stdout=file, stderr=file, timeout=600
            )
        return done.returncode
