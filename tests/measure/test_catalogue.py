"""``study models``: rows, families, refusals."""

import json

import pytest

from study.cli import main
from study.measure.catalogue import listed, rows
from study.measure.counts import CountsCache


def test_small_members_of_one_family(tmp_path, capsys):
    assert main(["models", "--family", "resnet", "--json", "--results", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in found] == ["resnet_nano", "resnet_pico"]
    assert all(row["has_batch_norm"] and not row["can_drop_patches"] for row in found)
    assert all(row["gmacs_per_sample"] == row["image_gmacs"] + row["text_gmacs"] for row in found)
    assert (tmp_path / "cache" / "counts.json").is_file()


def test_a_table_for_people(tmp_path, capsys):
    assert main(["models", "vit_pico", "roberta-ViT-B-32", "--results", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "vit_pico" in shown
    assert "not available: roberta-ViT-B-32 takes its text tower" in shown


def test_an_unknown_name_ends_with_the_nearest(tmp_path, capsys):
    assert main(["models", "resnet_pica", "--results", str(tmp_path)]) == 2
    assert "unknown architecture 'resnet_pica'; did you mean resnet_pico" in capsys.readouterr().err


def test_everything_is_listed():
    assert set(listed(everything=False)) < set(listed(everything=True))
    assert {"RN50", "ViT-B-32", "convnext_base"} <= set(listed(everything=True))


def test_refused_names_are_rows_with_a_reason(tmp_path):
    (row,) = rows(["mt5-base-ViT-B-32"], [], CountsCache(tmp_path / "counts.json"))
    assert row["name"] == "mt5-base-ViT-B-32"
    assert "from a model hub" in row["reason"]


@pytest.mark.sweep
def test_every_model_of_open_clip_is_counted_or_refused(tmp_path):
    found = list(rows(listed(everything=True), [], CountsCache(tmp_path / "counts.json")))
    refused = [row["name"] for row in found if "reason" in row]
    assert len(found) - len(refused) > 130
    assert all("model hub" in row["reason"] for row in found if "reason" in row)
    assert not any(row.get("uncounted") for row in found)
