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


@pytest.fixture(scope="session")
def bent(planted_module, tmp_path_factory):
    """A results folder with the planted study, but for two forms of law: power's scores fall with compute, and those of
    power_irreducible are above 0.3 wherever the law is asked.
    """
    results = tmp_path_factory.mktemp("bent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(planted_module.THETAS, "power", (-4.0, -0.08))
        patch.setitem(planted_module.THETAS, "power_irreducible", (0.0, 0.02, -2.3))
        planted_module.write(results / "planted")
    return results
