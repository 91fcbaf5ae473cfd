"""Papers' findings checked on the tables of finished studies: effect, interval, p-value, verdict. No torch."""

from study.claims.check import check

__all__ = ["check"]
