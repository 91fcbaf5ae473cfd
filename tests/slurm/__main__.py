"""``python -m tests.slurm``: a test Slurm with accounting to try things on by hand, until Enter."""

from tests.slurm.cluster import started

with started(accounting=True) as cluster:
    print(f"export SLURM_CONF={cluster.folder}/slurm.conf")
    input("Enter ends it\n")
