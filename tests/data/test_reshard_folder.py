"""Where a subset is written: only in a folder that is new or its own, and never among what it is made from."""

import shutil

import polars as pl
import pytest

from study.cli import main
from study.data.embedded import Embedded
from study.data.pixels import MISSING
from study.data.shards.webdataset import WebDataset
from tests.data import store
from tests.data.shards import members, pairs, write_tar
from tests.data.test_reshard import png


@pytest.fixture(scope="module")
def rows():
    return list(pairs(Embedded(Embedded.Config()), 30))


@pytest.fixture
def pool(tmp_path, rows):
    for number in range(3):
        write_tar(tmp_path / "pool" / f"{number:05}.tar", members(rows[10 * number : 10 * number + 10]))
    return tmp_path / "pool"


@pytest.fixture
def reshard(tmp_path, capsys):
    def run(given, out, *more):
        command = ["data", "reshard", "webdataset", "--set", f"shards={given}", "--per-shard", "8"]
        code = main([*command, "--results", str(tmp_path / "r"), "--out", str(out), *more])
        return code, capsys.readouterr().err

    return run


def content(folder):
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_folder_of_something_else_is_left_alone(pool, reshard, tmp_path, rows, more):
    write_tar(tmp_path / "theirs" / "00000.tar", members(rows[:5]))
    before = content(tmp_path / "theirs")
    code, told = reshard(pool, tmp_path / "theirs", *more)
    assert (code, content(tmp_path / "theirs")) == (2, before)
    assert "theirs has files of something else, such as 00000.tar, and no reshard.json" in told


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("given", "out"),
    [
        ("pool", "pool/new"),  # the pool would have its pairs twice
        ("pool/*.tar", "linked/new"),
        ("links", "pool/new"),
        (".", "new"),
        ("*/0*.tar", "new"),
    ],
)
def test_a_folder_that_the_source_reads_is_left_alone(pool, reshard, tmp_path, given, out, more):
    (tmp_path / "linked").symlink_to(pool)
    (tmp_path / "links").mkdir()
    for path in pool.iterdir():
        (tmp_path / "links" / path.name).symlink_to(path)
    if "links" not in given:
        shutil.rmtree(tmp_path / "links")
        (tmp_path / "linked").rename(tmp_path.parent / f"{tmp_path.name}-linked")
        out = out.replace("linked", f"../{tmp_path.name}-linked")
    before = content(pool)
    code, told = reshard(tmp_path / given, tmp_path / out, *more)
    assert code == 2
    assert "where the source's own data lies; name a folder outside" in told
    assert content(pool) == before
    assert not (tmp_path / out).exists()


def test_the_folder_of_the_shards_themselves_is_left_alone(pool, reshard, tmp_path):
    assert reshard(pool, tmp_path / "out")[0] == 0
    before = content(tmp_path / "out")
    code, _ = reshard(tmp_path / "out", tmp_path / "out")
    assert (code, content(tmp_path / "out")) == (2, before)


def test_what_is_there_is_known_by_its_pairs(pool, reshard, tmp_path, rows):
    assert reshard(pool, tmp_path / "out") == (0, "")
    whole = content(tmp_path / "out")
    assert "were not those" not in reshard(pool, tmp_path / "out")[1]
    shutil.copy(tmp_path / "out" / "00002.parquet", tmp_path / "out" / "00000.parquet")
    (tmp_path / "out" / "00001.tar").unlink()
    (tmp_path / "out" / "00003.parquet").write_bytes(b"no parquet")
    code, told = reshard(pool, tmp_path / "out", "--processes", "2")
    assert (code, content(tmp_path / "out")) == (0, whole)
    assert "2 shards in" in told
    assert "were not those of this subset" in told


