"""Nothing that a shard or a table holds crashes the program, hangs it or fills the memory."""

import json
import signal
import subprocess
import sys
from collections import Counter

import pytest

from study.data.shards.scan import CUT, DAMAGED
from tests.data.fuzz import AT

CASES = 1000
SOME = 150
GROWN = 600  # MiB: an image of 256 MiB is refused, one of 50 million pixels is decoded
# Polars believes some lengths in a parquet file's pages; the system refuses such memory, which ends the process.
BEYOND_US, MOST_BEYOND = "polars_parquet", 0.005


def run(folder, first, end, patience):
    """In processes of their own, so that a crash or a hang of any kind is a failure of this test and no more."""
    ends, reasons, beyond, count = Counter(), Counter(), 0, end - first
    while first < end:
        command = [sys.executable, "-W", "error", "-m", "tests.data.fuzz", str(folder), str(first), str(end - first)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience)
        if done.returncode == -signal.SIGABRT and BEYOND_US in done.stderr:
            beyond, first = beyond + 1, int((folder / AT).read_text()) + 1
            continue
        assert done.returncode == 0, done.stderr[-6000:]
        told = json.loads(done.stdout.splitlines()[-1])
        assert sum(told["ends"].values()) == end - first
        assert told["grown_mib"] < GROWN
        ends.update(told["ends"])
        reasons.update(told["reasons"])
        first = end
    assert beyond <= MOST_BEYOND * count
    return ends, reasons


def test_broken_shards_and_tables_are_refused_or_counted(tmp_path):
    ends, reasons = run(tmp_path / "cases", 0, SOME, patience=900)
    for source in ("table", "webdataset", "datacomp"):  # the cases are neither hopeless nor harmless
        assert ends[f"{source} refused"] > 3
        assert ends[f"{source} whole"] + ends[f"{source} with things left out"] > 3
    assert {CUT, DAMAGED, "no caption", "caption that is not UTF-8", "unreadable image"} <= set(reasons)


@pytest.mark.slow
def test_a_thousand_of_them(tmp_path):
    run(tmp_path / "cases", 0, CASES, patience=3600)
