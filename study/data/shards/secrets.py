"""What addresses may hold that is for nobody else: signatures in queries, and passwords, which are refused."""

from __future__ import annotations

import re

from study.errors import DataError

_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\")]+")
_PASSWORD = re.compile(r"(\w+)://[^/@:]*:[^/@]*@")


def plain(address: str) -> str:
    """The path of a file, without the query that a web server may be asked with, as one that holds a signature."""
    return address.partition("?")[0] if address.startswith(("http://", "https://")) else address


def shown(words: str) -> str:
    """Words in which addresses have lost their queries, for messages."""
    return _QUERY.sub(r"\1?...", words)


def refuse_password(address: str) -> None:
    """Raises DataError for an address with a password: addresses are written into plans and results."""
    if found := _PASSWORD.match(address):
        name = f"FSSPEC_{found[1].upper()}"
        where = shown(f"{found[1]}://...@{address[found.end() :]}")
        raise DataError(
            f"{where}: an address may hold no password, since it is written "
            f"into plans; set {name}_USERNAME and {name}_PASSWORD in the environment, or {name} to the store's "
            "settings as JSON"
        )
