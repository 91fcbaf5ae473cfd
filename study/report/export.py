"""The tables of a report as files: CSV with the columns' own names, LaTeX as the page reads.

Numbers in CSV have ``DIGITS`` digits, more than anything measured has; the tables of the study have all.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
import polars.selectors as cs

from study.report.table import Table

DIGITS = 5

ESCAPES = str.maketrans({
    "\\": r"\textbackslash ", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde ", "^": r"\textasciicircum ", "×": r"$\times$", "±": r"$\pm$", "−": "$-$", "–": "--",
    "→": r"$\to$", "≤": r"$\le$", "…": r"\dots{}",
    "[": "{[}",  # at the beginning of a row it would be an option of the line break before it
    "\n": " ", "\r": " ",  # an empty line ends a paragraph, which no cell may
    "⁻": "$^{-}$", **{sign: f"$^{{{digit}}}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
})  # fmt: skip


def exported(tables: Iterable[Table]) -> dict[str, str]:
    """The texts of ``tables/NAME.csv`` and ``tables/NAME.tex`` for each table."""
    found = {}
    for table in tables:
        found[f"tables/{table.name}.csv"] = csv(table.data)
        found[f"tables/{table.name}.tex"] = latex(table)
    return found


def csv(data: pl.DataFrame) -> str:
    """All rows and columns."""
    return data.with_columns(cs.float().round_sig_figs(DIGITS)).write_csv()


def latex(table: Table) -> str:
    """A tabular in the booktabs style; numbers to the right. Of a long table the rows that the page begins with."""
    first = zip(*(texts[: table.first] for texts in table.texts), strict=True)
    rest = [f"% the first {table.first} of {table.height} rows; the CSV file has all"] if table.is_long else []
    kinds = "".join("r" if number else "l" for number in table.numbers)
    lines = [
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\toprule",
        _line(table.heads),
        r"\midrule",
        *map(_line, first),
        *rest,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"


def escape(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return text.translate(ESCAPES)
