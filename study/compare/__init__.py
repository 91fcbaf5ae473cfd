"""Two studies compared: which settings both have, what changed in them, and whether by chance."""

from study.compare.compared import compare

__all__ = ["compare"]
