"""The page of claims: what was found, what was run here, what it says."""

from study.report.claims.page import render

__all__ = ["render"]
