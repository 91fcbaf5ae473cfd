"""Small, real pieces that many tests share: a tiny run on the embedded data, a model, a batch."""

import importlib.util
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

ROOT = Path(__file__).parents[1]
ARCH, BATCH = "vit_pico", 32


@pytest.fixture(scope="session")
def load_file():
    """A function that gives a Python file, by its path in the project, as a module: a script is in no package."""

    def load(path):
        found = importlib.util.spec_from_file_location(Path(path).stem + "_of_tests", ROOT / path)
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def embedded():
    from study.data import SOURCES

    kind = SOURCES.load("embedded")
    return kind(kind.Config(name="embedded"))


@pytest.fixture
def make_spec(embedded):
    """A function that gives a tiny run's spec; keyword arguments replace fields."""
    from study.records import DataRef, PluginRef, RunSpec
    from study.strategies import STRATEGIES

    def make(strategy="clip", arch=ARCH, options=None, pairs=256, **fields):
        data = DataRef(source=PluginRef(name="embedded"), unique_pairs=pairs, fingerprint=embedded.fingerprint())
        given = {"samples_seen": BATCH * 12, "global_batch_size": BATCH, "lr": 1e-3, **fields}
        return RunSpec(
            data=data,
            arch=PluginRef(name=arch),
            strategy=PluginRef(name=strategy, version=STRATEGIES.load(strategy).version, options=options or {}),
            **given,
        )

    return make


@pytest.fixture
def planned_run(tmp_path, make_spec):
    """A function that writes a tiny run's spec.json and returns its path."""
    from study import io
    from study.records import run_id

    def write(**fields):
        spec = make_spec(**fields)
        path = tmp_path / "results" / "runs" / run_id(spec) / "spec.json"
        io.write_json(path, spec.model_dump(mode="json", exclude_defaults=True))
        return path

    return write
