"""Tokens of captions, kept beside the pixels."""

import pytest
import torch

from study.data.tokens import tokens
from study.errors import StorageError
from study.models import resolve, tokenizer
from study.records import PluginRef

CAPTIONS = ["a red heart", "two keys", "a red heart"]


@pytest.fixture(scope="module")
def words():
    return tokenizer(resolve(PluginRef(name="vit_pico")))


def test_kept_tokens_are_those_that_are_made(words, tmp_path):
    made = tokens(CAPTIONS, words, 8, None)
    assert (made.dtype, made.shape) == (torch.int32, (3, 8))
    assert torch.equal(made, words(CAPTIONS, 8).int())
    for _ in range(2):
        assert torch.equal(tokens(CAPTIONS, words, 8, tmp_path), made)
    assert len(list(tmp_path.glob("*.npy"))) == 1


def test_a_file_is_of_these_captions_this_vocabulary_and_this_length(words, tmp_path):
    clip = tokenizer(resolve(PluginRef(name="ViT-B-32")))
    others = ["two keys", "a red heart", "a blue heart"]
    for captions, vocabulary, length in [
        (CAPTIONS, words, 8),
        (others, words, 8),
        (CAPTIONS, clip, 8),
        (CAPTIONS, words, 9),
    ]:
        found = tokens(captions, vocabulary, length, tmp_path)
        assert torch.equal(found, vocabulary(captions, length).int())
    assert len(list(tmp_path.glob("*.npy"))) == 4


def test_a_damaged_file_is_told_of(words, tmp_path):
    tokens(CAPTIONS, words, 8, tmp_path)
    next(tmp_path.glob("*.npy")).write_bytes(b"")
    with pytest.raises(StorageError, match=r"-tokens-8\.npy cannot be read .*; remove it and run again"):
        tokens(CAPTIONS, words, 8, tmp_path)
