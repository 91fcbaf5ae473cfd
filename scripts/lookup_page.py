"""Fill the examples of docs/lookup.md with what the commands print on the published study.

python scripts/lookup_page.py
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from tempfile import TemporaryDirectory

from docs import ROOT, filled
from study.io import write_text

PAGE = ROOT / "docs" / "lookup.md"
COMMANDS = (
    "study lookup --study published --gpu-hours 200 --gpu h100 --pairs 50M --top 2",
    "study lookup --study published --target imagenet1k:0.60 --gpu h100 --top 2",
)


def said(command: str) -> str:
    """A command and its output as a block of Markdown."""
    with TemporaryDirectory() as results:
        asked = [sys.executable, "-m", *shlex.split(command), "--results", results]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    text = "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before)
    return f"`{command}`\n\n```\n{text}\n```"


def main() -> None:
    """Write the page."""
    write_text(PAGE, filled(PAGE.read_text(), "lookup", "\n\n".join(map(said, COMMANDS))))
    print(PAGE)


if __name__ == "__main__":
    main()
