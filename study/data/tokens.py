"""Captions as tokens, made once for all runs of a study on the same pairs."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from study.errors import StorageError
from study.io import lock, write_whole

_LIBRARIES = ("open_clip_torch", "ftfy")  # which mend captions and cut them


def tokens(captions: Sequence[str], tokenizer: SimpleTokenizer, length: int, cache: Path | None) -> Tensor:
    """Token ids, int32 (n, length), from and to a file in ``cache``, if given.

    The file is named by the captions, the vocabulary and the libraries' versions. Raises StorageError when it cannot be
    written or read.
    """
    if cache is None:
        return _made(captions, tokenizer, length)
    path = cache / f"{_name(captions, tokenizer)}-tokens-{length}.npy"
    with lock(cache / f".{path.name}.lock", wait=True):
        if not path.exists():
            made = _made(captions, tokenizer, length).numpy()
            write_whole(path, lambda file: np.save(file, made))
    try:
        return torch.from_numpy(np.load(path))
    except (OSError, ValueError, EOFError) as error:
        raise StorageError(f"{path} cannot be read ({error}); remove it and run again") from error


def _made(captions: Sequence[str], tokenizer: SimpleTokenizer, length: int) -> Tensor:
    made: Tensor = tokenizer(captions, length)
    return made.to(torch.int32)


def _name(captions: Sequence[str], tokenizer: SimpleTokenizer) -> str:
    what = blake2b(" ".join(map(version, _LIBRARIES)).encode(), digest_size=10)
    for text in (*tokenizer.encoder, *captions):
        what.update(f"\0{len(text)} {text}".encode())
    return what.hexdigest()
