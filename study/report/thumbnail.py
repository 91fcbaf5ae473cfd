"""A figure as a small picture, to be known again in a list of reports."""

from __future__ import annotations

import base64
import io

import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import NullLocator

from study.report.canvas import style
from study.report.figure import Figure
from study.report.study import Study

SIZE, DOTS = (3.2, 1.9), 100  # inches, and dots an inch: shown at half of its dots


def thumbnail(figure: Figure, study: Study, points: pl.DataFrame) -> str:
    """The first panel of a figure of ``points``, which must not be empty, as the address of a PNG; without its words.

    The paper is left out, so that it can be shown on a light and on a dark page.
    """
    with style("thumbnail"):
        canvas = Canvas(figsize=SIZE, layout="constrained")
        FigureCanvasAgg(canvas)
        panels = list(canvas.subplots(1, figure.panels(study), squeeze=False).flat)
        figure.draw(study, points, panels)
        for legend in [*canvas.legends]:
            legend.remove()
        for ax in panels:
            _bare(ax)
        buffer = io.BytesIO()
        canvas.savefig(buffer, format="png", dpi=DOTS, metadata={"Software": None})
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _bare(ax: Axes) -> None:
    legend = ax.get_legend()
    for words in [*ax.texts, *([legend] if legend else [])]:
        words.remove()
    ax.set_title("", loc="left")
    ax.set_xlabel("")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())
