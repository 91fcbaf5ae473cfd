"""The planted study, whose laws are known."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def planted_module():
    path = Path(__file__).parent / "planted.py"
    found = importlib.util.spec_from_file_location("planted", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def planted(planted_module, tmp_path_factory):
    """A results folder with it; tests only read it."""
    results = tmp_path_factory.mktemp("planted")
    planted_module.write(results / "planted")
    return results
