"""A local store over HTTP that gives ranges of files, and fails when it is told to."""

import http.server
import io
import os
import threading
from contextlib import contextmanager
from itertools import count
from pathlib import Path


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves files, and ranges of them, as stores do; unless ``behave`` of the server says otherwise."""

    def __init__(self, *args, behave, numbers, **kwargs):
        self.behave, self.numbers = behave, numbers
        super().__init__(*args, **kwargs)

    def send_head(self):
        status = self.behave(next(self.numbers), f"{self.command} {self.path}")
        if status:
            self.send_error(status)
            return None
        wanted = self.headers.get("Range")
        path = self.translate_path(self.path)
        if wanted is None or not os.path.isfile(path):
            return super().send_head()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        size = os.path.getsize(path)
        end = min(int(last or size - 1), size - 1)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{end}/{size}")
        self.send_header("Content-Length", str(end - int(first) + 1))
        self.end_headers()
        return io.BytesIO(Path(path).read_bytes()[int(first) : end + 1])

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """``behave`` is asked with a request's number and words, as ``GET /0.tar``: 0 to answer, or an error's status."""

    daemon_threads = True  # those that it leaves waiting end with the process

    def __init__(self, folder, behave):
        self.behave, numbers = behave, count()

        def handler(*args):
            return Ranges(*args, directory=folder, numbers=numbers, behave=lambda *asked: self.behave(*asked))

        super().__init__(("127.0.0.1", 0), handler)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass  # a client that is gone


@contextmanager
def serving(folder, behave=lambda number, path: 0):
    """The server of a folder, in a thread."""
    with Server(folder, behave) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
