"""Generated parts of the documentation are current."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_settings_is_current(load_file):
    page = load_file("scripts/docs.py").grids_page()
    assert page == (ROOT / "docs/grids.md").read_text(), "run: python scripts/docs.py"


def test_the_tables_of_options_are_current(load_file):
    page = load_file("scripts/docs.py").data_page()
    assert page == (ROOT / "docs/data.md").read_text(), "run: python scripts/docs.py"
