"""What a good grid means: numbers as people write them, common settings, one budget a sub-grid."""

import pytest

from study import config
from study.plan.choices import registries

HEAD = "common: {source: embedded, arch: vit_pico, strategy: clip}\n"


@pytest.fixture(scope="module")
def plugins():
    return registries()


@pytest.fixture
def settings(tmp_path, plugins):
    """A function from a lone sub-grid's text to its settings' values."""

    def read(text, head=HEAD):
        path = tmp_path / "grid.yaml"
        path.write_text(f"{head}grid: {{{text}}}\n")
        (sub_grid,) = config.read(path, plugins).sub_grids
        return {name: setting.values for name, setting in sub_grid.settings.items()}

    return read


def test_numbers_as_people_write_them(settings):
    given = settings("samples_seen: [10M, 3.4B, 1e6, 5], size: [0.5, 1.0, 1, 2k, null], lr: [1e-3, 2, null]")
    assert given["samples_seen"] == (10_000_000, 3_400_000_000, 1_000_000, 5)
    assert all(isinstance(value, int) for value in given["samples_seen"])
    assert given["size"] == (0.5, 1.0, 1, 2000, None)
    assert [type(value) for value in given["size"]] == [float, float, int, int, type(None)]
    assert given["lr"] == (0.001, 2, None)


def test_text_that_older_yaml_would_read_as_truth_is_text(tmp_path, plugins):
    path = tmp_path / "grid.yaml"
    path.write_text(f"title: no\n{HEAD}grid: {{epochs: 1}}\n")
    assert config.read(path, plugins).file.title == "no"


def test_a_sub_grid_replaces_common_settings_and_their_budget(settings):
    head = HEAD.replace("}", ", epochs: 3, seed: [1, 2], lr: 1e-3}")
    given = settings("samples_seen: 64, seed: 7", head)
    assert given["seed"] == (7,)
    assert given["lr"] == (0.001,)
    assert given["samples_seen"] == (64,)
    assert "epochs" not in given


def test_a_plug_in_is_a_name_or_a_mapping(settings):
    given = settings("strategy: [clip, {name: flip, mask_ratio: 0.75}], epochs: 1")
    assert [choice.name for choice in given["strategy"]] == ["clip", "flip"]
    assert given["strategy"][1].mask_ratio == 0.75


def test_the_checked_in_schema_is_current(plugins, request):
    import json

    path = request.config.rootpath / "grids" / "schema.json"
    assert json.loads(path.read_text()) == config.schema(plugins), (
        "make it anew: study plan --schema > grids/schema.json"
    )
