"""Line breaks and quotes in captions of tables."""

import polars as pl
import pytest

from tests.data.test_table import WRITERS, table

HARD = ["two\nlines", "", 'says "hi"', '"all of it"', "tab\tin", "plain, with comma", None]


@pytest.mark.parametrize("kind", WRITERS)
def test_line_breaks_and_quotes_in_captions_are_the_same_pool_in_every_format(tmp_path, kind):
    rows = pl.DataFrame({"image": [f"{number}.png" for number in range(len(HARD))], "caption": HARD})
    path = tmp_path / f"pairs.{kind}"
    WRITERS[kind](rows, path)
    source = table(path)
    assert source.samples(source.pool()["uid"].to_list()).captions == [caption for caption in HARD if caption]
    assert source.left_out() == {"no image or no caption": 2}


@pytest.mark.parametrize(
    "captions",
    [
        ['12" record', "plain"], ['record 12"', "plain"], ['12" a', '7" b'], ['"best" cat', "plain"],
        ['"starts', "plain"], ['"all of it"', 'the "best"'],
    ],
)  # fmt: skip
def test_quotes_that_quote_no_field_of_a_tsv_are_kept(tmp_path, captions):
    path = tmp_path / "pairs.tsv"
    path.write_text("image\tcaption\trest\n" + "".join(f"{at}.png\t{text}\tx\n" for at, text in enumerate(captions)))
    source = table(path)
    assert source.samples(source.pool()["uid"].to_list()).captions == captions
