"""The best share by score as DataComp's own functions are described to choose it; by benchmarks/subset.py.

    python benchmarks/subset_published.py FOLDER OUT.npy SCORE_COLUMN SHARE PROCESSES

Written from what https://github.com/mlfoundations/datacomp says of ``baselines.py --name clip_score`` (README and
baselines/apply_filter.py): load the whole column, sort it, take the score at the share as the threshold, read every
file again for the rows that reach it, each id through Python, sort all, save. It needs numpy, pandas and pyarrow alone,
so that the versions which that repository pins can run it.
"""

from __future__ import annotations

import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pandas


def reaching(path: Path, column: str, threshold: float) -> np.ndarray:
    """The halves of the ids of a file's rows with at least this score."""
    rows = pandas.read_parquet(path, columns=["uid", column])
    uids = rows[rows[column] >= threshold]["uid"].values
    return np.array([(int(uid[:16], 16), int(uid[16:], 16)) for uid in uids], np.dtype("u8,u8"))


def main(folder: str, out: str, column: str, share: str, processes: str) -> None:
    """Choose and save."""
    paths = sorted(Path(folder).glob("*.parquet"))
    with Pool(int(processes)) as pool:
        tables = list(pool.imap_unordered(partial(pandas.read_parquet, columns=[column]), paths))
    scores = pandas.concat(tables)[column].to_numpy()
    threshold = -np.sort(-scores)[int(float(share) * len(scores))]
    with Pool(int(processes)) as pool:
        ids = np.concatenate(list(pool.imap_unordered(partial(reaching, column=column, threshold=threshold), paths)))
    ids.sort()
    np.save(out, ids)


if __name__ == "__main__":
    main(*sys.argv[1:])
