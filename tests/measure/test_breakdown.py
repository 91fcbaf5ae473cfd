"""A model's multiply-adds and parameters by tower and module, and the command that shows them."""

import json

import pytest

from study.cli import main
from study.measure.breakdown import parts
from study.measure.counts import Counts
from study.measure.recomputed import recomputed
from study.models import resolve
from study.records import PluginRef

BLOCKS = {f"net.blocks.{number}": 1.0 for number in range(11)}
COUNTS = Counts(
    *(0.0,) * 9,
    by_module={"image": {"": 14.0, "net": 11.0, "net.blocks": 11.0, **BLOCKS, "head": 2.0}, "text": {"": 1.0}},
    train_by_module={"image": {"": 42.0, "net": 33.0, "net.blocks": 33.0, "head": 6.0}, "text": {"": 3.0}},
    params_by_module={
        "image": {"": 9.0, "net": 5.0, "net.blocks": 5.0, "head": 1.0, "table": 2.0, "norm": 0.01},
        "text": {"": 1.0},
    },
)


def named(counts, depth):
    return [(part.tower, part.module, part.depth) for part in parts(counts, depth)]


def test_towers_alone():
    assert named(COUNTS, 0) == [("image", "", 0), ("text", "", 0)]


def test_modules_the_largest_first_and_the_rest():
    found = parts(COUNTS, 1)
    assert [part.module for part in found] == ["", "net.blocks", "head", "table", "(rest)", ""]
    assert found[4][3:] == (14 - 11 - 2, 42 - 33 - 6, 9 - 5 - 1 - 2)


def test_a_module_that_is_all_of_its_parent_takes_its_place_and_numbers_stay_in_order():
    names = [module for _, module, depth in named(COUNTS, 2) if depth == 2]
    assert names[:11] == list(BLOCKS)


def sums(found, tower, name):
    """Of a tower, and of the modules right below it."""
    rows = [row for row in found["modules"] if row["tower"] == tower]
    whole = next(row[name] for row in rows if row["depth"] == 0)
    return whole, sum(row[name] for row in rows if row["depth"] == 1)


@pytest.fixture
def flops(tmp_path, capsys):
    def run(*arguments):
        code = main(["flops", *arguments, "--results", str(tmp_path)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.mark.parametrize("arch", ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"])
def test_modules_sum_to_their_tower(flops, arch):
    code, out, _ = flops(arch, "--json", "--depth", "1")
    found = json.loads(out)
    assert code == 0
    for tower in ("image", "text"):
        for name in ("forward_gflops", "train_gflops", "params_m"):
            whole, parts_of_it = sums(found, tower, name)
            assert parts_of_it == pytest.approx(whole)


def test_phases_and_views_of_a_strategy(flops):
    flip = json.loads(flops("vit_pico", "--strategy", "{name: flip, mask_ratio: 0.75}", "--json")[1])
    masked, whole = flip["phases"]
    assert flip["strategy"] == "flip(mask_ratio=0.75)"
    assert (masked["samples_share"], masked["keep_patches"]) == (0.99, 0.25)
    assert masked["flops_share"] + whole["flops_share"] == pytest.approx(1)
    assert masked["image_gflops"] < 0.3 * whole["image_gflops"]
    mean = sum(phase["samples_share"] * phase["train_gflops"] for phase in flip["phases"])
    assert flip["train_gflops"] == pytest.approx(mean)
    slip, clip = (json.loads(flops("vit_pico", "--strategy", name, "--json")[1]) for name in ("slip", "clip"))
    assert slip["phases"][0]["image_passes"] == 3
    assert slip["phases"][0]["image_gflops"] == pytest.approx(3 * clip["phases"][0]["image_gflops"], rel=1e-2)
    assert slip["phases"][0]["beside_gflops"] > clip["phases"][0]["beside_gflops"]
    small = clip["phases"][0]
    assert small["train_gflops"] == pytest.approx(sum(small[f"{n}_gflops"] for n in ("image", "text", "beside")))


def test_sizes(flops):
    small = json.loads(flops("vit_pico", "--image-size", "16", "--text-length", "8", "--json")[1])
    own = json.loads(flops("vit_pico", "--json")[1])
    assert (small["image_size"], small["text_length"]) == (16, 8)
    assert small["forward_gflops"] < 0.6 * own["forward_gflops"]


def test_a_table_for_people(flops):
    code, out, _ = flops("vit_pico", "--strategy", "reclip")
    assert code == 0
    assert "transformer.resblocks.0 to 2, each" in out
    assert "samples %" in out
    assert "a sample: " in out


def test_activation_checkpointing_is_told_beside(flops):
    asked = ("vit_pico", "--strategy", "slip", "--json")
    plain, checkpointed = (json.loads(flops(*asked, *more)[1]) for more in ([], ["--checkpointing"]))
    again = recomputed(resolve(PluginRef(name="vit_pico")))
    assert plain["recomputed_gflops"] is None
    assert checkpointed["recomputed_gflops"] == pytest.approx(2 * (3 * again.image_gmacs + again.text_gmacs))
    assert {**checkpointed, "recomputed_gflops": None} == plain
    assert "with activation checkpointing" in flops("vit_pico", "--checkpointing")[1]


def test_an_operator_that_nobody_counts_is_named_with_its_share(flops):
    code, out, err = flops("timm:sequencer2d_s", "--depth", "0")
    assert code == 0
    assert "timm:sequencer2d_s: aten::lstm is not counted; its results have 0.03% as many elements as " in err
    assert "aten::lstm is not counted; its results have 0.03% as many elements as " in out
    (share,) = json.loads(flops("timm:sequencer2d_s", "--json")[1])["uncounted"].values()
    assert 0 < share < 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vit_pica"], "unknown architecture 'vit_pica'; did you mean vit_pico"),
        (["vit_pico", "--strategy", "flap"], "unknown strategy 'flap'; did you mean flip"),
        (["resnet_pico", "--strategy", "flip"], "FLIP drops patches, which resnet_pico"),
        (["vit_pico", "--strategy", "{name: flip, mask: 0.75}"], "its options: mask_ratio"),
        (["vit_pico", "--strategy", "{mask_ratio: 0.75}"], "must be a name or a mapping"),
        (["vit_pico", "--image-size", "33"], "nearest: 32 or 36"),
        (["vit_pico", "--image-size", "-4"], "--image-size: must be a whole number of at least 8, got '-4'"),
        (["vit_pico", "--batch", "many"], "--batch: must be a whole number of at least 1, got 'many'"),
        (["roberta-ViT-B-32"], "from a model hub"),
    ],
)
def test_mistakes_are_told(flops, arguments, message):
    code, _, err = flops(*arguments)
    assert code == 2
    assert message in err
