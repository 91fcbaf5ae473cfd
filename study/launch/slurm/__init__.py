"""Jobs of Slurm.

What is submitit's here: the batch script, which checks parameters and spells them for sbatch; the reading of sbatch's
reply; and in the job its environment (job id, array index, host). What is not, and why, by the source of submitit 1.5:

- Its jobs run a pickle which is put in place after sbatch returned: a submitter that is killed between leaves jobs
  that fail. Here the wrapper reads the journal, which is written before.
- Its result is known from a pickle for which ``result()`` waits 15 s, one job after the other, where there is none.
  Here the wrapper's record is looked at, and not waited for.
- Its watcher asks sacct alone, and where that does not answer a job is UNKNOWN for ever.
- Its handler of USR2 counts any signal in a job under ten minutes as a timeout, and asks the pickled object to save.
  Here the trainer saves, and the wrapper asks for the requeue.
- It starts the job with srun. Then USR2 reaches each process of the step, ``srun`` inside it (one process a rank) needs
  to overlap it, and a step killed for its memory leaves a job that is FAILED. Here the batch script becomes the wrapper
  itself: ``--signal=B:`` tells it alone, and what happens to it is the job's state.
- It runs sbatch in the environment of the caller, without a limit in time.
"""

from study.launch.slurm.backend import SlurmBackend

__all__ = ["SlurmBackend"]
