"""What can be asked, what is left out, and what contradicts itself."""

import json

import pytest

from study.cli import main
from study.errors import StudyError, UnknownNameError
from study.lookup import Budget, lookup

LARGE = Budget("train_flops", 1e18)


def test_a_pool_leaves_out_what_saw_more_pairs_of_it(planted):
    # of the clean half 5M pairs are 10M of a pool; a run of 3M samples saw 3M of them, so 6M
    answer = lookup("planted", LARGE, planted, pairs=6e6, top=99)
    seen = {(option.quality, option.samples_seen) for option in answer.measured}
    assert seen == {("clean", 3_000_000), ("all", 3_000_000)}
    assert "12 settings are left out, which saw more distinct pairs than the pool of 6M" in answer.notes
    assert {option.quality for option in lookup("planted", LARGE, planted, pairs=1e7, top=99).measured} == {
        "clean",
        "all",
    }
    none = lookup("planted", LARGE, planted, pairs=1e6)
    assert not none.measured
    assert "no setting knows a pool of 1M pairs: the smallest that was used is 3M, 3 times it" in none.notes


def test_a_law_of_the_pool_is_asked_for_it_and_others_end_with_it(planted):
    free, held = (
        {
            option.law.split()[0] + option.label: option
            for option in lookup("planted", LARGE, planted, pairs=pairs, top=99).predicted
        }
        for pairs in (None, 5e6)
    )
    name = next(name for name in free if name.startswith("repeated") and "large" in name and "all" in name)
    assert held[name].unique_pairs == 5_000_000
    assert held[name].train_flops == free[name].train_flops
    assert held[name].score < free[name].score
    power = next(name for name in free if name.startswith("power") and name.endswith("all · power law"))
    assert "the pool ends before the budget" in held[power].note
    assert held[power].samples_seen == 5_000_000
    assert held[power].train_flops < free[power].train_flops


def test_a_law_of_parameters_is_asked_for_every_tower(planted):
    labels = [
        option.label for option in lookup("planted", LARGE, planted, top=99).predicted if "chinchilla" in option.law
    ]
    assert sorted(labels) == [
        f"{arch} · clip · {quality} · chinchilla law" for arch in ("large", "small") for quality in ("all", "clean")
    ]
    own = lookup("planted", LARGE, planted, arch="small", top=99)
    assert {option.arch for option in own.measured} == {"small"}
    assert {option.arch for option in own.predicted if "chinchilla" in option.law} == {"small"}


def test_hours_are_measured_on_the_device_or_predicted_for_it(planted):
    answer = lookup("planted", Budget("gpu_hours", 1e4), planted, gpu="h100", top=99)
    short = [option for option in answer.measured if option.samples_seen == 3_000_000]
    assert {(option.gpu_hours, option.gpu_hours_low, option.gpus) for option in short} == {(2.5, 2.5, 8)}
    assert {option.gpu_hours_from for option in short} == {"measured on NVIDIA H100 80GB HBM3"}
    long = next(option for option in answer.measured if option.samples_seen > 3_000_000)
    assert long.gpu_hours_low < long.gpu_hours < long.gpu_hours_high
    assert long.gpu_hours_from.startswith("predicted: 38 published runs")
    less = lookup("planted", Budget("gpu_hours", 2), planted, gpu="h100", top=99).measured
    assert {option.samples_seen for option in less} == {10_000_000, 30_000_000, 100_000_000}  # 3M took 2.5 hours
    for option in answer.predicted:
        assert option.gpu_hours == pytest.approx(1e4, rel=1e-3) or "pool" in (option.note or "")


