"""Sheets: kept, made anew, never half-written, and the one that the package brings."""

import sqlite3
from contextlib import closing

from study import io
from study.lookup import Budget, lookup, prepare
from study.lookup.sheet import made
from study.lookup.store import FORM, NAME, brought
from study.summary.opened import open_study

LARGE = Budget("train_flops", 1e18)


def study(folder, planted_module):
    planted_module.write(folder / "planted")
    return folder / "planted"


def test_a_sheet_is_kept_and_made_anew_when_a_table_changes(tmp_path, planted_module):
    folder = study(tmp_path, planted_module)
    before = lookup("planted", LARGE, tmp_path)
    first = (folder / NAME).read_bytes()
    assert lookup("planted", LARGE, tmp_path) == before
    assert (folder / NAME).read_bytes() == first
    scores = io.read_parquet(folder / "scores.parquet")
    io.write_parquet(folder / "scores.parquet", scores.with_columns(scores["value"] / 2))
    assert lookup("planted", LARGE, tmp_path).measured[0].score == before.measured[0].score / 2


def test_a_damaged_sheet_is_made_anew(tmp_path, planted_module):
    folder = study(tmp_path, planted_module)
    before = lookup("planted", LARGE, tmp_path)
    (folder / NAME).write_bytes(b"no sheet")
    assert lookup("planted", LARGE, tmp_path) == before


def test_without_laws_the_settings_answer(tmp_path, planted_module):
    folder = study(tmp_path, planted_module)
    (folder / "laws.parquet").unlink()
    answer = lookup("planted", LARGE, tmp_path)
    assert answer.measured
    assert not answer.predicted
    assert "no laws yet; fit them with: study fit planted" in answer.notes


def test_laws_of_an_older_form_are_told_to_be_out_of_date(tmp_path, planted_module):
    path = study(tmp_path, planted_module) / "laws.parquet"
    io.write_parquet(path, io.read_parquet(path).drop("preferred"))
    answer = lookup("planted", LARGE, tmp_path)
    assert answer.measured
    assert not answer.predicted
    assert "its laws are out of date, and are not asked; fit them anew with: study fit planted" in answer.notes


def test_the_sheet_of_the_package_is_that_of_its_tables(tmp_path):
    opened = open_study(tmp_path, "published")
    assert brought(opened)
    with closing(sqlite3.connect(opened.tables / NAME)) as kept, closing(sqlite3.connect(":memory:")) as new:
        new.deserialize(made(opened, [FORM, []]))
        assert list(kept.iterdump()) == list(new.iterdump()), "run: python scripts/fit_published.py"
    prepare(tmp_path, "published")
    assert not list(tmp_path.iterdir())
