"""Look-ups: which option is best within a budget, and what a score costs, by what was measured and by the laws."""

from study.lookup.answer import Answer, Budget, Option, Reach
from study.lookup.ask import lookup
from study.lookup.store import prepare

__all__ = ["Answer", "Budget", "Option", "Reach", "lookup", "prepare"]
