"""From a figure to SVG text: one wide drawing, one for a phone; for the page, colours follow its theme."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import matplotlib as mpl
import polars as pl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas

from study.report.figure import Figure
from study.report.palette import INK, LINE, MUTED, with_variables
from study.report.spots import Place, Spots, listed, places
from study.report.study import Study

WIDE, NARROW = (7.0, 3.9), (3.75, 3.5)  # inches; text is 9 points in both
RASTER = 200  # dots an inch of marks that are too many to be drawn one by one
Paint: TypeAlias = Callable[[Sequence[Axes]], Sequence[Spots]]
STYLE: Any = {  # matplotlib types these by a literal a key
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "text.parse_math": False,  # a name out of the data may hold a dollar sign
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.edgecolor": LINE.light,
    "axes.labelcolor": MUTED.light,
    "axes.titlepad": 10.0,
    "axes.titlesize": "medium",
    "figure.constrained_layout.h_pad": 0.12,
    "figure.constrained_layout.wspace": 0.07,
    "axes.labelpad": 6.0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": LINE.light,
    "grid.linewidth": 0.7,
    "text.color": INK.light,
    "xtick.color": MUTED.light,
    "ytick.color": MUTED.light,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "xtick.minor.size": 0.0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
SHORT = re.compile(r'(?<=[ "(,])(-?\d+\.\d\d)\d{3,}(?=[ ",)\n])')  # of a coordinate, hundredths of a point are seen


@dataclass(frozen=True)
class Drawing:
    """One figure as SVG: for a file of its own, and for the page at two widths; ``spots`` as hover.js reads them."""

    file: str
    wide: str
    narrow: str
    spots: str


def draw(name: str, figure: Figure, study: Study, points: pl.DataFrame) -> Drawing:
    """Draw ``points``, which must not be empty, at both widths."""
    height = figure.height(points) or WIDE[1], figure.height(points) or NARROW[1]
    return drawing(name, figure.title, height, figure.panels(study), lambda axes: figure.draw(study, points, axes))


def drawing(name: str, title: str, heights: tuple[float, float], panels: int, paint: Paint) -> Drawing:
    """What ``paint`` draws on so many panels, of these heights in inches at the wide and at the narrow width.

    ``paint`` gets an axes a panel and gives its spots.
    """
    wide, spots, at_wide = _svg(name, title, (WIDE[0], heights[0]), panels, paint)
    narrow, _, at_narrow = _svg(f"{name}-narrow", title, (NARROW[0], heights[1]), panels, paint)
    pages = for_page(name, wide, title), for_page(f"{name}-narrow", narrow, title)
    return Drawing(wide, *pages, listed(spots, at_wide, at_narrow))


@contextmanager
def style(name: str) -> Iterator[None]:
    """The report's style, and ids that are the same on every run; nothing global outlives it."""
    with mpl.rc_context(), sns.axes_style("ticks"):
        mpl.rcParams.update({**STYLE, "svg.hashsalt": name})
        yield


def _svg(
    name: str, title: str, size: tuple[float, float], panels: int, paint: Paint
) -> tuple[str, Sequence[Spots], Sequence[Place]]:
    """Panels side by side, or stacked at a phone's width; the places of spots are those of the finished layout."""
    tall = size[0] == NARROW[0]
    with style(name):
        canvas = Canvas(figsize=(size[0], size[1] * (panels if tall else 1)), layout="constrained")
        FigureCanvasSVG(canvas)
        grid = canvas.subplots(panels if tall else 1, 1 if tall else panels, squeeze=False)
        spots = paint(list(grid.flat))
        buffer = io.StringIO()
        canvas.savefig(buffer, format="svg", dpi=RASTER, metadata={"Date": None, "Creator": None, "Title": title})
        return SHORT.sub(r"\1", buffer.getvalue()), spots, places(spots)


def for_page(name: str, svg: str, title: str) -> str:
    """An SVG to be put into a page: ids of its own, the theme's colours, width by the page, a spoken name."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", body)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    return with_variables(body.replace("<svg", f'<svg role="img" aria-label="{title}"', 1))
