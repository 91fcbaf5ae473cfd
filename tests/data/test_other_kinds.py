"""Files that are given as shards and are something else, or nothing."""

import gzip
import io
import tarfile

import pytest

from study.data.shards.webdataset import WebDataset
from study.errors import DataError
from tests.data import shards
from tests.data.store import serving

EMPTY_TAR = bytes(10240)
KINDS = {
    "gzip; unpack it first, as with gunzip": gzip.compress(EMPTY_TAR),
    "zip file": b"PK\x03\x04" + bytes(600),
    "parquet file; for images in one the source is table": b"PAR1" + bytes(600),
    "is empty": b"",
    "is no tar file": b"anything else" * 100,
}


def opened(place, results, **options):
    return WebDataset(WebDataset.Config(shards=str(place), **options), results)


@pytest.mark.parametrize("words", KINDS)
def test_what_is_no_tar_is_told_as_what_it_is(tmp_path, words):
    (tmp_path / "0.tar").write_bytes(KINDS[words])
    with pytest.raises(DataError, match=rf"1 of 1 shards cannot be read, .*0\.tar: .*{words}"):
        opened(tmp_path / "0.tar", tmp_path / "results").index()


def test_empty_files_and_links_to_nowhere_are_counted(tmp_path, embedded):
    shards.write_tar(tmp_path / "0.tar", shards.members(shards.pairs(embedded, 3)))
    (tmp_path / "1.tar").write_bytes(b"")
    (tmp_path / "2.tar").symlink_to(tmp_path / "gone")
    (tmp_path / "3.tar").write_bytes(EMPTY_TAR)
    source = opened(tmp_path, tmp_path / "results", max_unreadable=0.5)
    assert source.index().pairs == 3
    assert source.left_out() == {"unreadable shard": 2}


def test_a_folder_of_compressed_shards_says_so(tmp_path):
    (tmp_path / "0.tar.gz").write_bytes(gzip.compress(EMPTY_TAR))
    with pytest.raises(DataError, match=r"no \.tar file at .*; unpack the \.tar\.gz files there, as with gunzip"):
        opened(tmp_path, tmp_path / "results").index()
    with pytest.raises(DataError, match=r"no \.tar file at .*/absent$"):
        opened(tmp_path / "absent", tmp_path / "results").index()


def test_a_tar_whose_first_name_looks_like_something_else_is_a_tar(tmp_path, embedded):
    (row,) = shards.pairs(embedded, 1)
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        for ending, content in (("txt", row["caption"].encode()), (row["kind"], row["image"])):
            member = tarfile.TarInfo(f"<PAR1.{ending}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    assert opened(tmp_path, tmp_path / "results").index().pairs == 1


@pytest.mark.parametrize("place", ["/pool/", "/pool"])
def test_a_folder_on_a_web_server_is_told_to_be_a_range(tmp_path, place):
    (tmp_path / "pool").mkdir()
    with serving(tmp_path) as server, pytest.raises(DataError, match="web servers list no folders: give a range"):
        opened(server.address + place, tmp_path / "results").index()
