"""Print the commands of a page's `sh` blocks that are marked to be run in a fresh clone, one a line."""

import re
import sys
from pathlib import Path

MARK = "<!-- run in a fresh clone -->"

text = Path(sys.argv[1]).read_text()
blocks = re.findall(re.escape(MARK) + r"\s*```sh\n(.*?)```", text, flags=re.S)
commands = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
if not commands:
    sys.exit(f"{sys.argv[1]} has no block after {MARK}")
print("\n".join(commands))
