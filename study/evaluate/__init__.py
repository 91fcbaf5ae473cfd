"""Scoring a trained model on the source's own evaluation sets and on clip-benchmark's data sets on disk.

``asked`` and ``done`` load no torch: they find out whether anything is left to do.
"""
