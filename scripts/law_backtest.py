"""The backtest of laws in the documentation: its table.

    python scripts/law_backtest.py

Writes the block "law-backtest" of docs/laws.md; it takes some minutes.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from docs import ROOT, filled
from study.fit.backtested import laws
from study.io import write_text
from study.predict.asked import Asked
from study.predict.backtested import markdown

PAGE = ROOT / "docs/laws.md"


def page() -> str:
    """docs/laws.md as it should be: of the published runs as they come with the package."""
    with TemporaryDirectory() as nothing:
        found = laws(Asked(Path(nothing), "published"))
    return filled(PAGE.read_text(), "law-backtest", markdown(found))


if __name__ == "__main__":
    write_text(PAGE, page())
