"""The backtest of predicted cost in the documentation: its figure and its table.

    python scripts/cost_backtest.py

Writes docs/figures/cost_backtest.svg and the block "cost-backtest" of docs/resources.md.
"""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from docs import ROOT, filled
from study.io import write_text
from study.predict.backtest import MODEL, Told, predicted, ways
from study.predict.backtested import cost, markdown
from study.predict.published_runs import published_runs
from study.report.canvas import style
from study.report.palette import MARKERS, MUTED, SERIES

NAMES = {
    "laion2023": "LAION 2023: hours from throughput",
    "openclip": "OpenCLIP: stated hours",
    "clipa2023": "CLIPA-v2: stated hours, JAX",
}
PANELS = {"measurement": "one measurement left out", "source": "a whole source left out"}
SIZE = (7.4, 4.2)  # inches
PAPER = "#fefefd"  # GitHub's dark theme would show axes on black


def svg() -> str:
    """Both panels as SVG text."""
    with style("cost_backtest"):
        canvas = Figure(figsize=SIZE, layout="constrained", facecolor=PAPER)
        FigureCanvasSVG(canvas)
        panels = canvas.subplots(1, 2, sharex=True, sharey=True)
        runs = published_runs()
        for ax, (way, title) in zip(panels, PANELS.items(), strict=True):
            draw(ax, predicted(runs, ways(runs)[way], MODEL))
            ax.set_title(title, loc="left")
            ax.set_xlabel("published GPU-hours")
        panels[0].set_ylabel("predicted GPU-hours")
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        buffer = io.StringIO()
        about = {"Date": None, "Creator": None, "Title": "Predicted against published GPU-hours"}
        canvas.savefig(buffer, format="svg", metadata=about, facecolor=PAPER)
    return buffer.getvalue()


def draw(ax: Axes, told: list[Told]) -> None:
    """A dot a run with its 90 % range, coloured by source; dotted: predicted as published."""
    for (source, name), colour, marker in zip(NAMES.items(), SERIES, MARKERS, strict=False):
        own = [one for one in told if one.run.source == source]
        for one in own:
            hours = one.run.gpu_hours
            ax.plot([hours, hours], [one.low, one.high], color=colour.light, linewidth=1, alpha=0.35)
        ax.scatter(
            [one.run.gpu_hours for one in own],
            [one.gpu_hours for one in own],
            s=18,
            color=colour.light,
            marker=marker,
            label=name,
            linewidths=0,
            zorder=3,
        )
    ends = (400.0, 6e5)
    ax.plot(ends, ends, color=MUTED.light, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=ends)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda hours, position: f"{hours:,.0f}")
        axis.set_minor_formatter(NullFormatter())
    ax.grid(True, axis="both")
    ax.tick_params(which="minor", length=0)


def page() -> str:
    """docs/resources.md as it should be."""
    return filled((ROOT / "docs/resources.md").read_text(), "cost-backtest", markdown(cost()))


if __name__ == "__main__":
    write_text(ROOT / "docs/figures/cost_backtest.svg", svg())
    write_text(ROOT / "docs/resources.md", page())
