"""``python -m tests.slurm``: a test Slurm with accounting to try things on by hand, until Enter."""

import sys

from tests.slurm.cluster import started

with started(accounting=True) as cluster:
    print(f"export SLURM_CONF={cluster.folder}/slurm.conf")
    print("Enter ends it", flush=True)
    sys.stdin.readline()
