"""A process that submits and waits, to be killed: ``python -m tests.slurm.submitter FOLDER JOBS``; again goes on.

Job K of JOBS appends a line to ``FOLDER/K.ran`` when it starts, and ends once ``FOLDER/go`` is there.
"""

import sys
from pathlib import Path

from tests.slurm.launching import Watch, shell


def main(folder: Path, jobs: int) -> None:
    script = "echo ran >> {0}.ran; while [ ! -e go ]; do sleep 0.1; done"
    requests = [shell(folder, str(key), script.format(key)) for key in range(jobs)]
    with Watch(folder) as watch:
        watch.told += watch.launcher.missed  # ended while no process was here
        watch.launcher.submit([request for request in requests if not watch.states(request.key)])
        (folder / "submitted").touch()
        watch.until_all_ended()
    print(" ".join(f"{request.key}:{watch.states(request.key)[-1]}" for request in requests))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
