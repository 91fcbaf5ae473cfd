"""Collect: the run folders of a study become two tables, a row a run and a row a score."""

from study.collect.gather import Collected, collect

__all__ = ["Collected", "collect"]
