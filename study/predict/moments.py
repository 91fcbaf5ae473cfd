"""The moments of a pass, of which the peak is the most for any number of pairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Held(NamedTuple):
    """Bytes held at a moment: for each pair of the micro-batch, and beside."""

    a_pair: int
    fixed: int

    def of(self, pairs: int) -> int:
        """Bytes held with ``pairs`` pairs."""
        return self.a_pair * pairs + self.fixed


Moments = tuple[Held, ...]


def most(moments: Moments, pairs: int) -> int:
    """The peak over some moments with ``pairs`` pairs."""
    return max(moment.of(pairs) for moment in moments)


def peaks(moments: Iterable[Held]) -> Moments:
    """The moments that are the peak for some number of pairs, from the fewest bytes a pair to the most."""
    kept: list[Held] = []
    for moment in sorted(set(moments)):
        if kept and kept[-1].a_pair == moment.a_pair:
            kept.pop()
        while kept and (moment.fixed >= kept[-1].fixed or (len(kept) > 1 and _never(kept[-2], kept[-1], moment))):
            kept.pop()
        kept.append(moment)
    return tuple(kept)


def _never(less: Held, between: Held, more: Held) -> bool:
    """Whether ``between`` is nowhere above both others, which grow less and more steeply with the pairs."""
    over_less = (less.fixed - more.fixed) * (between.a_pair - less.a_pair)
    return over_less <= (less.fixed - between.fixed) * (more.a_pair - less.a_pair)
