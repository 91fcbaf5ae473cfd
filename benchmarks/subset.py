"""Seconds and memory to choose the best 30 % by score of a pool's metadata, several ways.

    python benchmarks/subset.py                                        # 1M and 12.8M rows: ten minutes
    python benchmarks/subset.py --rows 100M --ways ours random         # 4 GB of disk, removed at the end

Metadata as DataComp publishes it is made up: parquet files of a million rows with ``uid``, ``text`` and
``clip_l14_similarity_score``. ``published`` is subset_published.py: what DataComp's functions do; ``--python`` has it
run by another interpreter as well, such as one with versions near those that DataComp's environment.yml pins:

    python3 -m venv pinned && pinned/bin/pip install numpy==1.23.5 pandas==1.5.3 pyarrow==10.0.1
    python benchmarks/subset.py --python pinned/bin/python

``polars`` asks its streaming engine for the same, ``random`` is ours with half of the chosen at random. ``command`` is
all that ``study data subset datacomp --quality 0.3 --out`` does when it meets a pool: captions and ids are checked, an
index is written, repeats are looked for and a fingerprint is made, which none of the others does; ``again`` is the
same command once the pool was met. Each is a process of its own, by turns; CPU time is that of it and the processes it
starts, memory the most of any one, and of all together as seen every 50 ms, where each of several that share a page has
its part of it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import polars as pl

from study.data.ids import parsed
from study.data.index import HALVES, Index, Piece, halves
from study.data.subset import choose
from study.hardware.machine import cpu_threads

SCORE, SHARE, FILE_ROWS, GROUP = "clip_l14_similarity_score", 0.3, 1_000_000, 1 << 18
IDS, PINNED = np.dtype("u8,u8"), "pinned"


@dataclass(frozen=True)
class File(Piece):
    """A file of metadata, whose ids become numbers all at once."""

    path: Path

    @property
    def name(self) -> str:
        """The file's."""
        return self.path.name

    @cached_property
    def pairs(self) -> int:
        """As the end of the file says."""
        return int(pl.scan_parquet(self.path).select(pl.len()).collect().item())

    def read(self) -> pl.DataFrame:
        """Two columns."""
        return halves(pl.read_parquet(self.path, columns=["uid"])["uid"]).with_columns(score=self.scores())

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Text of these rows, a group of rows of the file at a time."""
        return np.concatenate([self._ids(start, rows[start : start + GROUP]) for start in range(0, self.pairs, GROUP)])

    def _ids(self, start: int, rows: np.ndarray) -> np.ndarray:
        uids = pl.scan_parquet(self.path).select("uid").slice(start, GROUP).collect()["uid"].filter(rows)
        return parsed(uids)

    def scores(self) -> pl.Series:
        """One column."""
        return pl.read_parquet(self.path, columns=[SCORE])[SCORE]


def ours(folder: Path, out: str, pairs: int | None = None) -> None:
    """The project's way."""
    choose(Index([File(path) for path in sorted(folder.glob("*.parquet"))]), SHARE, pairs, Path(out))


def random(folder: Path, out: str) -> None:
    """The project's way, and then half of the chosen at random."""
    rows = pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item()
    ours(folder, out, round(SHARE * rows) // 2)


def polars(folder: Path, out: str) -> None:
    """Two streaming queries; the ids sorted by numpy."""
    scan = pl.scan_parquet(folder / "*.parquet")
    rows = scan.select(pl.len()).collect().item()
    threshold = scan.select(pl.col(SCORE).top_k(round(SHARE * rows)).min()).collect(engine="streaming").item()
    parts = (pl.col("uid").str.slice(start, 16).str.to_integer(base=16, dtype=pl.UInt64) for start in (0, 16))
    named = [part.alias(name) for part, name in zip(parts, HALVES, strict=True)]
    found = scan.filter(pl.col(SCORE) >= threshold).select(named).collect(engine="streaming").sort(*HALVES)
    ids = np.empty(found.height, IDS)
    ids["f0"], ids["f1"] = (found[name].to_numpy() for name in HALVES)
    np.save(out, ids)


WAYS: dict[str, Callable[[Path, str], None]] = {
    "ours": ours,
    "polars": polars,
    "random": random,
}
COMMAND, AGAIN = "command", "again"  # the second goes on with what the first has left
ALL = ["ours", "published", PINNED, "polars", "random", COMMAND, AGAIN]


def command(way: str, folder: Path, out: Path, python: str | None) -> list[str]:
    """What runs a way."""
    if way in WAYS:
        return [sys.executable, __file__, "--run", way, str(folder), str(out)]
    if way in (COMMAND, AGAIN):
        given = ["--set", f"metadata={folder}/*.parquet", "--results", str(results_of(folder))]
        choice = ["--quality", str(SHARE), "--out", str(out), "--json"]
        return [sys.executable, "-m", "study", "data", "subset", "datacomp", *given, *choice]
    script = str(Path(__file__).with_name("subset_published.py"))
    interpreter = python if way == PINNED and python else sys.executable
    return [interpreter, script, str(folder), str(out), SCORE, str(SHARE), str(cpu_threads())]


def results_of(folder: Path) -> Path:
    """Where the command keeps what it finds out, which is removed before it runs again."""
    return folder / "results"


class Cost(NamedTuple):
    """Of one way, once."""

    wall_s: float
    cpu_s: float
    largest_mb: float
    together_mb: float


def measured(command: list[str]) -> Cost:
    """Run one way in a process of its own."""
    begun, most = time.perf_counter(), 0
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while True:
        pid, status, used = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        most = max(most, _resident(child.pid))
        time.sleep(0.05)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    wall = time.perf_counter() - begun
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3, most / 1e6)


