"""Shards in stores: S3 as a local server speaks it, HTTP with and without ranges, and memory."""

import os
import subprocess
import sys

import fsspec
import pytest

from study.data.shards.webdataset import WebDataset
from study.errors import DataError
from tests.data import shards, store


@pytest.fixture(scope="module")
def rows(embedded):
    return list(shards.pairs(embedded, 12))


@pytest.fixture(scope="module")
def local(tmp_path_factory, rows):
    """Two shards with img2dataset's tables in a folder, whose pool is what a store must give."""
    folder = tmp_path_factory.mktemp("pool")
    for number in range(2):
        part = rows[6 * number : 6 * number + 6]
        shards.write_img2dataset(folder, f"{number:05}", part, similarity=[number + row / 10 for row in range(6)])
    return folder


def opened(place, results, **options):
    return WebDataset(WebDataset.Config(shards=place, score_column="similarity", **options), results)


def same_as_local(place, local, results):
    source, known = opened(place, results / "a"), opened(str(local), results / "b")
    assert source.fingerprint() == known.fingerprint()
    assert [piece.name for piece in source.index().pieces] == ["00000", "00001"]
    assert source.pool().equals(known.pool())
    uids = source.pool()["uid"].to_list()
    here, there = known.samples(uids), source.samples(uids)
    assert [there.read(row) for row in range(12)] == [here.read(row) for row in range(12)]
    return source


def copy_all(local, place):
    for path in local.iterdir():
        with fsspec.open(f"{place}/{path.name}", "wb") as file:
            file.write(path.read_bytes())


@pytest.mark.parametrize("given", ["", "/*.tar", "/{00000..00001}.tar"])
def test_s3(s3, local, tmp_path, given):
    copy_all(local, s3)
    same_as_local(f"{s3}{given}", local, tmp_path)


def test_a_shard_that_changes_in_the_store_is_indexed_anew(s3, local, tmp_path, rows):
    place = s3.replace("pool", "changing")
    copy_all(local, place)
    assert opened(place, tmp_path).pool().height == 12
    with fsspec.open(f"{place}/00001.tar", "wb") as file:
        file.write((local / "00000.tar").read_bytes())
    fsspec.filesystem("s3").invalidate_cache()
    assert opened(place, tmp_path).left_out()["repeated pair"] == 6


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("s3://nobucket/pool", "no .tar file at s3://nobucket/pool"),
        ("s3://bucket/absent/{00000..00003}.tar", "no .tar file at s3://bucket/absent/{00000..00003}.tar"),
        ("nosuch://bucket/pool", "nosuch://bucket/pool cannot be read .*nosuch"),
    ],
)
def test_places_that_are_not_there(s3, tmp_path, place, message):
    with pytest.raises(DataError, match=message):
        opened(place, tmp_path).pool()


def test_memory(local, tmp_path):
    copy_all(local, "memory://pool")
    same_as_local("memory://pool", local, tmp_path)


@pytest.fixture
def served(local):
    with store.serving(local) as server:
        yield server.address


def test_http_by_ranges(served, local, tmp_path):
    same_as_local(f"{served}/{{00000..00001}}.tar", local, tmp_path)


def test_a_server_that_refuses_or_fails_is_told_from_one_without_the_file(served, local, tmp_path):
    refused = "127.0.0.1:9 .*refused|ClientConnectorError|cannot be read"
    for place in ("http://127.0.0.1:9/{00000..00001}.tar", "http://127.0.0.1:9/00000.tar"):
        with pytest.raises(DataError, match=refused) as told:
            opened(place, tmp_path).pool()
        assert "no .tar file" not in str(told.value)
        assert "places of" not in str(told.value)
    with pytest.raises(DataError, match=r"no \.tar file at"):
        opened(f"{served}/absent.tar", tmp_path).pool()
    with store.serving(local, lambda number, path: 500) as broken, pytest.raises(DataError, match="500"):
        opened(f"{broken.address}/00000.tar", tmp_path).pool()


def test_scores_are_not_missed_because_a_server_fails(local, tmp_path):
    fails = store.serving(local, lambda number, path: 500 if path.endswith("parquet") else 0)
    with fails as server, pytest.raises(DataError, match="500"):
        opened(f"{server.address}/00000.tar", tmp_path).pool()


def test_a_shard_that_vanishes_is_skipped_and_counted(local, tmp_path):
    copy_all(local, "memory://vanishing")
    source = opened("memory://vanishing", tmp_path)
    samples = source.samples(source.pool()["uid"].to_list())
    fsspec.filesystem("memory").rm("/vanishing/00001.tar")
    assert samples.usable(8).tolist() == list(range(6))
    assert samples.skipped == {"missing image file": 6}


def test_without_credentials_an_error_says_so(tmp_path):
    """In a process of its own, whose environment has none."""
    pytest.importorskip("s3fs")
    script = (
        "from pathlib import Path; from study.data.shards.webdataset import WebDataset as Shards;"
        f"Shards(Shards.Config(shards='s3://bucket/pool'), Path({str(tmp_path)!r})).pool()"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    none = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**kept, **none})
    assert "s3://bucket/pool may not be read" in done.stderr.splitlines()[-1]
    assert "credentials" in done.stderr.splitlines()[-1]
