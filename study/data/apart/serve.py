"""The process of a ``Child``: python -m study.data.apart.serve DESCRIPTOR [SECONDS]."""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from threading import Event, Thread

from study.data.apart.child import EndedError

SHARE, LEAST = 4, 1 << 31  # it may have a quarter of the machine's memory: who asked needs room for the result


def serve(connection: Connection, patience: float | None) -> None:
    """Do what comes, until nothing has come for so many seconds; leave it when who asked is gone."""
    busy = Event()
    Thread(target=_leave, args=(connection.fileno(), busy), daemon=True).start()
    while connection.poll(patience):
        folder, work, item = connection.recv()
        os.chdir(folder)
        busy.set()
        try:
            for result in work(item):
                connection.send(("result", result))
            connection.send(("done", None))
        except MemoryError:
            connection.send(("error", EndedError("it takes more memory than one file may")))
        except Exception as error:  # broad: it is raised where the work came from
            error.add_note(f"in a process of its own:\n{traceback.format_exc()}")
            connection.send(("error", _portable(error)))
        busy.clear()


def _leave(descriptor: int, busy: Event) -> None:
    """Interrupt work whose results nobody can take; without any, the end of the connection is read as such."""
    ended = select.poll()
    ended.register(descriptor, 0)  # asks for nothing but that the other side is closed
    ended.poll()
    busy.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def _portable(error: Exception) -> Exception:
    """The same, or its words where it cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # broad: errors of any library
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _limit_memory() -> None:
    """A length that is a lie fails then, instead of taking the memory of all."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = max(LEAST, machine // SHARE)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    _limit_memory()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # files that are half written go, as with Ctrl-C
    try:
        with Connection(int(sys.argv[1])) as asked:
            serve(asked, float(sys.argv[2]) if sys.argv[2:] else None)
    except (
        EOFError,
        BrokenPipeError,
        ConnectionResetError,
        KeyboardInterrupt,
    ):  # who asked has ended, or wants no more
        pass