def _resident(pid: int) -> int:
    """Bytes in memory of a process and those that it started; of pages that several share, each has its part."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        here = 1024 * int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        threads = [thread.name for thread in Path(f"/proc/{pid}/task").iterdir() if thread.name != str(pid)]
        for thread in threads:
            children += Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
    except OSError:
        return 0
    return here + sum(_resident(int(child)) for child in children)


def make(folder: Path, rows: str) -> None:
    """Files of metadata."""
    for number, start in enumerate(range(0, int(rows), FILE_ROWS)):
        here, rng = min(FILE_ROWS, int(rows) - start), np.random.default_rng(number)
        uids = np.frombuffer(rng.bytes(16 * here).hex().encode(), "S32").tolist()
        scores = rng.normal(0.2, 0.06, here).astype(np.float32)
        text = pl.select(pl.format("a photo of thing {} on a table", pl.int_range(start, start + here))).to_series()
        uid = pl.Series(uids, dtype=pl.Binary).cast(pl.String)
        table = pl.DataFrame({"uid": uid, "text": text, SCORE: scores})
        table.write_parquet(folder / f"{number:08}.parquet", compression="snappy", row_group_size=GROUP)


def compare(rows: int, ways: list[str], repeats: int, place: Path | None, python: str | None) -> None:
    """Print a line a way: medians, and how many times ours they are."""
    with TemporaryDirectory(dir=place) as name:
        folder, costs = Path(name), {way: [] for way in ways}
        subprocess.run([sys.executable, __file__, "--run", "make", name, str(rows)], check=True)
        print(f"{rows:,} rows, the best {SHARE:.0%}, {cpu_threads()} CPUs")
        for _ in range(repeats):
            for way in ways:
                rmtree(results_of(folder) / "subsets" if way == AGAIN else results_of(folder), ignore_errors=True)
                costs[way].append(measured(command(way, folder, folder / f"{way}.npy", python)))
        _print(costs)
        _check(folder, rows, ways)


def _print(costs: dict[str, list[Cost]]) -> None:
    middle = {way: Cost(*(median(values) for values in zip(*runs, strict=True))) for way, runs in costs.items()}
    first = middle.get("ours")
    for way, cost in middle.items():
        line = f"  {way:10} wall {cost.wall_s:7.2f} s  CPU {cost.cpu_s:7.2f} s"
        line += f"  memory {cost.largest_mb:5.0f} MB the largest process, {cost.together_mb:5.0f} MB all"
        if first and way != "ours":
            line += f"  ({cost.wall_s / first.wall_s:.1f} x wall, {cost.cpu_s / first.cpu_s:.1f} x CPU of ours)"
        print(line, flush=True)


def _check(folder: Path, rows: int, ways: list[str]) -> None:
    """All ways but for ties and the one row more of the published threshold."""
    found = {way: np.load(folder / f"{way}.npy", mmap_mode="r") for way in ways}
    if "ours" not in found:
        return
    assert len(found["ours"]) == round(SHARE * rows)
    assert all(np.array_equal(found["ours"], found[way]) for way in {COMMAND, AGAIN} & set(ways))
    for way in {"published", PINNED, "polars"} & set(ways):
        apart = len(found[way]) - len(found["ours"])
        same = np.isin(found["ours"]["f0"], found[way]["f0"]).sum()
        print(f"  {way}: {apart} rows more than asked for; {same:,} of ours are in it")


def main() -> None:
    """Compare, or run one way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=["1M", "12.8M"], help="sizes of pools (default 1M 12.8M)")
    parser.add_argument("--ways", nargs="+", default=ALL, choices=ALL, help="which (default all)")
    parser.add_argument("--python", help="interpreter of the way pinned, which is left out without it")
    parser.add_argument("--repeats", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--folder", type=Path, help="where the files are made for a while")
    parser.add_argument("--run", nargs=3, metavar=("WAY", "FOLDER", "OUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        way, folder, out = args.run
        here = import_module(Path(__file__).stem)  # by its name, under which workers find ``File``: not __main__
        {**here.WAYS, "make": make}[way](Path(folder), out)
        return
    from study.config.fields import whole

    for rows in args.rows:
        ways = [way for way in ALL if way in args.ways and (way != PINNED or args.python)]
        if AGAIN in ways and COMMAND not in ways:
            parser.error(f"{AGAIN} needs {COMMAND} before it")
        compare(int(whole(rows)), ways, args.repeats, args.folder, args.python)


if __name__ == "__main__":
    main()
