"""A page from its template: self-contained, with the report's colours, style and script. All text is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from study.report.packed import packed
from study.report.palette import ALL

STYLES = ("page.css", "tables.css", "index.css", "data.css")
SCRIPTS = ("page.js", "downloads.js", "tables.js", "hover.js")  # one script of the page, in this order


def html(template: str, context: Mapping[str, Any]) -> str:
    """The page of a template that extends ``base.html.j2``: that asks for title, description, eyebrow and study.

    Its ``files``, packed texts by path, may be left out: see study.report.embedded.
    """
    environment = Environment(
        loader=PackageLoader("study.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["packed"] = packed
    same = {
        "files": context.get("files", {}),
        "colours": ALL,
        "style": Markup("".join(map(_file, STYLES))),
        "script": Markup("".join(map(_file, SCRIPTS))),
    }
    return environment.get_template(template).render({**context, **same})


def _file(name: str) -> str:
    return (files("study.report") / "page" / name).read_text()
