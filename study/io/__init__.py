"""Every write of the project, and the locks beside it, go through this package."""

from study.io.files import (
    append_line,
    growing,
    keep,
    read_json,
    read_parquet,
    scratch_folder,
    whole_folder,
    write_bytes,
    write_json,
    write_parquet,
    write_text,
    write_whole,
)
from study.io.locks import is_locked, lock

__all__ = [
    "append_line",
    "growing",
    "is_locked",
    "keep",
    "lock",
    "read_json",
    "read_parquet",
    "scratch_folder",
    "whole_folder",
    "write_bytes",
    "write_json",
    "write_parquet",
    "write_text",
    "write_whole",
]
