"""Opening a launcher, of whichever kind."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path

from study import io
from study.errors import BusyError
from study.launch.backend import Opens, Say
from study.launch.journal import Journal
from study.launch.launcher import Launcher
from study.launch.options import Options
from study.registry import Registry

BACKENDS: Registry[Opens] = Registry(
    "launcher",
    {
        "local": "study.launch.local:LocalBackend",
        "slurm": "study.launch.slurm:SlurmBackend",
        "debug": "study.launch.debug:DebugBackend",
    },
)


def open_launcher(
    kind: str, folder: Path, name: str, options: Options | None = None, say: Say | None = None
) -> Launcher:
    """A launcher whose journal is in ``folder``, which all its jobs must be able to see; ``name`` is for people.

    Raises UnknownNameError for a kind that is not there, BusyError when another launcher works in the folder,
    StorageError when its journal cannot be read, SubmitError when there is no such scheduler here.
    """
    opens, label = BACKENDS.load(kind), re.sub(r"[^\w.-]+", "_", name) or "study"
    journal, held = Journal(folder.absolute(), kind, label, options or Options()), ExitStack()
    try:
        try:
            held.enter_context(io.lock(folder / ".lock"))
        except BusyError:
            raise BusyError(
                f"another snakemake or study submit works with the jobs of {folder}, maybe on another machine; wait for"
                " it, or stop it: jobs that are left running are found again"
            ) from None
        return Launcher(journal, opens, say or _to_stderr, held)
    except BaseException:
        held.close()
        raise


def _to_stderr(words: str) -> None:
    print(words, file=sys.stderr)
