"""What could not be read of a run's pairs: counted over processes and attempts, and judged by all at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from study.data.skipped import MAX_SKIPPED, check
from study.data.stream import Pairs
from study.records import SkippedUnit
from study.train.device import Place
from study.train.faults import raise_first, told

MIN_SEEN = 500  # samples before a share says something


class Tally:
    """``left_out`` are pairs that no step can draw: reason -> pairs. What is read while training comes to them.

    Of that, samples are counted as ``samples_seen`` is, repeats too: those in whose place another pair was trained on.
    """

    def __init__(
        self, pairs: Pairs, left_out: Mapping[str, int] | None = None, max_skipped: float = MAX_SKIPPED
    ) -> None:
        self.pairs, self.left_out, self.max_skipped = pairs, dict(left_out or {}), max_skipped
        self.before: dict[str, int] = {}
        self.fault: Exception | None = None  # of ``FAULTS``: what keeps this process from going on
        self._others: Counter[str] = Counter()

    @property
    def streamed(self) -> dict[str, int]:
        """Reason -> samples: of this process and of earlier attempts up to now, of others when ``agree`` was called."""
        return dict(self._others + Counter(self.before) + Counter(self.pairs.skipped or {}))

    @property
    def unit(self) -> SkippedUnit:
        """What is counted: pairs that no step draws, or samples in whose place another pair was trained on."""
        return "pairs" if self.pairs.skipped is None else "samples"

    @property
    def reasons(self) -> dict[str, int]:
        """All of it, for the outcome."""
        return dict(sorted((Counter(self.left_out) + Counter(self.streamed)).items()))

    def agree(self, place: Place, samples_seen: int, samples: int) -> None:
        """Add up what all processes have skipped, which call this at the same step of a run of so many ``samples``.

        Raises in all of them what keeps one from going on (``fault``), and DataError when it is too much.
        """
        own = self.pairs.skipped
        if own is None:
            return
        every = place.from_all((own, told(self.fault)))
        self._others = sum((Counter(skipped) for skipped, _ in every), Counter()) - Counter(own)
        raise_first((fault for _, fault in every), self.fault)
        if samples_seen >= min(MIN_SEEN, len(self.pairs), samples):
            check(self.streamed, samples_seen, self.max_skipped)
