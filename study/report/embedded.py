"""The files of a page, beside it and in it: so that each downloads where the page was mailed alone.

What a page's folder holds beside ``index.html`` is what the page itself holds, packed; ``downloads.js`` takes it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from study.io import write_text
from study.report.card import of_page, write_card
from study.report.html import html
from study.report.packed import packed


def write_page(folder: Path, template: str, context: Mapping[str, Any], files: Mapping[str, str]) -> Path:
    """Write ``index.html``, its card and ``files``, texts by their path below ``folder``; return the page's path.

    The page holds each of them as well: a link of it that has the path as its ``href`` and a ``download`` needs no
    file beside the page.
    """
    for path, text in files.items():
        write_text(folder / path, text)
    carried = {path: packed(text) for path, text in files.items()}
    write_text(folder / "index.html", html(template, {**context, "files": carried}))
    write_card(folder, of_page(context))
    return folder / "index.html"
