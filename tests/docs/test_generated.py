"""Generated parts of the documentation are current."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def load_script():
    found = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts/docs.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_table_of_settings_is_current():
    assert load_script().grids_page() == (ROOT / "docs/grids.md").read_text(), "run: python scripts/docs.py"
