"""The planted study, whose laws are known."""

import pytest


@pytest.fixture(scope="session")
def planted_module(load_file):
    return load_file("tests/lookup/planted.py")


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
