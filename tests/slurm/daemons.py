"""The command that starts each daemon in the foreground, and one that succeeds once it answers."""

from pathlib import Path

from tests.slurm.settings import NODES


def start_command(name: str, folder: Path) -> list[str]:
    """How a daemon is started; it reads its configuration from ``SLURM_CONF``."""
    if name in NODES:
        return ["slurmd", "-D", "-N", name]
    munge = [f"--{part}-file={folder}/munge.{part}" for part in ("key", "pid", "seed")]
    sockets = [f"--socket={folder}/mariadb.socket", f"--pid-file={folder}/mariadb.pid"]
    return {
        "munged": ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *munge],
        "mariadbd": ["mariadbd", "--no-defaults", "--user=root", "--skip-networking", *_tables(folder), *sockets],
        "slurmdbd": ["slurmdbd", "-D"],
        "slurmctld": ["slurmctld", "-D"],
    }[name]


def ask_command(name: str, folder: Path) -> list[str]:
    """What succeeds when the daemon answers; a node's state is in what sinfo says instead."""
    return {
        "munged": ["munge", "--no-input", f"--socket={folder}/munge.socket"],
        "mariadbd": ["mariadb-admin", "--no-defaults", f"--socket={folder}/mariadb.socket", "ping"],
        "slurmdbd": ["sacctmgr", "--noheader", "show", "cluster"],
        "slurmctld": ["scontrol", "ping"],
    }.get(name, ["true"])


def make_tables_command(folder: Path) -> list[str]:
    """How mariadbd's own tables are made, once."""
    root = ["--no-defaults", "--user=root", "--auth-root-authentication-method=normal", "--skip-test-db"]
    return ["mariadb-install-db", *root, *_tables(folder)]


def _tables(folder: Path) -> list[str]:
    """Temporary ones have a place of their own, too: who starts removes all that it finds there, of others as well."""
    return [f"--datadir={folder}/tables", f"--tmpdir={folder}"]
