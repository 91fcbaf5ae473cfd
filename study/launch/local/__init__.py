"""Jobs as processes of this machine: as many at once as it has CPUs, GPUs and memory for, each with GPUs of its own.

submitit's local executor has no queue, gives every job GPU 0, and its jobs are lost to a process that is restarted.
What is taken from submitit here is the environment by which a job knows that it is local.
"""

from study.launch.local.backend import LocalBackend

__all__ = ["LocalBackend"]
