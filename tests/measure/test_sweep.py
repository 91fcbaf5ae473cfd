"""Every configuration that can be built offline: against torch's own counter and open_clip's published profile."""

import pytest

from benchmarks.flops import MOST, compared, difference, open_clip_names, published, timm_names
from study.measure.flops import count
from study.models import resolve
from study.records import PluginRef


def wrong(rows):
    """Rows whose counts differ from torch's or from the published ones, or that have operators nobody counts."""
    return [row for row in rows if row.deviation > MOST or row.differs or row.uncounted]


@pytest.mark.parametrize("train", [False, True])
def test_a_few(train):
    rows = list(compared(["ViT-B-32", "RN50", "convnext_nano", "mt5-base-ViT-B-32"], train))
    assert not wrong(rows)
    assert [row.refused != "" for row in rows] == [False, False, False, True]
    assert {"ViT-B-32", "RN50"} <= set(published())


def test_a_published_figure_that_differs_is_told():
    counts = count(resolve(PluginRef(name="RN50")))
    figures = published()["RN50"]
    assert difference(counts, figures) == ""
    assert difference(counts, figures | {"image_gflops": 12.23}) == "image_gflops 12.223, published 12.23"


@pytest.mark.slow
def test_every_configuration_of_open_clip():
    rows = list(compared(open_clip_names(), train=False))
    assert not wrong(rows)
    assert len([row for row in rows if not row.refused]) > 130
    assert all("model hub" in row.refused for row in rows if row.refused)
    assert sum(row.name in published() and not row.refused for row in rows) > 70


@pytest.mark.sweep
def test_every_configuration_of_open_clip_in_training():
    assert not wrong(compared(open_clip_names(), train=True))


@pytest.mark.sweep
@pytest.mark.parametrize("train", [False, True])
def test_every_tower_of_timm_of_the_four_families(train):
    rows = list(compared(timm_names(), train))
    assert not wrong(rows)
    assert not [row for row in rows if row.refused]
    assert len(rows) > 280
