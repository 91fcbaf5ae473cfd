"""Fill the generated parts of the documentation: the settings table, and the README's results.

python scripts/docs.py              the settings in docs/grids.md, the options of sources in docs/data.md
python scripts/docs.py --results    the README's figure and tables too, from reports/quickstart and reports/strategies
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import polars as pl
from pydantic.fields import FieldInfo

from study.data import SOURCES
from study.data.filters import Filters
from study.io import write_text
from study.records import PluginConfig, RunSpec

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "reports" / "quickstart"
COMPARED = ROOT / "reports" / "strategies"
REFERENCES = ("data", "arch", "strategy", "samples_seen", "tuning")  # described in the text of the page


def filled(text: str, mark: str, content: str) -> str:
    """``text`` with what stands between the two marks replaced; fails when they are missing."""
    pattern = re.compile(rf"(<!-- {mark}: [^>]*-->\n).*?(<!-- end of {mark} -->)", flags=re.S)
    replaced, count = pattern.subn(lambda found: f"{found[1]}{content}\n{found[2]}", text)
    if count != 1:
        raise SystemExit(f"expected one block '{mark}', found {count}")
    return replaced


def settings() -> str:
    """The settings of a run with their defaults, as a Markdown table."""
    rows = [
        f"| `{name}` | {_default(field)} | {field.description} |"
        for name, field in RunSpec.model_fields.items()
        if name not in REFERENCES
    ]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    return "none" if field.default is None else f"`{str(field.default).lower()}`"


def options(source: str, known: type[PluginConfig]) -> str:
    """The options of a source that are not, or not so, those of ``known``, as a Markdown table."""
    kind = SOURCES.load(source)
    rows = [
        f"| `{name}` | {_default(field)} | {'no' if name in kind.places else 'yes'} | {field.description} |"
        for name, field in kind.Config.model_fields.items()
        if name != "name" and _said(field) != _said(known.model_fields.get(name))
    ]
    return "\n".join(["| option | default | in a run's id | meaning |", "| --- | --- | --- | --- |", *rows])


def _said(field: FieldInfo | None) -> tuple[object, str | None] | None:
    return field and (field.default, field.description)


def filters() -> str:
    """The options that all sources share, as a Markdown table."""
    rows = [
        f"| `{name}` | {_default(field)} | {field.description} |"
        for name, field in Filters.model_fields.items()
        if name != "name"
    ]
    return "\n".join(["| option | default | meaning |", "| --- | --- | --- |", *rows])


def frontier() -> str:
    """The settings that no cheaper one beats, as a Markdown table."""
    rows = [
        f"| {row['arch']} | {row['unique_pairs']:,} {row['quality']} | {row['samples_seen']:,} | "
        f"{row['train_flops']:.2g} | {_score(row)} | {row['n']} |"
        for row in pl.read_csv(REPORT / "tables/frontier.csv").iter_rows(named=True)
    ]
    head = ["| tower | pairs | samples seen | training FLOPs | image-to-text recall@5 | seeds |"]
    return "\n".join([*head, "| --- | --- | --- | --- | --- | --- |", *rows])


def comparison() -> str:
    """Each strategy at equal samples and at equal FLOPs, with its difference to the baseline, as a Markdown table."""
    found: dict[str, dict[str, str]] = {}
    for row in pl.read_csv(COMPARED / "tables/comparison.csv").iter_rows(named=True):
        found.setdefault(row["strategy_label"], {})[row["held_equal"].split(":")[0]] = _compared(row)
    rows = [f"| {name} | {cells['samples']} | {cells['FLOPs']} |" for name, cells in found.items()]
    head = ["| strategy | at equal samples seen | at equal training FLOPs |", "| --- | --- | --- |"]
    return "\n".join([*head, *rows])


def _compared(row: dict[str, Any]) -> str:
    """The score, and what it is above or below the baseline with the 90 % interval of that."""
    if row["difference"] is None:
        return f"{100 * row['score']:.1f} %"
    low, high = 100 * row["difference_low"], 100 * row["difference_high"]
    told = "" if row["verdict"] == "not told apart" else f", {row['verdict']}"
    return f"{100 * row['score']:.1f} % ({low:+.1f} to {high:+.1f}{told})"


def _score(row: dict[str, Any]) -> str:
    spread = "" if row["low"] is None else f" ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    return f"{100 * row['score']:.1f} %{spread}"


def grids_page() -> str:
    """docs/grids.md as it should be."""
    return filled((ROOT / "docs/grids.md").read_text(), "settings", settings())


def data_page() -> str:
    """docs/data.md as it should be."""
    text = filled((ROOT / "docs/data.md").read_text(), "filters", filters())
    shards = SOURCES.load("webdataset").Config
    for source, known in {"webdataset": Filters, "datacomp": shards, "table": Filters, "embedded": Filters}.items():
        text = filled(text, f"options of {source}", options(source, known))
    return text


def main(with_results: bool) -> None:
    """Rewrite the pages."""
    write_text(ROOT / "docs/grids.md", grids_page())
    write_text(ROOT / "docs/data.md", data_page())
    if with_results:
        figures = ROOT / "docs/figures"
        figures.mkdir(exist_ok=True)
        shutil.copy(REPORT / "figures/error_over_flops.svg", figures / "quickstart.svg")
        readme = filled((ROOT / "README.md").read_text(), "quickstart", frontier())
        write_text(ROOT / "README.md", filled(readme, "strategies", comparison()))


if __name__ == "__main__":
    main("--results" in sys.argv[1:])
