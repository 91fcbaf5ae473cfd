"""How fast loaders make batches of 224 px from shards: this project's, webdataset's, torch's; and the decoder alone.

    python benchmarks/loader.py                                     # as many threads or processes as CPUs
    python benchmarks/loader.py --threads 8 --pairs 20000 --rounds 5

All read the same tars of made JPEGs (512 x 384, 1/f textures, quality 90), shuffle, decode, tokenise captions and give
uint8 images and tokens. Where a way has this project's decoding in the place of its own, that is said: what is left is
the loader's own work. Ways take turns; the first batch, which holds each one's start, is left out, and ratios are
medians over rounds. The last lines are a training step's wait for data when computing takes as long as loading alone:
what is left of it is what was not made ahead.
"""

from __future__ import annotations

import argparse
import io
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
import webdataset
from decoding import jpeg, made
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

from study.data.decoding import decode
from study.data.shards.address import read_range
from study.data.shards.webdataset import WebDataset
from study.data.streaming import ShardStream, Share, shards_of
from study.data.subset import ensure

SIZE, LENGTH, BATCH, SHARD, DISTINCT = 224, 77, 64, 256, 64
Pair = tuple[torch.Tensor, torch.Tensor]


def write(folder: Path, pairs: int) -> None:
    """Shards of pairs; pictures are taken in turn, captions are not."""
    pictures = [jpeg(made(512, 384, seed), 90) for seed in range(DISTINCT)]
    for first in range(0, pairs, SHARD):
        with tarfile.open(folder / f"{first // SHARD:05}.tar", "w") as tar:
            for number in range(first, min(first + SHARD, pairs)):
                caption = f"a picture of texture number {number} in some colours, as seen from far away"
                for kind, content in (("jpg", pictures[number % DISTINCT]), ("txt", caption.encode())):
                    member = tarfile.TarInfo(f"{number:09}.{kind}")
                    member.size = len(content)
                    tar.addfile(member, io.BytesIO(content))


class Tokens:
    """Captions to tokens, in any process."""

    def __init__(self) -> None:
        self.tokenizer = SimpleTokenizer()

    def __call__(self, caption: str) -> torch.Tensor:
        """The ids of one caption."""
        found: torch.Tensor = self.tokenizer([caption], LENGTH)[0]
        return found


def ours(content: bytes) -> torch.Tensor:
    """This project's decoding."""
    return torch.from_numpy(decode(content, SIZE))


def pillow(content: bytes) -> torch.Tensor:
    """Pillow and torchvision."""
    with Image.open(io.BytesIO(content)) as image:
        return pil_to_tensor(center_crop(resize(image.convert("RGB"), [SIZE], 3), [SIZE])).permute(1, 2, 0)


class ByRange(Dataset[Pair]):
    """Any pair of the shards, by its range of bytes."""

    def __init__(self, source: WebDataset) -> None:
        shards = [(shard.address, shard.members()) for shard in shards_of(source.index())]
        self.rows = [(a, *row) for a, m in shards for row in m.select("offset", "size", "caption").iter_rows()]
        self.tokens = Tokens()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Pair:
        address, offset, size, caption = self.rows[number]
        return ours(read_range(address, offset, size)), self.tokens(caption)


def by_torch(source: WebDataset, threads: int) -> Iterator[Pair]:
    """Torch's DataLoader on ranges."""
    yield from DataLoader(ByRange(source), BATCH, shuffle=True, num_workers=threads, drop_last=True)


def by_webdataset(folder: Path, threads: int, decoder: Callable[[bytes], torch.Tensor]) -> Iterator[Pair]:
    """Webdataset's pipeline: shards shuffled, a buffer of 1,000 pairs, as open_clip has it."""
    urls, tokens = sorted(map(str, folder.glob("*.tar"))), Tokens()
    pairs = (
        webdataset.WebDataset(urls, shardshuffle=len(urls), nodesplitter=webdataset.split_by_node, seed=0)
        .shuffle(1000)
        .to_tuple("jpg", "txt")
        .map_tuple(decoder, lambda caption: tokens(caption.decode()))
        .batched(BATCH, partial=False)
    )
    yield from webdataset.WebLoader(pairs, batch_size=None, num_workers=threads)


def opened(source: WebDataset, results: Path, threads: int) -> ShardStream:
    """This project's loader."""
    index = source.index()
    subset = ensure(results, source, 1.0, index.pairs)
    share, tokenizer = Share(BATCH), SimpleTokenizer()
    return ShardStream(shards_of(index), subset, tokenizer, 0, SIZE, LENGTH, share, threads)


def by_stream(source: WebDataset, results: Path, threads: int) -> Iterator[Pair]:
    """A pass of it."""
    stream = opened(source, results, threads)
    for first in range(0, len(stream) - BATCH + 1, BATCH):
        yield stream.batch(first, BATCH)[:2]
    stream.workers.close()


def alone(source: WebDataset, threads: int) -> Iterator[np.ndarray]:
    """The decoder on bytes in memory, a batch at a time; nothing else."""
    contents = [read_range(address, offset, size) for address, offset, size, _ in ByRange(source).rows]
    with ThreadPoolExecutor(threads) as pool:
        decoded = pool.map(lambda content: decode(content, SIZE), contents)
        while len(batch := [image for _, image in zip(range(BATCH), decoded, strict=False)]) == BATCH:
            yield np.stack(batch)


def speed(batches: Iterator[object]) -> float:
    """Images a second after the first batch."""
    next(batches)
    start, count = time.perf_counter(), 0
    for _ in batches:
        count += BATCH
    return count / (time.perf_counter() - start)


def wait(stream: ShardStream, compute_seconds: float) -> float:
    """The share of its time that training waits, when a step's computing takes so long (on a device: it sleeps)."""
    waited, began = 0.0, time.perf_counter()
    for first in range(0, len(stream) - BATCH + 1, BATCH):
        start = time.perf_counter()
        stream.batch(first, BATCH)
        waited += time.perf_counter() - start
        began = time.perf_counter() if first == 0 else began
        waited = 0.0 if first == 0 else waited
        time.sleep(compute_seconds)
    return waited / (time.perf_counter() - began)


def main() -> None:
    """Write shards, let all read them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        write(Path(folder), args.pairs)
        results, threads = Path(folder) / "results", args.threads
        source = WebDataset(WebDataset.Config(shards=folder), results)
        ways: dict[str, Callable[[], Iterator[object]]] = {
            "the decoder alone, threads": lambda: alone(source, threads),
            "this project's loader, threads": lambda: by_stream(source, results, threads),
            "webdataset, processes": lambda: by_webdataset(Path(folder), threads, pillow),
            "webdataset with this project's decoding": lambda: by_webdataset(Path(folder), threads, ours),
            "torch's DataLoader with this project's decoding": lambda: by_torch(source, threads),
        }
        found = [{name: speed(way()) for name, way in ways.items()} for _ in range(args.rounds)]
        print(f"{threads} threads or processes, {args.pairs} pairs, batches of {BATCH}, {args.rounds} rounds")
        for name in ways:
            ratio = median(turn[name] / turn["the decoder alone, threads"] for turn in found)
            print(f"  {name:<50} {median(turn[name] for turn in found):7.0f} images/s   {ratio:5.2f} of the decoder's")
        each = BATCH / median(turn["this project's loader, threads"] for turn in found)
        for factor in (1.0, 1.25, 2.0):
            share = wait(opened(source, results, threads), factor * each)
            print(f"  waiting where a step computes for {factor:g} times a batch's loading: {100 * share:.1f} %")


if __name__ == "__main__":
    main()
