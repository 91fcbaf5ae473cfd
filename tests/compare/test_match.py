"""Which settings of two studies are the same."""

import pytest

from study.compare import compare
from study.errors import CompareError, UnknownNameError


@pytest.fixture
def matched(results, write):
    """A function that compares two studies of these runs: the pairs' settings, and the unmatched with the reason."""

    def make(ours, theirs, ignored=()):
        write("old", ours)
        write("new", theirs)
        found = compare(results, "old", "new", ignored=ignored)
        pairs = found.setting_costs.select("setting_a", "setting_b").rows()
        return sorted(pairs), sorted(found.unmatched.select("study", "setting", "why").rows()), found

    return make


def renamed(rows, setting):
    return [{**row, "setting": setting, "run_id": f"{setting}-{row['seed']}"} for row in rows]


def test_columns_match_where_a_hash_changed_and_say_so(matched, runs):
    ours = runs([0.1, 0.2], arch="vit_nano")
    pairs, unmatched, found = matched(ours, renamed(ours, "with-a-newer-version"))
    assert (pairs, unmatched) == ([("vit_nano", "with-a-newer-version")], [])
    assert found.settings["same_identity"].to_list() == [False]


def test_what_only_one_has_is_listed(matched, runs):
    shared = runs([0.1], arch="vit_nano")
    pairs, unmatched, _ = matched(
        [*shared, *runs([0.2], arch="resnet_nano")], [*shared, *runs([0.3, 0.4], arch="vit_pico")]
    )
    assert pairs == [("vit_nano", "vit_nano")]
    assert unmatched == [("A", "resnet_nano", "only A has it"), ("B", "vit_pico", "only B has it")]


def test_a_column_that_one_does_not_state_fits_all(matched, runs):
    pairs, _, found = matched(runs([0.1], lr=0.001), runs([0.1], lr=None))
    assert pairs == [("0.001", "None")]
    assert "lr" not in found.matched_by


def test_what_fits_several_equally_well_is_paired_with_none(matched, runs):
    rates = [row for lr in (0.001, 0.002) for row in runs([0.1], lr=lr)]
    common = runs([0.3], arch="vit_pico")
    pairs, unmatched, _ = matched([*rates, *common], [*runs([0.1], lr=None), *common])
    assert pairs == [("vit_pico", "vit_pico")]
    assert unmatched == [
        ("A", "0.001", "others here fit the same setting of the other study as well"),
        ("A", "0.002", "others here fit the same setting of the other study as well"),
        ("B", "None", "fits 2 settings of the other study equally well"),
    ]


def test_no_other_settings_are_not_any_others(matched, runs):
    with pytest.raises(CompareError, match=r"other_settings: none against warmup=0\.2"):
        matched(runs([0.1], other_settings=None), runs([0.1], other_settings="warmup=0.2"))


def test_a_rate_that_trials_chose_is_a_result(matched, runs):
    ours = renamed(runs([0.1], lr=0.001, tuned="lr 0.001 of 3 tried"), "a")
    theirs = renamed(runs([0.1], lr=0.002, tuned="lr 0.002, the greatest of 3 tried"), "b")
    assert matched(ours, theirs)[0] == [("a", "b")]
    with pytest.raises(CompareError, match=r"lr: chosen against 0\.002"):
        matched(ours, renamed(runs([0.1], lr=0.002), "b"))


def test_trials_are_no_settings(matched, runs):
    ours = [*runs([0.1], arch="vit_nano"), *runs([0.9], arch="trial", purpose="tuning")]
    assert matched(ours, runs([0.1], arch="vit_nano"))[1] == []


def test_a_column_may_be_ignored(matched, runs):
    ours, theirs = runs([0.1], global_batch_size=128), runs([0.1], global_batch_size=256)
    with pytest.raises(CompareError, match="--ignore global_batch_size"):
        matched(ours, theirs)
    pairs, _, found = matched(ours, theirs, ["global_batch_size"])
    assert pairs == [("128", "256")]
    assert found.ignored == ("global_batch_size",)
    with pytest.raises(UnknownNameError, match="not matched by 'colour'"):
        matched(ours, theirs, ["colour"])


def test_the_same_setting_comes_first_where_columns_are_ignored(matched, runs):
    both = [row for lr in (0.001, 0.002) for row in runs([0.1], lr=lr)]
    assert matched(both, both, ["lr"])[0] == [("0.001", "0.001"), ("0.002", "0.002")]


def test_nothing_in_common_says_which_columns_differ_most(matched, runs):
    ours = [row for size in (10, 20) for row in runs([0.1], arch="vit_nano", samples_seen=size)]
    theirs = [row for size in (20, 30) for row in runs([0.1], arch="vit_pico", samples_seen=size)]
    with pytest.raises(CompareError) as error:
        matched(ours, theirs)
    assert str(error.value) == (
        "old and new have no setting in common; they differ most in arch: vit_nano against vit_pico; "
        "samples_seen: 10 or 20 against 20 or 30\nto match settings although they differ there: --ignore arch"
    )
