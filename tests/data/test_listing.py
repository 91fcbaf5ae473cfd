"""Which files the places of a pool stand for: all that are there, or an error that says what is not."""

import os

import fsspec
import pytest

from study.data.shards.datacomp import DataComp
from study.data.shards.listing import located
from study.data.shards.webdataset import WebDataset
from study.errors import AbsentError, DataError, UnansweredError
from tests.data import store


def names(*places):
    return [file.name for file in located([str(place) for place in places])]


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"tar")


@pytest.fixture
def remote():
    """A store with three files in two folders."""
    system = fsspec.filesystem("memory")
    for name in ("x/0", "x/1", "y/0"):
        with system.open(f"/listing/{name}.tar", "wb") as file:
            file.write(b"tar")
    yield "memory://listing"
    system.rm("/listing", recursive=True)


def test_a_place_without_files_is_an_error_beside_others(tmp_path, remote):
    put(tmp_path, "here/0.tar")
    for typo in (tmp_path / "hree", tmp_path / "here" / "1*.tar", "memory://listing/z", "memory://listing/x/2*.tar"):
        with pytest.raises(DataError, match=r"1 of the 2 places of .* have no \.tar file, the first is") as told:
            names(tmp_path / "here", typo)
        assert str(typo) in str(told.value)
        assert not isinstance(told.value, AbsentError)
        with pytest.raises(AbsentError, match=r"no \.tar file at"):
            names(typo)


def test_linked_folders_are_followed_and_rings_end(tmp_path):
    put(tmp_path, "pool/a/0.tar", "elsewhere/1.tar", "elsewhere/deep/2.tar")
    (tmp_path / "pool" / "b").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "deep" / "ring").symlink_to(tmp_path / "pool")
    assert names(tmp_path / "pool") == ["a/0", "b/1", "b/deep/2"]


def test_a_link_that_leads_nowhere_is_a_file_that_cannot_be_read(tmp_path):
    put(tmp_path, "0.tar")
    (tmp_path / "1.tar").symlink_to(tmp_path / "gone.tar")
    assert names(tmp_path) == ["0", "1"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_an_error(tmp_path):
    put(tmp_path, "0.tar", "closed/1.tar")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(DataError, match=r"closed may not be read .*; check who may read it"):
        names(tmp_path)
    (tmp_path / "closed").chmod(0o700)


def test_names_start_at_the_folder_that_is_shared_in_a_store_too(tmp_path, remote):
    assert names(remote) == names(f"{remote}/x", f"{remote}/y") == ["x/0", "x/1", "y/0"]
    assert names(f"{remote}/x") == names(f"{remote}/x/*.tar") == names(f"{remote}/x/{{0..1}}.tar") == ["0", "1"]
    assert names(f"{remote}/*/0.tar") == names(f"{remote}/**/0.tar") == ["x/0", "y/0"]
    put(tmp_path, "0.tar")
    assert names(tmp_path, f"{remote}/x") == ["memory:/listing/x/0", "memory:/listing/x/1", str(tmp_path / "0")[1:]]


def test_a_server_that_lists_its_folders_may_be_asked_for_a_glob(tmp_path):
    put(tmp_path, "0.tar", "1.tar", "notes.txt", "deep/2.tar")
    with store.serving(tmp_path) as server:
        found = located([f"{server.address}/*.tar"])
        assert [(file.name, file.size) for file in found] == [("0", 3), ("1", 3)]
        assert "GMT" in found[0].state  # of the file itself: its change is seen
        assert names(f"{server.address}/**/*.tar") == ["0", "1", "deep/2"]
        with pytest.raises(DataError, match="is no pattern of names"):
            names(f"{server.address}/**.tar")


@pytest.mark.parametrize(
    ("asked", "fails"),
    [("0.tar", ""), ("{0..1}.tar", ""), ("*.tar", ""), ("**/*.tar", ""), ("**/*.tar", "deep"), ("{0..1}.tar", "1.")],
)
def test_a_store_that_fails_is_never_one_without_shards(tmp_path, asked, fails):
    put(tmp_path, "pool/0.tar", "pool/1.tar", "pool/deep/2.tar", "metadata/0.parquet")
    with store.serving(tmp_path / "pool", lambda number, path: 503 if fails in path else 0) as server:
        place = f"{server.address}/{asked}"
        datacomp = DataComp(DataComp.Config(metadata=str(tmp_path / "metadata"), shards=place), tmp_path)
        with pytest.raises(UnansweredError, match="503"):
            datacomp.has_images()
        for asked_for in (WebDataset.declared_pairs, WebDataset.state, WebDataset.has_images):
            with pytest.raises(UnansweredError, match="503"):
                asked_for(WebDataset(WebDataset.Config(shards=place, pairs=10), tmp_path))


def test_metadata_that_a_store_does_not_give_are_not_absent(tmp_path):
    with store.serving(tmp_path, lambda number, path: 503) as server:
        source = DataComp(DataComp.Config(metadata=f"{server.address}/0.parquet", pairs=10), tmp_path)
        with pytest.raises(UnansweredError, match="503"):
            source.declared_pairs()


def test_passwords_are_refused_and_signatures_are_not_shown(tmp_path):
    for place in ("http://me:hunter2@127.0.0.1:9/0.tar?a=hunter2", "s3://me:hunter2@bucket/pool"):
        with pytest.raises(DataError, match=r"an address may hold no password.* FSSPEC_\w+_PASSWORD") as told:
            names(place)
        assert "hunter2" not in str(told.value)
    put(tmp_path, "0.tar")
    with store.serving(tmp_path) as server:
        assert names(f"{server.address}/0.tar?X-Amz-Signature=hunter2") == ["0"]
        with pytest.raises(AbsentError, match=r"1\.tar\?\.\.\.$"):
            names(f"{server.address}/1.tar?X-Amz-Signature=hunter2")
        server.behave = lambda number, path: 503
        with pytest.raises(UnansweredError) as told:
            names(f"{server.address}/0.tar?X-Amz-Signature=hunter2")
        assert "hunter2" not in str(told.value)


def test_two_files_of_one_name_are_refused(tmp_path):
    put(tmp_path, "0.tar")
    with store.serving(tmp_path) as server, pytest.raises(DataError, match="have one name"):
        names(f"{server.address}/0.tar?id=1", f"{server.address}/0.tar?id=2")
