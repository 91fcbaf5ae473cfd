"""A subset written as shards: exactly its pairs, byte for byte, in an order that only the seed decides."""

import io
import json
import shutil
import tarfile

import numpy as np
import polars as pl
import pytest
from PIL import Image

from study.cli import main
from study.data.place import open_source
from study.data.reshard.order import Order
from study.data.subset import ensure
from study.records import PluginRef
from tests.killed import killed

PAIRS = 60


def png(level):
    file = io.BytesIO()
    Image.new("RGB", (4, 4), (level, 0, 255 - level)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "pool" / "pairs.parquet"
    path.parent.mkdir()
    images = [png(row) for row in range(PAIRS)]
    scores = np.random.default_rng(0).permutation(PAIRS) / PAIRS
    pl.DataFrame({"image": images, "caption": [f"number {row}" for row in range(PAIRS)], "s": scores}).write_parquet(
        path
    )
    return ["table", "--set", f"path={path}", "--set", "score_column=s"]


def source_of(given, results):
    options = dict(word.split("=", 1) for word in given[2::2])
    return open_source(PluginRef(name=given[0], options=options), results)


@pytest.fixture
def reshard(capsys, tmp_path):
    def run(given, out, *more):
        command = ["data", "reshard", *given, "--results", str(tmp_path / "r"), "--out", str(out), "--json", *more]
        assert main(command) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return run


def shards(out):
    settings = ("uid_column=uid", "score_column=score", f"shards={out}")
    return ["webdataset", *(word for setting in settings for word in ("--set", setting))]


def members(path):
    with tarfile.open(path) as tar:
        return tar.getnames()


def files(out):
    return {path.name: path.read_bytes() for path in sorted(out.glob("[0-9]*"))}


HALF = ("--quality", "0.5", "--per-shard", "8")


def test_the_shards_are_a_pool_of_exactly_the_subset(table, reshard, tmp_path):
    told = reshard(table, tmp_path / "out", *HALF)
    before, after = source_of(table, tmp_path / "r"), source_of(shards(tmp_path / "out"), tmp_path / "r")
    wanted = ensure(tmp_path / "r", before, 0.5, 30).uids()
    assert sorted(after.pool()["uid"]) == wanted
    assert after.pool().sort("uid").equals(before.pool().filter(pl.col("uid").is_in(wanted)).sort("uid"))
    assert (told["pairs"], told["shards"], told["fingerprint"]) == (30, 4, after.fingerprint())
    ours, theirs = before.samples(wanted), after.samples(wanted)
    assert ours.captions == theirs.captions
    assert [ours.read(row) for row in range(30)] == [theirs.read(row) for row in range(30)]
    assert sorted(len(members(path)) for path in (tmp_path / "out").glob("*.tar")) == [12, 16, 16, 16]


def test_the_order_is_the_seeds_whoever_writes(table, reshard, tmp_path):
    reshard(table, tmp_path / "one", *HALF)
    reshard(table, tmp_path / "two", *HALF, "--processes", "2")
    reshard(table, tmp_path / "other", *HALF, "--seed", "1")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    orders = [
        [uid for name, content in files(tmp_path / out).items() if name.endswith("parquet") for uid in uids_of(content)]
        for out in ("one", "other")
    ]
    assert sorted(orders[0]) == sorted(orders[1])
    assert sorted(orders[0]) != orders[0] != orders[1]


def uids_of(content):
    return pl.read_parquet(content)["uid"].to_list()


def test_what_was_not_written_is_written_when_it_goes_on(table, reshard, tmp_path, capsys):
    reshard(table, tmp_path / "whole", *HALF)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "00001.parquet").unlink()  # killed between the two files
    (tmp_path / "cut" / "00001.tar").write_bytes(b"of another time")
    (tmp_path / "cut" / "00003.parquet").unlink()
    (tmp_path / "cut" / "00003.tar").unlink()
    there = (tmp_path / "cut" / "00000.tar").stat().st_mtime_ns
    assert reshard(table, tmp_path / "cut", *HALF, "--dry-run")["shards_there"] == 2
    reshard(table, tmp_path / "cut", *HALF)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    assert (tmp_path / "cut" / "00000.tar").stat().st_mtime_ns == there


