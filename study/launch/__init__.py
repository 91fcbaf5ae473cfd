"""Submit, poll and cancel jobs: processes of this machine, or jobs of Slurm through submitit; free of Snakemake.

with open_launcher("slurm", folder, name="quickstart") as launcher:
    jobs = launcher.submit([Request(...), ...])
    while launcher.active:
        for update in launcher.poll():
            print(update.message)
        time.sleep(1)
"""

from study.launch.launcher import Launcher
from study.launch.opening import BACKENDS, open_launcher
from study.launch.options import Options
from study.launch.request import Request, Resources
from study.launch.states import REASONS, Job, State, Update

__all__ = [
    "BACKENDS",
    "REASONS",
    "Job",
    "Launcher",
    "Options",
    "Request",
    "Resources",
    "State",
    "Update",
    "open_launcher",
]
