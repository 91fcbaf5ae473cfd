"""The embedded data: nothing that is evaluated is ever trained on, and every picture is credited."""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from study.data import SOURCES
from study.data.embedded import FOLDS, fold_of, parquet_path
from study.data.subset import choose

ROOT = Path(__file__).parents[2]
HELD_OUT = pl.col("split") != "train"


@pytest.fixture(scope="module")
def pairs():
    return pl.read_parquet(parquet_path())


@pytest.fixture(scope="module")
def fold():
    kind = SOURCES.load("embedded")
    return lambda number: kind(kind.Config(fold=number))


def digests(images):
    return {hashlib.sha256(image).digest() for image in images}


@pytest.mark.parametrize(("quality", "size"), [(1.0, None), (1.0, 500), (0.5, 1000), (0.2, None)])
def test_no_evaluation_image_and_no_held_out_concept_is_in_a_subset(tmp_path, pairs, embedded, quality, size):
    subset = choose(embedded.index(), quality, size, tmp_path / "subset.npy")
    trained = pairs.filter(pl.col("uid").is_in(subset.uids()))
    evaluated = pairs.filter(HELD_OUT)
    unseen = pairs.filter(pl.col("split") == "unseen")
    assert trained.height > 0
    assert not set(trained["uid"]) & set(evaluated["uid"])
    assert not digests(trained["image"]) & digests(evaluated["image"])
    assert not set(trained["concept"]) & set(unseen["concept"])
    assert not set(trained["family"]) & set(unseen["family"])
    assert not set(trained["artist"]) & {"emojitwo", "fxemoji"}


def test_no_training_caption_was_made_from_a_held_out_concept(pairs):
    trained = set(pairs.filter(~HELD_OUT)["caption"])
    unseen = pairs.filter(pl.col("split") == "unseen")
    assert not trained & {*unseen["name"], *unseen["caption"]}


def test_evaluated_concepts_but_the_unseen_ones_are_trained_on(pairs):
    trained = set(pairs.filter(~HELD_OUT)["concept"])
    for split in ("test", "validation"):
        assert set(pairs.filter(pl.col("split") == split)["concept"]) <= trained


def test_the_pool_is_the_training_split(pairs, embedded):
    assert sorted(embedded.pool()["uid"]) == sorted(pairs.filter(~HELD_OUT)["uid"])
    assert embedded.declared_pairs() is None


def test_artist_and_licence_are_on_every_row_and_in_the_notice(pairs):
    assert pairs["artist"].null_count() == pairs["licence"].null_count() == 0
    notice = (ROOT / "NOTICE").read_text()
    for artist, licence in pairs.select("artist", "licence").unique().iter_rows():
        assert any(line.startswith(f"{artist} ") and line.endswith(licence) for line in notice.splitlines()), artist


def test_ids_are_unique_and_noise_is_on_three_tenths_of_the_training_pool_alone(pairs):
    assert pairs["uid"].n_unique() == pairs.height
    assert pairs["uid"].str.contains(r"^[0-9a-f]{32}$").all()
    noisy = pairs.filter(pl.col("noise") != "none")
    assert set(noisy["split"]) == {"train"}
    assert set(noisy["noise"]) == {"mismatched", "unrelated", "filename", "boilerplate"}
    assert noisy.height / pairs.filter(~HELD_OUT).height == pytest.approx(0.3, abs=0.02)
    assert (noisy["caption"] != noisy["clean_caption"]).all()


def test_the_file_is_small():
    assert parquet_path().stat().st_size <= 8e6


@pytest.mark.parametrize("name", ["embedded/test", "embedded/validation", "embedded/unseen"])
def test_an_evaluation_set_has_one_clean_caption_and_one_class_an_image(embedded, pairs, name):
    found = embedded.evaluation_set(name)
    captions = [caption for captions in found.image_captions for caption in captions]
    assert len(set(captions)) == len(found.samples) == len(found.labels) == len(found.classnames) > 100
    named = [found.classnames[label] for label in found.labels]
    assert all(name in caption for name, caption in zip(named, captions, strict=True))
    known = dict(pairs.select("uid", "name").iter_rows())
    assert [known[uid] for uid in found.samples.uids] == named


def test_the_category_set_has_a_training_split_by_another_artist(embedded, pairs):
    found = embedded.evaluation_set("embedded/category")
    assert not set(found.samples.uids) & set(found.train.uids)
    assert len(found.train) == len(found.train_labels)
    known = dict(pairs.select("uid", "category").iter_rows())
    assert [known[uid] for uid in found.train.uids] == [found.classnames[label] for label in found.train_labels]
    assert found.image_captions == []


def test_samples_come_in_the_order_asked_for(embedded, pairs):
    rows = pairs.filter(~HELD_OUT).sample(5, seed=0)
    samples = embedded.samples(rows["uid"].to_list())
    assert samples.captions == rows["caption"].to_list()
    images = samples.images(48)
    assert images.shape == (5, 48, 48, 3)
    assert [samples.read(row) for row in range(5)] == rows["image"].to_list()
    assert np.ptp(images.reshape(5, -1), axis=1).min() > 0


def test_the_folds_part_the_pool_and_hide_its_scores(embedded, fold):
    whole = set(embedded.pool()["uid"])
    left_out = [whole - set(fold(number).pool()["uid"]) for number in range(FOLDS)]
    assert set().union(*left_out) == whole
    assert sum(map(len, left_out)) == len(whole)
    for number in range(FOLDS):
        pool = fold(number).pool()
        assert set(pool["uid"]) < whole
        assert pool["score"].null_count() == pool.height


def test_two_renderings_of_a_design_are_in_one_fold(pairs):
    families = pairs["family"].unique()
    assert all(fold_of("fluent-emoji", family) == fold_of("fluent-emoji-flat", family) for family in families)


def test_fingerprints_tell_the_pools_apart(embedded, fold):
    prints = [embedded.fingerprint(), *(fold(number).fingerprint() for number in range(FOLDS))]
    assert len(set(prints)) == FOLDS + 1
    assert embedded.fingerprint() == SOURCES.load("embedded")(embedded.config).fingerprint()
