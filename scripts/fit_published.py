"""Fit the laws that come with the published study, so that look-ups answer from the first day.

    python scripts/fit_published.py

With them go the line through published speeds, and the sheet that look-ups read. Beside them is a stamp of what they
were made from: the two tables, and the code of laws and fits without its comments.
"""

from __future__ import annotations

import ast
import hashlib
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from study.fit.run import fit
from study.io import write_bytes, write_json
from study.lookup.sheet import made
from study.lookup.store import FORM, NAME
from study.predict.mfu_fit import fit_published
from study.published import MFU
from study.summary.opened import open_study

ROOT = Path(__file__).parents[1] / "study"
OUT = ROOT / "published"
STAMP = OUT / "laws.json"
MADE_BY = ("laws", "fit", "summary/runs.py", "summary/opened.py")


def stamp() -> dict[str, str]:
    """A hash of what the laws follow from; the same for other comments, docstrings and layout of the code."""
    tables = hashlib.sha256(b"".join((OUT / f"{name}.parquet").read_bytes() for name in ("runs", "scores")))
    code = hashlib.sha256()
    for part in MADE_BY:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            code.update(_said(file.read_text()).encode())
    return {"tables": tables.hexdigest(), "code": code.hexdigest()}


def _said(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def main() -> None:
    """Fit into a folder of its own, then keep all that the fit wrote, and the stamp."""
    made_from = stamp()
    with TemporaryDirectory() as folder:
        fit(Path(folder), "published")
        for path in sorted((Path(folder) / "published").iterdir()):
            write_bytes(OUT / path.name, path.read_bytes())
            print(OUT / path.name)
    write_json(STAMP, made_from)
    write_json(MFU, asdict(fit_published()))
    sheet()


def sheet() -> None:
    """Write the sheet of look-ups, which is made from the tables and the laws."""
    with TemporaryDirectory() as folder:
        write_bytes(OUT / NAME, made(open_study(Path(folder), "published"), [FORM, []]))
        print(OUT / NAME)


if __name__ == "__main__":
    main()
