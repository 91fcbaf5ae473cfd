"""Look-ups: which option is best within a budget, by what was measured and by the laws. Loads only polars."""

from study.lookup.answer import Answer, Budget, Option
from study.lookup.ask import lookup

__all__ = ["Answer", "Budget", "Option", "lookup"]
