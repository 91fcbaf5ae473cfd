"""Threads that do work ahead and keep a process from ending for seconds at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Event, Thread, current_thread

from study.data.decoding.resize import alone

Task = tuple["Future[None]", Callable[[], None]] | None
GRACE = 5.0  # seconds for what is under way: a thread that is cut off within torch takes the process down with an error


class Workers:
    """Daemon threads, unlike those of concurrent.futures, which finish all that is asked before a process may end."""

    def __init__(self, threads: int) -> None:
        self.closed = Event()
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        given = (self._tasks, self.closed)
        self._threads = [Thread(target=_work, args=given, daemon=True, name="shard-stream") for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[[], None]) -> Future[None]:
        """Do it when a thread is free."""
        future: Future[None] = Future()
        self._tasks.put((future, call))
        return future

    def close(self) -> None:
        """Let the threads end after what they do now; what is not begun is given up."""
        self.closed.set()
        until = time.monotonic() + GRACE
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            if thread is not current_thread():  # where garbage that needs them may be collected
                thread.join(max(0.0, until - time.monotonic()))


def _work(tasks: SimpleQueue[Task], closed: Event) -> None:
    alone()
    while (task := tasks.get()) is not None:
        future, call = task
        if closed.is_set():
            future.cancel()
        if not future.set_running_or_notify_cancel():
            continue
        try:
            call()
        except BaseException as error:  # whoever waits gets it
            future.set_exception(error)
        else:
            future.set_result(None)
        del task, future, call  # an idle thread keeps nothing alive