def test_a_share_of_quality(planted, tmp_path):
    answer = lookup("planted", LARGE, planted, quality=0.5, top=99)
    assert {option.quality for option in answer.measured + answer.predicted} == {"clean"}
    named = lookup("planted", LARGE, planted, quality="clean", top=99)
    assert named.measured == answer.measured
    nothing = lookup("planted", LARGE, planted, quality=0.4)
    assert not nothing.fits
    assert "planted has nothing at a quality of 0.4; it was measured at 0.5, 1" in nothing.notes
    published = lookup("published", Budget("train_flops", 1e20), tmp_path, quality=0.3)
    assert not published.fits
    assert any("by the name of a filter only" in note and "datacomp" in note for note in published.notes)
    assert lookup("published", Budget("train_flops", 1e20), tmp_path, quality="datacomp").fits


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"gpus": 4}, "4 GPUs of which kind"),
        ({"gpus": 4, "gpu": "cpu"}, "a CPU has no GPUs"),
        ({"gpus": 0, "gpu": "h100"}, "must be at least 1"),
        ({"quality": 1.5}, "above 0 and at most 1"),
        ({"quality": float("nan")}, "above 0 and at most 1"),
        ({"target": 60.0}, "a score is between 0 and 1"),
        ({"pairs": 0.5}, "must be at least 1"),
        ({"top": 0}, "must be at least 1"),
        ({"budget": None}, "say a budget"),
        ({"arch": "small", "family": "resnet"}, "unknown family 'resnet'"),
    ],
)
def test_what_contradicts_itself_is_told(planted, given, told):
    asked = {"budget": LARGE, **given}
    with pytest.raises(StudyError, match=told):
        lookup("planted", asked.pop("budget"), planted, **asked)


def test_memory_is_what_was_measured_on_as_many_of_that_device_or_unknown(planted):
    def known(**given):
        found = lookup("planted", Budget("gpu_hours", 1e4), planted, top=99, **given)
        return {(one.memory_gib, one.memory_from) for one in found.measured + found.predicted}

    measured = {(20.5, "measured"), (12.5, "measured")}
    assert known(gpu="h100", gpus=8) == {*measured, (None, None)}  # the other settings say nothing
    assert known(gpu="h100", gpus=4) == known(gpu="v100", gpus=8) == {(None, None)}
    assert measured <= known()


def test_a_data_set_that_no_collected_study_has_is_looked_for_in_the_built_in_ones(planted):
    answer = lookup(None, None, planted, "imagenet1k", target=0.6, gpu="h100")
    assert answer.studies == ("published",)
    assert answer.fits
    with pytest.raises(UnknownNameError, match="unknown data set 'imagnet1k'"):
        lookup(None, None, planted, "imagnet1k", target=0.6)
    with pytest.raises(UnknownNameError, match="unknown data set 'imagenet1k'; known: made/test"):
        lookup("planted", None, planted, "imagenet1k", target=0.6)


def test_a_tower_of_another_family_is_told(tmp_path):
    with pytest.raises(StudyError, match="ViT-B-32 is of vit: leave out --arch ViT-B-32 or --family resnet"):
        lookup("published", LARGE, tmp_path, arch="ViT-B-32", family="resnet")


def test_wrong_names_give_the_nearest(planted):
    for name, wrong, told in (
        ("arch", "smal", "unknown architecture 'smal'; did you mean small"),
        ("strategy", "clp", "unknown strategy 'clp'; did you mean clip"),
        ("quality", "claen", "unknown quality 'claen'; did you mean clean"),
        ("gpu", "h10", "unknown device 'h10'; did you mean"),
    ):
        with pytest.raises(UnknownNameError, match=told):
            lookup("planted", LARGE, planted, **{name: wrong})


def test_the_command(planted, capsys):
    common = ["lookup", "--study", "planted", "--results", str(planted)]
    assert main([*common, "--gpu-hours", "50", "--gpu", "h100", "--pairs", "20M"]) == 0
    text = capsys.readouterr().out
    assert "within 50 gpu hours a run on 8 h100, from a pool of 20M pairs, asked of planted" in text
    assert "= tied with the first" in text
    assert main([*common, "--target", "made/test:0.5", "--json"]) == 0
    reached = json.loads(capsys.readouterr().out)["reached"]
    assert reached[0]["evidence"] in ("measured", "law")
    assert main([*common, "--target", "made/test:0.5", "--dataset", "other"]) == 2
    assert "--target is on made/test, --dataset is other: leave out one of them" in capsys.readouterr().err
    assert main([*common, "--target", "high"]) == 2
    assert "--target 'high': must be a score from 0 to 1" in capsys.readouterr().err
    assert main([*common, "--target", "70"]) == 2
    assert "--target 70: a score is between 0 and 1, such as 0.6 for 60 %" in capsys.readouterr().err
    for option, wrong, example in (("gpu-hours", "-5", "200"), ("pairs", "0", "50M"), ("samples", "nan", "10M")):
        assert main([*common, f"--{option}", wrong, "--target", "0.5"]) == 2
        told = f"--{option} '{wrong}': must be a number greater than 0, such as {example}"
        assert told in capsys.readouterr().err
    assert main([*common, "--strategy", "clip"]) == 2
    assert "say a budget" in capsys.readouterr().err
    assert main([*common, "--budget", "1e18", "--samples", "3M"]) == 2
    assert "not allowed with argument" in capsys.readouterr().err
    assert main([*common, "--target", "0.999"]) == 1
    assert "nothing that is known reaches it" in capsys.readouterr().out


