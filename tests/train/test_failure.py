"""What an error says of the run that it ended."""

import torch

from study.data.skipped import Unreadable
from study.errors import DataError
from study.records import Status
from study.train.failure import End, end_of


def test_a_message_of_ours_is_kept_whole_in_one_line():
    error = DataError("the index file a.parquet cannot be read (out of specification\n\n  in page 3); plan again")
    line = "the index file a.parquet cannot be read (out of specification in page 3); plan again"
    assert end_of(error) == End(Status.BAD_DATA, line)


def test_of_others_the_first_line_tells():
    assert end_of(torch.OutOfMemoryError("CUDA out of memory.\nSee documentation")) == End(
        Status.OUT_OF_MEMORY, "CUDA out of memory."
    )
    assert end_of(MemoryError()) == End(Status.OUT_OF_MEMORY, "MemoryError")
    assert end_of(RuntimeError("a fault of the program")) is None


def test_what_could_not_be_read_is_handed_on():
    assert end_of(Unreadable("too much", {"lost": 3})).skipped == {"lost": 3}
