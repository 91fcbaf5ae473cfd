"""A run in several processes: their parent, which starts them, here or over the nodes of a Slurm job.

``run_ranks(command, processes, nodes)`` runs a command so many times with torchrun's variables.
"""

from study.launch.ranks.parent import run_ranks

__all__ = ["run_ranks"]