def test_a_budget_that_dwarfs_all_collected_runs_is_answered_by_larger_ones(planted):
    most = max(
        option.train_flops for option in lookup(None, Budget("train_flops", 1e30), planted, "made/test").measured
    )
    near = lookup(None, Budget("train_flops", 999 * most), planted)
    assert near.studies == ("planted",)
    far = lookup(None, Budget("train_flops", 1001 * most), planted)
    assert far.studies == ("published",)
    assert far.notes[0].startswith("published asked, since the budget is over 1,000 times any run of planted")
    assert lookup("planted", Budget("train_flops", 1001 * most), planted).studies == ("planted",)
    hours = lookup(None, Budget("gpu_hours", 2e5), planted, gpu="h100", pairs=50e6)  # 7e23 FLOPs at its peak
    assert hours.studies == ("published",)
    assert hours.measured


def test_no_two_laws_have_the_same_label(planted, planted_module, tmp_path):
    def labels(of, results, **given):
        found = lookup(of, None, results, target=0.5, top=99, **given).reached
        return [one.label for one in found if one.evidence == "law"]

    published = labels("published", tmp_path)
    assert len(set(published)) == len(published)
    assert {"vit · clip · LAION-400M · laion2023", "vit · clip · LAION-400M · openclip"} <= set(published)
    for name in ("first", "second"):
        planted_module.write(tmp_path / name)
    both = labels(["first", "second"], tmp_path)
    assert len(set(both)) == len(both) == 2 * len(labels("planted", planted))
    assert {f"vit · clip · all · {name} · power law" for name in ("first", "second")} <= set(both)


def test_what_a_filter_kept_of_an_unknown_pool_cannot_be_held_to_one(tmp_path):
    asked = {"quality": "datacomp", "top": 99}
    free, held = (
        lookup("published", Budget("train_flops", 1e19), tmp_path, pairs=pairs, **asked) for pairs in (None, 5e8)
    )
    assert free.measured
    assert free.predicted
    assert not held.measured
    assert not held.predicted
    told = "4 settings are left out, since it is not known how many pairs, before any filter, they saw"
    assert told in held.notes
    assert "1 law is left out, since it is not known what share of a pool its filter keeps" in held.notes
    assert not any("left out, since" in note for note in free.notes)


def test_where_the_pool_ends_before_the_budget_its_share_is_told(planted, capsys):
    answer = lookup("planted", LARGE, planted, pairs=5e6, top=99)
    ended = [one for one in answer.predicted if "the pool ends" in (one.note or "")]
    assert ended
    for one in ended:
        share = float(one.note.split("the pool ends before the budget, at ")[1].removesuffix(" % of it"))
        assert share == pytest.approx(100 * one.train_flops / 1e18, rel=0.05)
    told = f"{len(ended)} laws end with the pool, before the budget: nothing known repeats so small a pool further"
    assert told in answer.notes
    main(["lookup", "--study", "planted", "--budget", "1e18", "--pairs", "5M", "--results", str(planted)])
    assert "predicted at the budget, or where the pool ends before it" in capsys.readouterr().out
    free = lookup("planted", LARGE, planted, top=99)
    assert not any("the pool" in note for note in free.notes)
    hours = lookup("planted", Budget("gpu_hours", 20), planted, gpu="h100", pairs=5e6, top=99).predicted
    ended = [one for one in hours if "the pool ends" in (one.note or "")]
    shares = [float(one.note.split("before the budget, at ")[1].removesuffix(" % of it")) for one in ended]
    assert shares == pytest.approx([100 * one.gpu_hours / 20 for one in ended], rel=0.05)
    assert shares