def test_shards_beside_its_own_end_it(pool, reshard, tmp_path, rows):
    assert reshard(pool, tmp_path / "out")[0] == 0
    write_tar(tmp_path / "out" / "more" / "00009.tar", members(rows[:5]))  # which whoever reads the folder would take
    code, told = reshard(pool, tmp_path / "out")
    assert code == 2
    assert "00009.tar is none of the 4 shards of this subset" in told


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_pool_without_images_is_told_as_such(reshard, tmp_path, capsys, more):
    (tmp_path / "meta").mkdir()
    ids = [f"{row:032x}" for row in range(9)]
    known = {"uid": ids, "text": "a", "clip_l14_similarity_score": 0.5, "original_width": 9, "original_height": 9}
    pl.DataFrame(known).write_parquet(tmp_path / "meta" / "0.parquet")
    where = ["--results", str(tmp_path / "r"), "--out", str(tmp_path / "out")]
    assert main(["data", "reshard", "datacomp", "--set", f"metadata={tmp_path / 'meta'}", *where, *more]) == 2
    assert "the datacomp source has no images here: give shards, such as --set shards=PLACE" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_store_that_does_not_answer_ends_it_and_no_pair_is_left_out(pool, reshard, tmp_path, monkeypatch):
    monkeypatch.setattr("study.data.shards.tries.WAITS", (0.0,))
    with store.serving(pool) as server:
        given = f"{server.address}/{{00000..00002}}.tar"
        source = WebDataset(WebDataset.Config(shards=given), tmp_path / "r")
        assert source.index().pairs == 30
        server.behave = lambda number, words: 503 if words.startswith("GET") else 0
        code, told = reshard(given, tmp_path / "out")
        assert code != 0
        assert "cannot be read" in told
        assert not list((tmp_path / "out").glob("0*"))
        server.behave = lambda number, words: 0
        assert reshard(given, tmp_path / "out")[0] == 0
    tables = pl.concat([pl.read_parquet(path) for path in (tmp_path / "out").glob("*.parquet")])
    assert (tables.height, tables["status"].unique().to_list()) == (30, ["success"])


def test_an_image_that_is_there_again_is_written_after_all(tmp_path, capsys):
    (tmp_path / "pool").mkdir()
    for row in range(1, 20):
        (tmp_path / "pool" / f"{row}.png").write_bytes(png(row))
    pl.DataFrame({"image": [f"{row}.png" for row in range(20)], "caption": "a"}).write_csv(tmp_path / "pool" / "p.csv")
    command = ["data", "reshard", "table", "--set", f"path={tmp_path / 'pool' / 'p.csv'}", "--per-shard", "10"]
    command += ["--max-unreadable", "0.2", "--results", str(tmp_path / "r"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.tar")}
    failed = pl.scan_parquet(tmp_path / "out" / "0*.parquet").filter(status="failed_to_read").collect()
    assert failed["error_message"].to_list() == [MISSING]
    assert main(command) == 0
    assert {path: path.stat().st_mtime_ns for path in times} == times  # still not there: nothing is written anew
    (tmp_path / "pool" / "0.png").write_bytes(png(0))
    assert main(command) == 0
    assert sum(path.stat().st_mtime_ns != time for path, time in times.items()) == 1
    assert pl.read_parquet(tmp_path / "out" / "0*.parquet")["status"].unique().to_list() == ["success"]


def test_a_shard_that_can_be_read_later_is_for_another_folder(pool, reshard, tmp_path, monkeypatch):
    monkeypatch.setattr("study.data.shards.tries.WAITS", (0.0,))
    with store.serving(pool, lambda number, words: 503 if words == "GET /00001.tar" else 0) as server:
        given = (f"{server.address}/{{00000..00002}}.tar", tmp_path / "out", "--set", "max_unreadable=0.5")
        assert reshard(*given)[0] == 0
        before = content(tmp_path / "out")
        server.behave = lambda number, words: 0
        assert reshard(*given, "--processes", "2")[0] == 0
        assert content(tmp_path / "out") == before
        assert reshard(given[0], tmp_path / "new", *given[2:])[0] == 0
        (tmp_path / "out" / "00000.tar").unlink()
        assert reshard(*given)[0] == 0  # of the pool that it was begun with
        assert content(tmp_path / "out") == before
    counts = {out: pl.read_parquet(tmp_path / out / "0*.parquet").height for out in ("out", "new")}
    assert counts == {"out": 20, "new": 30}
