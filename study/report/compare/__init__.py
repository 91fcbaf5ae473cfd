"""The page of two studies compared: what changed, where, and whether beyond the spread."""

from study.report.compare.answer import answer
from study.report.compare.page import render
from study.report.compare.words import legend

__all__ = ["answer", "legend", "render"]
