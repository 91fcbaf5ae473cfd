"""A small byte-pair vocabulary in the form that open_clip's SimpleTokenizer reads.

Written out because the trainer of the tokenizers package breaks ties by the order of a hash map: two runs over the
same captions gave two vocabularies.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from open_clip.tokenizer import SimpleTokenizer

MERGES = 1500
Word = tuple[str, ...]


def train(captions: Iterable[str]) -> bytes:
    """A gzipped merges file: a header, then one merge a line, the most frequent first."""
    words = _words(captions)
    merges: list[str] = []
    known: set[str] = set()
    while len(merges) < MERGES:
        counts = Counter[tuple[str, str]]()
        for word, count in words.items():
            for pair in pairwise(word):
                counts[pair] += count
        # A second way to a token would give it two ids, and the reader counts on one.
        left, right = max(
            (pair for pair in counts if "".join(pair) not in known), key=lambda pair: (counts[pair], pair)
        )
        known.add(left + right)
        merges.append(f"{left} {right}")
        words = Counter({_merge(word, left, right): count for word, count in words.items()})
    # No newline at the end: the reader would take an empty line for a merge.
    return gzip.compress("\n".join(["#version: embedded 1", *merges]).encode(), compresslevel=9, mtime=0)


def _words(captions: Iterable[str]) -> Counter[Word]:
    """Words as the reader cuts them, each a tuple of letters with the word's end marked, and their counts."""
    reader = SimpleTokenizer()
    words: Counter[Word] = Counter()
    for caption in captions:
        for text in reader.pat.findall(reader.clean_fn(caption)):
            letters = [reader.byte_encoder[byte] for byte in text.encode()]
            words[(*letters[:-1], letters[-1] + "</w>")] += 1
    return words


def _merge(word: Word, left: str, right: str) -> Word:
    merged: list[str] = []
    for letter in word:
        if merged and merged[-1] == left and letter == right:
            merged[-1] = left + right
        else:
            merged.append(letter)
    return tuple(merged)
