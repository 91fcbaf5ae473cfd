"""The tables of a report as files: CSV with the columns' own names and full numbers, LaTeX as the page reads."""

from __future__ import annotations

from collections.abc import Iterable

from study.report.table import Table

ESCAPES = str.maketrans({
    "\\": r"\textbackslash ", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde ", "^": r"\textasciicircum ", "×": r"$\times$", "±": r"$\pm$", "−": "$-$", "–": "--",
    "⁻": "$^{-}$", **{sign: f"$^{{{digit}}}$" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
})  # fmt: skip


def exported(tables: Iterable[Table]) -> dict[str, str]:
    """The texts of ``tables/NAME.csv`` and ``tables/NAME.tex`` for each table."""
    found = {}
    for table in tables:
        found[f"tables/{table.name}.csv"] = table.data.write_csv()
        found[f"tables/{table.name}.tex"] = latex(table)
    return found


def latex(table: Table) -> str:
    """A tabular in the booktabs style; numbers to the right."""
    kinds = "".join("r" if number else "l" for number in table.numbers)
    lines = [
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\toprule",
        _line(table.heads),
        r"\midrule",
        *map(_line, zip(*table.texts, strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return " & ".join(map(escape, cells)) + r" \\"


def escape(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return text.translate(ESCAPES)
