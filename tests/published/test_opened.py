"""A study by its name: the results folder first, then what the package brings."""

import polars as pl
import pytest

from study import published
from study.errors import StorageError
from study.io import write_parquet
from study.records import LAWS_COLUMNS, schema
from study.summary.opened import collected_studies, known_studies, open_study


def test_the_published_study_opens_without_a_results_folder(tmp_path):
    opened = open_study(tmp_path, "published")
    assert opened.runs().equals(published.runs())
    assert opened.scores().height == 1809
    assert "Published" in opened.facts()["title"]
    assert opened.written == tmp_path / "published"
    assert not opened.written.exists()


def test_a_folder_of_that_name_comes_first_and_is_not_mixed_with_the_built_in_one(tmp_path):
    folder = tmp_path / "published"
    write_parquet(folder / "runs.parquet", published.runs().head(2))
    write_parquet(folder / "scores.parquet", published.scores().head(1))
    opened = open_study(tmp_path, "published")
    assert (opened.runs().height, opened.scores().height) == (2, 1)
    assert opened.laws() is None
    assert opened.facts() == {}


def test_laws_fitted_to_a_built_in_study_are_read_back(tmp_path):
    laws = pl.DataFrame([{"law": "mine"}], schema=schema(LAWS_COLUMNS))
    write_parquet(tmp_path / "published" / "laws.parquet", laws)
    opened = open_study(tmp_path, "published")
    assert opened.laws().equals(laws)
    assert opened.runs().height == 464


def test_a_study_that_is_nowhere_says_how_it_is_made(tmp_path):
    with pytest.raises(StorageError, match="study collect absent"):
        open_study(tmp_path, "absent").runs()


def test_names_of_studies(tmp_path):
    write_parquet(tmp_path / "mine" / "runs.parquet", published.runs().head(1))
    assert collected_studies(tmp_path) == ["mine"]
    assert known_studies(tmp_path) == ["mine", "published"]
