"""Fill the tables of docs/claims.md.

python scripts/claims.py              the statistics, from their code
python scripts/claims.py --results    the verdicts too, and their sum in README.md, from results/claims.parquet, which
                                      `study claims` writes
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import polars as pl

from docs import ROOT, filled
from study.io import read_parquet, write_text
from study.report.claims.words import summary, told
from study.statistics import STATISTICS

PAGE = ROOT / "docs/claims.md"
README = ROOT / "README.md"
VERDICTS = ROOT / "results/claims.parquet"


def statistics() -> str:
    """Each statistic with its options, as a Markdown table."""
    rows = [f"| `{name}` | {_first_line(name)} | {', '.join(_options(name))} |" for name in STATISTICS.names()]
    return "\n".join(["| statistic | what it looks at | options |", "| --- | --- | --- |", *rows])


def _first_line(name: str) -> str:
    return (STATISTICS.load(name).__doc__ or "").splitlines()[0]


def _options(name: str) -> Iterator[str]:
    for option, field in STATISTICS.load(name).Config.model_fields.items():
        if option != "name":
            yield f"`{option}`: {field.description}"


def verdicts(table: pl.DataFrame) -> str:
    """A row a claim: the finding, its effects and the verdict, as a Markdown table."""
    head = ["| finding | effects (90 % interval) | pairs | p, corrected | verdict |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *(_verdict(part.to_dicts()) for part in table.partition_by("study", maintain_order=True))])


def _verdict(rows: list[dict[str, object]]) -> str:
    first = rows[0]
    effects = "; ".join(f"{row['label']}: {told(row)}" for row in rows if row["effect"] is not None)
    p = "–" if first["p_holm"] is None else f"{first['p_holm']:.2g}"
    pairs = " or ".join(sorted({"–" if row["pairs"] is None else str(row["pairs"]) for row in rows}))
    return f"| {first['statement']} {first['citation']} | {effects or '–'} | {pairs} | {p} | {first['verdict']} |"


def page() -> str:
    """docs/claims.md with the statistics as they are."""
    return filled(PAGE.read_text(), "statistics", statistics())


def main(with_results: bool) -> None:
    """Rewrite the page, and the README's sentence with the results."""
    text = page()
    if with_results:
        table = read_parquet(VERDICTS)
        text = filled(text, "verdicts", verdicts(table))
        sentence = summary(table.unique("study", maintain_order=True))
        write_text(README, filled(README.read_text(), "claims", sentence))
    write_text(PAGE, text)


if __name__ == "__main__":
    main("--results" in sys.argv[1:])
