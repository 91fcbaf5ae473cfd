"""The page of claims and the files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from study.report import words
from study.report.claims import forest
from study.report.claims.words import KINDS, POINTS, Kind, asked, each_end, summary, told
from study.report.embedded import write_page
from study.report.export import exported
from study.report.facts import Tile
from study.report.index import write_index
from study.report.shown import Shown, drawn
from study.report.table import Column, Table, table
from study.summary.verdicts import HOLDS, VERDICTS

TITLE = "Do the papers' findings hold here?"
ABOUT = (
    "Each finding was written down as a claim before its runs were made: the arms, the statistic, the margin. What is "
    "tested is whether it holds at the scale of the runs below, not whether the paper is right at its own."
)
SPREAD = (
    "Small dots: pairs of runs with one seed. Large marks: their mean (of ratios the geometric one) with its 90 % "
    "interval by Student's t. Grey bands: the side of the tick that is claimed. Green circles: the claim holds; orange "
    "squares: it does not hold at this scale; hollow: not enough evidence, or not all of it run."
)
CLAIMS: tuple[Column, ...] = (
    ("verdict", "verdict", words.text),
    ("finding", "finding", words.text),
    ("told", "effect (90 % interval)", words.text),
    ("p_holm", "p, corrected", words.number),
    ("p_against_holm", "against it", words.number),
    ("pairs", "pairs", words.count),
)


def render(verdicts: pl.DataFrame, out: Path) -> Path:
    """Write ``out/claims/index.html``, its figures and tables; return the page's path.

    ``verdicts`` is the table of study.claims.table: a row a part of a claim.
    """
    figures = {shown.name: shown for shown in _figures(verdicts)}
    tables = {made.name: made for made in (_claims(verdicts), *(_parts(kind, verdicts) for kind in KINDS))}
    claims = _each(verdicts)
    context = {
        "title": TITLE, "description": ABOUT, "eyebrow": "Claims", "study": "papers' findings, checked",
        "answer": summary(claims), "tiles": list(_tiles(claims)), "figures": figures, "tables": tables,
        "claims": [_details(row, verdicts) for row in claims.iter_rows(named=True)],
    }  # fmt: skip
    files = drawn(figures.values()) | exported(tables.values())
    page = write_page(out / "claims", "claims.html.j2", context, files)
    write_index(out)
    return page


def _each(verdicts: pl.DataFrame) -> pl.DataFrame:
    """A row a claim: ``pairs`` are those of the part that has the fewest, ``told`` has the effects of all parts."""
    effects = pl.struct("unit", "effect", "low", "high", "ends").map_elements(told, return_dtype=pl.String)
    known = pl.when(pl.col("effect").is_not_null()).then(effects)
    each = verdicts.with_columns(
        pl.col("pairs").min().over("study"),
        pl.col("statement").replace("", None).fill_null(pl.col("study")),
        known.str.join("; ").over("study").replace("", None).alias("told"),
    )
    return each.unique("study", keep="first", maintain_order=True)


def _of(kind: Kind, verdicts: pl.DataFrame) -> pl.DataFrame:
    return verdicts.filter(pl.col("unit") == kind.unit, pl.col("effect").is_not_null())


def _figures(verdicts: pl.DataFrame) -> Iterator[Shown]:
    for kind in KINDS:
        parts = _of(kind, verdicts)
        drawing = forest.drawing(kind, parts) if parts.height else None
        measures = verdicts.select("metric", "dataset").drop_nulls().filter(pl.col("metric") != "").unique().rows()
        of = ", ".join(sorted(f"{words.metric(metric)} on {dataset}" for metric, dataset in measures))
        told = f"Held equal: all that the claim does not name; arms are paired by seed. Scores: {of}."
        yield Shown(kind.name, kind.title, "claims whose runs are there", drawing, told, SPREAD)


def _claims(verdicts: pl.DataFrame) -> Table:
    note = (
        "A claim holds if all its parts do (the largest p counts), and not if one of them is the other way round (the "
        "smallest, times their number). p: one-sided exact sign-flip tests over pairs of runs with one seed, since ten "
        "pairs cannot show that they are normal. Corrected: by Holm over all claims of this page, those that could "
        "not be tested included; at 5 %, either way. Against it: the same for its being the other way round."
    )
    cited = pl.concat_str("statement", "citation", separator=" ", ignore_nulls=True).str.strip_chars()
    return table("claims", "Verdicts", note, CLAIMS, _each(verdicts).with_columns(finding=cited))


def _parts(kind: Kind, verdicts: pl.DataFrame) -> Table:
    read = words.points if kind is POINTS else words.ratio
    columns: tuple[Column, ...] = (
        ("study", "claim", words.text),
        ("label", "part", words.text),
        ("effect", "effect", read),
        ("low", "90 % low", read),
        ("high", "90 % high", read),
        ("threshold", "claimed beyond", read),
        ("standardised", "in sd of a pair", words.ratio),
        ("pairs", "pairs", words.count),
        ("part_p", "p", words.number),
        ("each_end", "each end", words.text),
        ("notes", "notes", words.text),
    )
    note = (
        "In sd of a pair: how far the mean lies on the claimed side, in standard deviations of a pair's effect. Each "
        "end: of a part that must hold at both; its effect is their sum, its p the larger of theirs."
    )
    ends = pl.struct("ends").map_elements(each_end, return_dtype=pl.String).replace("", None)
    rows = _of(kind, verdicts).with_columns(ends.alias("each_end"))
    return table(kind.name, kind.title, note, columns, rows)


def _tiles(claims: pl.DataFrame) -> Iterator[Tile]:
    for verdict in VERDICTS:
        note = "p ≤ 5 %, corrected for all claims" if verdict == HOLDS else ""
        yield Tile(verdict, str(claims.filter(pl.col("verdict") == verdict).height), note)
    runs = claims["run_ids"].explode(empty_as_null=False).n_unique()
    yield Tile("runs in their arms", words.count(runs), "those that claims share counted once")


def _details(claim: dict[str, Any], verdicts: pl.DataFrame) -> dict[str, Any]:
    """What the page says of one claim, part by part."""
    rows = verdicts.filter(pl.col("study") == claim["study"], pl.col("label").is_not_null())
    number = re.search(r"\d{4}\.\d{4,5}", claim["citation"])
    return {
        **claim,
        "link": f"https://arxiv.org/abs/{number[0]}" if number else None,
        "parts": [
            {"label": row["label"], "effect": told(row), "asked": asked(row), "p": words.number(row["part_p"])}
            for row in rows.iter_rows(named=True)
        ],
    }
