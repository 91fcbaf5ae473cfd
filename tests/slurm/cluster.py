"""A real Slurm of two nodes on this machine, for tests: started as root on loopback, ended whatever happens.

with started(accounting=True) as cluster:
    cluster.run("sbatch", "--wrap", "hostname")
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.slurm import keeper
from tests.slurm.daemons import ask_command, make_tables_command, start_command
from tests.slurm.settings import GPUS_PER_NODE, NODES, write_settings

PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client", "munged": "munge"}
ACCOUNTING = {"slurmdbd": "slurmdbd", "mariadbd": "mariadb-server"}
START_SECONDS = 120.0  # two nodes are up in one second, with accounting in five; a busy machine takes longer


class ClusterError(Exception):
    """A part of the test Slurm did not start, or a command of it failed."""


def missing() -> str:
    """Why no test Slurm can be started here, with the way out; empty when one can."""
    absent = sorted(package for program, package in (PACKAGES | ACCOUNTING).items() if shutil.which(program) is None)
    if absent:
        return f"no Slurm to start: apt-get install --no-install-recommends {' '.join(absent)}"
    return "" if os.geteuid() == 0 else "no Slurm to start: its daemons need root here"


def wait_for(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    """Return when the condition holds; an error that says ``what`` was waited for after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise ClusterError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


class Cluster:
    """Daemons by name: munged, mariadbd, slurmdbd, slurmctld, n1, n2. All that they write is in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {"SLURM_CONF": f"{folder}/slurm.conf", "MYSQL_UNIX_PORT": f"{folder}/mariadb.socket"}
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """This process's own, and where this Slurm's configuration is."""
        return {**os.environ, **self.settings, keeper.DAEMON: "1"}

    def start(self, name: str) -> None:
        """Start one daemon, or start it again, and wait until it answers."""
        command = start_command(name, self.folder)
        with self.log(name).open("ab") as log:
            self.daemons[name] = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        ask, end = ask_command(name, self.folder), time.monotonic() + START_SECONDS
        while subprocess.run(ask, env=self.environment, capture_output=True, timeout=START_SECONDS).returncode:
            if self.daemons[name].poll() is not None or time.monotonic() > end:
                raise ClusterError(f"{name} did not start:\n{self.tail(name)}")
            time.sleep(0.05)

    def stop(self, name: str) -> None:
        """Ask one daemon to end, as an administrator would, and wait until it has."""
        self.daemons[name].terminate()
        self.daemons[name].wait(START_SECONDS)

    def log(self, name: str) -> Path:
        """Where a daemon writes."""
        return self.folder / (f"slurmd.{name}.log" if name in NODES else f"{name}.log")

    def tail(self, name: str) -> str:
        """The end of what a daemon wrote."""
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""

    def run(self, *command: str | Path, timeout: float = 60) -> str:
        """What a command of Slurm printed; ``ClusterError`` with its message when it failed."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            raise ClusterError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def states(self) -> str:
        """The state of each node, as sinfo says it; empty while nothing answers."""
        try:
            return self.run("sinfo", "--noheader", "--Node", "--partition", "low", "--format", "%N %T")
        except ClusterError:
            return ""

    def restore(self) -> None:
        """Start what was stopped, resume nodes, cancel every job, and wait until the nodes are idle."""
        for name, daemon in self.daemons.items():
            if daemon.poll() is not None:
                self.start(name)
        if left := self.run("squeue", "--noheader", "--format", "%A"):
            self.run("scancel", *set(left.split()))
        for node in self._away():
            try:
                self.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
            except ClusterError:  # refused for a node that has come back by itself since it was looked for
                if node in self._away():
                    raise
        self.wait_until_idle()

    def _away(self) -> list[str]:
        """The nodes that take no jobs until somebody resumes them."""
        looked = map(str.split, self.states().splitlines())
        return [node for node, state in looked if state.startswith(("drain", "down"))]

    def wait_until_idle(self) -> None:
        """Return when no job runs and both nodes wait for one."""
        idle = "\n".join(f"{node} idle" for node in NODES)
        try:
            wait_for(lambda: self.states() == idle, "two idle nodes")
        except ClusterError as error:
            logs = "\n".join(f"{name}: {self.tail(name)}" for name in ("slurmctld", *NODES))
            raise ClusterError(f"{error}; sinfo says {self.states()!r}\n{logs}") from error


@contextmanager
def started(accounting: bool = False, extra: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A Slurm whose nodes are idle; ``extra`` replaces lines of slurm.conf ('' removes). Nothing is left after."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    cluster = Cluster(folder)
    command = [sys.executable, keeper.__file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as keeping:
        try:
            write_settings(folder, accounting, extra or {})
            _make_files(folder)
            _start(cluster, accounting)
            yield cluster
        finally:
            keeping.communicate()  # closes its input, which is its sign
            for daemon in cluster.daemons.values():
                daemon.wait()


def _make_files(folder: Path) -> None:
    for name in ("state", *(f"spool.{node}" for node in NODES)):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    for index in range(GPUS_PER_NODE):  # a GPU without a device file drains the node: the null device serves
        os.mknod(folder / f"gpu{index}", 0o020666, os.makedev(1, 3))


def _start(cluster: Cluster, accounting: bool) -> None:
    cluster.start("munged")
    if accounting:
        cluster.run(*make_tables_command(cluster.folder), timeout=START_SECONDS)
        cluster.start("mariadbd")
        cluster.start("slurmdbd")
        cluster.run("sacctmgr", "--immediate", "add", "cluster", "test")
    for name in ("slurmctld", *NODES):
        cluster.start(name)
    cluster.wait_until_idle()
