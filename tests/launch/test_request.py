"""Resources by their common names."""

import pytest

from study.errors import SubmitError, UnknownNameError
from study.launch import Resources


def test_threads_and_cpus_are_one_thing_and_none_is_left_out():
    assert Resources.of({"threads": 4, "mem_mb": None}) == Resources(cpus=4)


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown resource 'slurm_partiton'; did you mean slurm_partition"):
        Resources.of({"slurm_partiton": "gpu"})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"gpus": 3, "nodes": 2}, "gpus 3 cannot be shared equally by 2 nodes"),
        ({"tasks": 3, "nodes": 2}, "tasks 3 cannot be shared equally by 2 nodes"),
        ({"gpus": 3, "gpus_per_task": 1, "tasks": 2}, "gpus 3 is not 2 tasks of gpus_per_task 1"),
        ({"mem_mb": 0}, "resource mem_mb: Input should be greater than or equal to 1, got 0"),
        ({"runtime": "long"}, "resource runtime: Input should be a valid integer"),
        ({"qos": " "}, "resource qos: must be a text of one line, not empty, got ' '"),
        ({"extra": "reservation=x"}, "'reservation=x' is not of the form --name=value"),
    ],
)
def test_what_cannot_be_is_refused(told, words):
    with pytest.raises(SubmitError) as error:
        Resources.of(told)
    assert words in str(error.value)


def test_other_options_are_text_or_a_mapping():
    text = Resources.of({"extra": "--reservation='my own' --exclusive"})
    assert text == Resources.of({"extra": {"reservation": "my own", "exclusive": ""}})


@pytest.mark.parametrize(
    ("told", "gpus"),
    [
        ({}, 0),
        ({"gpus": 4, "nodes": 2}, 4),
        ({"gpus_per_task": 2, "tasks": 3}, 6),
        ({"gpus_per_task": 1, "nodes": 2}, 2),
    ],
)
def test_all_gpus_of_a_job(told, gpus):
    assert Resources.of(told).all_gpus == gpus
