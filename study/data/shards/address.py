"""Files by local path or by an address that fsspec knows, such as ``s3://bucket/pool/00000.tar``.

Credentials and endpoints of a store come from its own settings (for S3: AWS_PROFILE, AWS_ENDPOINT_URL, ... or
FSSPEC_S3_ANON=true), never from a grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast

import fsspec

from study.data.damage import DAMAGE
from study.data.shards.secrets import refuse_password, shown
from study.data.state import state_there
from study.errors import DataError, UnansweredError

BUFFER = 256 * 1024  # of local files
SILENCE = 30.0  # seconds without a byte after which a web server is given up; stores of other kinds have such limits
ABSENT = (403, 404, 410)  # answers of web servers; those that may not list their files say 403 of absent ones
BLOCK = 8 * 1024 * 1024  # a request to a store, while a file is read from its start to its end


def is_remote(address: str) -> bool:
    """Whether an address is fsspec's to open."""
    return "://" in address


def open_file(address: str) -> BinaryIO:
    """The file, to be read from its start; raises DataError when it cannot be opened."""
    try:
        if not is_remote(address):
            return Path(address).open("rb", buffering=BUFFER)
        system, path = _system(address)
        return cast(BinaryIO, system.open(path, "rb", block_size=BLOCK, cache_type="readahead"))
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error


def read_all(address: str) -> bytes:
    """The content of a small file; raises DataError when it cannot be read."""
    try:
        if not is_remote(address):
            return Path(address).read_bytes()
        system, path = _system(address)
        return cast(bytes, system.cat_file(path))
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error


def read_range(address: str, offset: int, size: int) -> bytes:
    """``size`` bytes from ``offset`` on; raises OSError when they cannot be had, FileNotFoundError without the file."""
    if not is_remote(address):
        with Path(address).open("rb", buffering=0) as file:
            file.seek(offset)
            content = file.read(size)
    else:
        try:
            system, path = _system(address)
            content = system.cat_file(path, start=offset, end=offset + size)
        except OSError:
            raise
        except Exception as error:  # broad: each kind of store has errors of its own
            raise OSError(str(error)) from error
    if len(content) != size:
        raise OSError(f"{address} ends before byte {offset + size}")
    return content


def state(address: str) -> str | None:
    """Size and time of change, or what the store gives for it; none when there is no such file.

    Raises DataError when the store cannot be asked.
    """
    try:
        if is_remote(address):
            system, path = _system(address)
            return remote_state(system.info(path))
        return state_there(Path(address))
    except (FileNotFoundError, NotADirectoryError) as error:
        if hidden(error):
            raise fault(address, error) from error
        return None
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error


def hidden(error: OSError) -> BaseException | None:
    """What went wrong where fsspec's HTTP says that a file is not there, which it does whatever went wrong."""
    cause = error.__cause__
    from_web = type(cause).__module__.partition(".")[0] == "aiohttp"
    if not from_web and (not isinstance(cause, OSError) or isinstance(cause, FileNotFoundError)):
        return None
    return None if getattr(cause, "status", None) in ABSENT else cause


def remote_state(info: dict[str, Any]) -> str:
    """The state of a file from what a store says of it."""
    names = ("ETag", "etag", "LastModified", "Last-Modified", "last_modified", "mtime", "created")
    return f"{info.get('size')} {next((info[name] for name in names if info.get(name)), '')}"


def system_of(address: str) -> tuple[Any, str]:
    """The file system of an address and the path on it; raises DataError for a kind that cannot be used."""
    try:
        return _system(address)
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error


@lru_cache(maxsize=64)
def _root(prefix: str) -> Any:
    return fsspec.core.url_to_fs(prefix, **_options(prefix))[0]


def _options(prefix: str) -> dict[str, Any]:
    """Web servers are given up when they are silent; fsspec's own limit is on the time of a whole answer."""
    if not prefix.startswith("http"):
        return {}
    import aiohttp  # here: it takes long to load, and few pools need it

    limit = aiohttp.ClientTimeout(total=None, sock_connect=SILENCE, sock_read=SILENCE)
    return {"client_kwargs": {"timeout": limit}}


def _system(address: str) -> tuple[Any, str]:
    refuse_password(address)
    system = _root(address[: address.index("://") + 3])
    return system, system._strip_protocol(address)


@contextmanager
def readable(address: str) -> Iterator[None]:
    """Raises the DataError of ``fault`` for what polars finds wrong with a table there."""
    try:
        yield
    except DAMAGE as error:
        raise fault(address, error) from error


def fault(address: str, error: BaseException) -> DataError:
    """What went wrong with a file, and the way out; UnansweredError where that may lie with the store alone."""
    if isinstance(error, DataError):
        return error
    if isinstance(error, FileNotFoundError) and (cause := hidden(error)):
        return fault(address, cause)
    kind, words = type(error).__name__, shown(str(error).splitlines()[0]) if str(error) else ""
    where = shown(address)
    if isinstance(error, FileNotFoundError):
        return DataError(f"{where} does not exist{'; check the bucket and the path' if is_remote(address) else ''}")
    if isinstance(error, ImportError):
        return DataError(f"{where} needs a package: {words}; for s3:// pip install 'clip-scaling-study[s3]'")
    if isinstance(error, PermissionError) or "Credentials" in kind:
        way = "the store's credentials" if is_remote(address) else "who may read it"
        return DataError(f"{where} may not be read ({words or kind}); check {way}")
    of_the_file = isinstance(error, DAMAGE) and not isinstance(error, OSError)
    found = UnansweredError if is_remote(address) and not of_the_file else DataError
    return found(f"{where} cannot be read ({kind}: {words})")
