"""Subsets of a pool: the best share by score, then a nested part by a stable hash of the uid; in bounded memory."""

from study.data.subset.choice import choose, lowest_kept
from study.data.subset.shared import ensure
from study.data.subset.sizes import subset_size
from study.data.subset.stored import Subset

__all__ = ["Subset", "choose", "ensure", "lowest_kept", "subset_size"]
