"""What a file is that should be a tar and is none."""

from __future__ import annotations

from typing import BinaryIO

_WAYS = "unpack it first, as with {}"
_KINDS = {
    b"\x1f\x8b": f"compressed by gzip; {_WAYS.format('gunzip')}",
    b"BZh": f"compressed by bzip2; {_WAYS.format('bunzip2')}",
    b"\xfd7zXZ": f"compressed by xz; {_WAYS.format('unxz')}",
    b"\x28\xb5\x2f\xfd": f"compressed by zstd; {_WAYS.format('unzstd')}",
    b"PK\x03\x04": "a zip file; its images must lie in a tar",
    b"PAR1": "a parquet file; for images in one the source is table",
    b"<": "a web page and no tar file; web servers list no folders: give a range as {00000..00099}.tar",
}


def other_kind(file: BinaryIO) -> str | None:
    """What is wrong with a file that is no tar by its first bytes; none where they do not tell, or are gone by."""
    if not file.seekable():
        return None
    file.seek(0)
    start = file.read(8)
    if not start:
        return "it is empty"
    return next((f"it is {words}" for magic, words in _KINDS.items() if start.startswith(magic)), None)