def test_a_kill_in_any_write_changes_no_byte(table, reshard, tmp_path):
    reshard(table, tmp_path / "whole", *HALF)
    command = ["study", "data", "reshard", *table, "--results", tmp_path / "r", "--out", tmp_path / "cut", *HALF]
    times = 0
    for write in (1, 1, 2, 2, 3):  # each start goes on where the last was killed: the notes, tars and tables in turn
        times += killed(write, *command)
    assert times == 5
    assert 0 < len(list((tmp_path / "cut").glob("*.parquet"))) < 4
    assert not killed(0, *command)
    assert files(tmp_path / "cut") == files(tmp_path / "whole")
    assert not list((tmp_path / "cut").glob(".*.tar.*"))  # nor is what was half written left


def test_shards_of_shards_hold_each_pair_once(table, reshard, tmp_path):
    reshard(table, tmp_path / "first", "--per-shard", "7")
    given = shards(tmp_path / "first")
    reshard(given, tmp_path / "second", "--quality", "0.4", "--per-shard", "5", "--window", "2")
    after = source_of(shards(tmp_path / "second"), tmp_path / "r")
    wanted = ensure(tmp_path / "r", source_of(table, tmp_path / "r"), 0.4, 24).uids()
    assert sorted(after.pool()["uid"]) == wanted
    assert after.left_out() == {}


def test_a_folder_holds_one_subset(table, reshard, tmp_path, capsys):
    reshard(table, tmp_path / "out", *HALF)
    command = ["data", "reshard", *table, "--results", str(tmp_path / "r"), "--out", str(tmp_path / "out")]
    assert main([*command, "--quality", "0.25", "--per-shard", "8"]) == 2
    assert "holds shards of another subset" in capsys.readouterr().err


def test_images_that_cannot_be_read_are_counted_and_many_of_them_end_it(tmp_path, reshard, capsys):
    (tmp_path / "pool").mkdir()
    for row in range(1, 20):
        (tmp_path / "pool" / f"{row}.png").write_bytes(png(row))
    (tmp_path / "pool" / "20.png").touch()
    pl.DataFrame({"image": [f"{row}.png" for row in range(21)], "caption": "a"}).write_csv(tmp_path / "pool" / "p.csv")
    given = ["table", "--set", f"path={tmp_path / 'pool' / 'p.csv'}"]
    told = reshard(given, tmp_path / "out")
    assert (told["pairs"], told["images_that_could_not_be_read"]) == (19, 2)
    after = source_of(shards(tmp_path / "out"), tmp_path / "r")
    assert after.pool().height == 19
    assert after.fingerprint() == told["fingerprint"]
    for row in range(1, 4):
        (tmp_path / "pool" / f"{row}.png").unlink()
    command = ["data", "reshard", *given, "--results", str(tmp_path / "r"), "--out", str(tmp_path / "other")]
    assert main(command) == 2
    assert "5 of 21 images cannot be read (4 missing image file, 1 empty image file)" in capsys.readouterr().err
    assert not list((tmp_path / "other").glob("*.tar"))


@pytest.mark.parametrize("window", [1, 3, 100])
def test_positions_are_a_permutation_however_they_are_cut(window):
    counts = [3, 0, 5, 1, 4, 2]
    order = Order(counts, 7, window)
    whole = list(order.at(0, order.pairs))
    assert sorted(whole) == [(piece, place) for piece, count in enumerate(counts) for place in range(count)]
    assert whole == [pair for first in range(0, 15, 4) for pair in order.at(first, min(first + 4, 15))]
    assert [piece for piece, _ in whole] != sorted(piece for piece, _ in whole)
    assert whole != list(Order(counts, 8, window).at(0, 15))


def test_only_a_window_of_pieces_is_read_at_once():
    order = Order([10] * 12, 0, 3)
    for first in range(0, 120, 30):
        assert len({piece for piece, _ in order.at(first, first + 30)}) == 3
