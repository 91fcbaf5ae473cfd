"""The small vocabulary, as open_clip reads it."""

import gzip

import pytest
from open_clip.tokenizer import SimpleTokenizer

from study.data.embedded import parquet_path


@pytest.fixture(scope="module")
def vocabulary():
    return parquet_path().with_name("vocabulary.txt.gz")


@pytest.fixture(scope="module")
def tokenizer(vocabulary, tmp_path_factory):
    return SimpleTokenizer(str(vocabulary), context_length=24)


def test_the_end_token_has_the_highest_id_and_no_id_is_missing(tokenizer):
    assert sorted(tokenizer.encoder.values()) == list(range(tokenizer.vocab_size))
    assert tokenizer.eot_token_id == tokenizer.vocab_size - 1 == 2 * 256 + 1500 + 1


def test_the_file_has_a_header_and_no_date(vocabulary):
    content = vocabulary.read_bytes()
    assert content[4:8] == bytes(4)
    assert gzip.decompress(content).decode().split("\n")[0].startswith("#version")


@pytest.mark.parametrize("text", ["grinning face with smiling eyes", 'japanese "bargain" button', "zürich 東京 3% é"])
def test_text_survives_a_round_trip(tokenizer, text):
    decoded = tokenizer.decode(tokenizer.encode(text))
    assert decoded.replace(" ", "") == text.replace(" ", "")


def test_no_caption_is_cut(tokenizer, embedded):
    longest = max(len(tokenizer.encode(caption)) for caption in embedded.details()["caption"])
    assert longest + 2 <= tokenizer.context_length
