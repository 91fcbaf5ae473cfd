"""Threads that do work ahead and never keep a process from ending."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Event, Thread

Task = tuple["Future[None]", Callable[[], None]] | None


class Workers:
    """Daemon threads, unlike those of concurrent.futures, which finish all that is asked before a process may end."""

    def __init__(self, threads: int) -> None:
        self.threads, self.closed = threads, Event()
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        for _ in range(threads):
            Thread(target=_work, args=(self._tasks,), daemon=True, name="shard-stream").start()

    def submit(self, call: Callable[[], None]) -> Future[None]:
        """Do it when a thread is free."""
        future: Future[None] = Future()
        self._tasks.put((future, call))
        return future

    def close(self) -> None:
        """Let the threads end; what they wait for is given up."""
        self.closed.set()
        for _ in range(self.threads):
            self._tasks.put(None)


def _work(tasks: SimpleQueue[Task]) -> None:
    while (task := tasks.get()) is not None:
        future, call = task
        if not future.set_running_or_notify_cancel():
            continue
        try:
            call()
        except BaseException as error:  # whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(None)
        del task, future, call  # an idle thread keeps nothing alive
