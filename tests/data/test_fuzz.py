"""Nothing that a shard or a table holds crashes the program, hangs it or fills the memory."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from study.data.shards.scan import CUT, DAMAGED
from tests.data.fuzz import ENDED

CASES = 1000
SOME = 150
GROWN = 600  # MiB: an image of 256 MiB is refused, one of 50 million pixels is decoded


def run(folder, count, patience):
    """In a process of its own, so that a crash or a hang of any kind is a failure of this test and no more."""
    command = [sys.executable, "-W", "error", "-m", "tests.data.fuzz", str(folder), "0", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience)
    assert done.returncode == 0, done.stderr[-6000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert sum(told["ends"].values()) == count
    assert told["grown_mib"] < GROWN
    return Counter(told["ends"]), told["reasons"]


def test_broken_shards_and_tables_are_refused_or_counted(tmp_path):
    ends, reasons = run(tmp_path / "cases", SOME, patience=900)
    for source in ("table", "webdataset", "datacomp"):  # the cases are neither hopeless nor harmless
        assert ends[f"{source} refused"] > 3
        assert ends[f"{source} whole"] + ends[f"{source} with things left out"] > 3
    assert {CUT, DAMAGED, "no caption", "caption that is not UTF-8", "unreadable image", ENDED} <= {*reasons}


@pytest.mark.slow
def test_a_thousand_of_them(tmp_path):
    run(tmp_path / "cases", CASES, patience=3600)
