"""``python cause.py LOG``: the last words of the command that failed, once more.

The Snakemake inside a job says twenty lines after them; who looks at the end of a log, or takes its last line as the
reason, would see those alone.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LINES = 15
BYTES = 65_536
BEGINS = re.compile(r"(local)?(rule|checkpoint) \S+:$")
DETAILS = re.compile(r" {4}\w+: ")  # of the rule that begins
FAILED = re.compile(r"RuleException|WorkflowError|Error in (rule|group) ")


def cause(text: str) -> list[str]:
    """The lines between the last rule that began and the word that it failed; none where there is no such word."""
    lines = text.splitlines()
    begins = max((number for number, line in enumerate(lines) if BEGINS.match(line)), default=None)
    if begins is None:
        return []
    said = lines[begins + 1 :]
    fails = next((number for number, line in enumerate(said) if FAILED.match(line)), 0)
    return [line for line in said[:fails] if line.strip() and not DETAILS.match(line)][-LINES:]


if __name__ == "__main__":
    with Path(sys.argv[1]).open("rb") as log:
        log.seek(max(0, log.seek(0, 2) - BYTES))
        found = cause(log.read().decode(errors="replace"))
    if found:
        print("what failed said last:", *found, sep="\n")
