"""Runs that cannot be trained are refused when they are planned, each at its place in the grid."""

import pytest

from study.errors import GridError

COMMON = (
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip,\n"
    "  global_batch_size: 100, samples_seen: 200}\n"
)


@pytest.fixture
def problems(planned):
    def read(sub_grids, head=COMMON):
        with pytest.raises(GridError) as caught:
            planned(sub_grids, head=head)
        return caught.value.problems

    return read


def test_a_batch_larger_than_its_subset(problems):
    assert problems("{size: [0.05, 1, 0.5]}") == [
        "small.yaml:2:22: common.global_batch_size: a batch of 100 would hold pairs twice: its subset has 50; "
        "lower global_batch_size or raise size",
        "small.yaml:2:22: common.global_batch_size: a batch of 100 would hold pairs twice: its subset has 1; "
        "lower global_batch_size or raise size; 1 is one pair, 1.0 is all of them",
    ]


def test_an_image_size_that_patches_or_windows_do_not_divide(problems):
    found = problems("{arch: [vit_pico, swin_pico, resnet_pico], image_size: [32, 34]}")
    assert found == [
        "small.yaml:3:67: grid.image_size.1: vit_pico needs an image size that is a multiple of 4, got 34; "
        "nearest: 32 or 36",
        "small.yaml:3:67: grid.image_size.1: swin_pico needs an image size that is a multiple of 16, got 34; "
        "nearest: 32 or 48",
    ]


def test_what_a_strategy_cannot_do(problems):
    assert problems("{arch: resnet_pico, strategy: [clip, flip]}") == [
        "small.yaml:3:44: grid.strategy.1: FLIP drops patches, which resnet_pico (resnet) cannot; take a ViT, "
        "or another strategy"
    ]


def test_micro_batches_that_do_not_fit_the_batch(problems):
    assert problems("[{micro_batch_size: 50}, {batch_norm: per_micro_batch}]") == [
        "small.yaml:3:27: grid.0.micro_batch_size: changes results only with batch_norm: per_micro_batch; add that, "
        "or leave it out and let the trainer choose",
        "small.yaml:3:45: grid.1.batch_norm: per_micro_batch needs micro_batch_size: the pairs that share statistics",
    ]
    assert problems("{micro_batch_size: 30, batch_norm: per_micro_batch}") == [
        "small.yaml:3:26: grid.micro_batch_size: 30 pairs on each of 1 devices do not divide a batch of 100; "
        "take a divisor of 100"
    ]


def test_a_batch_that_its_gpus_cannot_share(problems):
    assert problems("{seed: 0}", head="hardware: {gpu: h100, count: 8}\n" + COMMON) == [
        "small.yaml:3:22: common.global_batch_size: a batch of 100 cannot be shared by 8 devices; take a multiple of 8"
    ]


def test_data_that_is_not_there_or_has_no_scores(problems, folder):
    head = COMMON.replace("path: pairs.csv", "path: absent.csv")
    (told,) = problems("{seed: 0}", head=head)
    assert told.startswith(f"small.yaml:1:18: common.source: {folder / 'absent.csv'} does not exist")
    head = COMMON.replace(", score_column: score", "")
    assert problems("{quality: 0.5}", head=head) == [
        "small.yaml:3:17: grid.quality: 0.5 needs scores, and no pair of the pool has one"
    ]


def test_an_evaluation_set_that_no_source_has(problems):
    evaluation = "[embedded/tset, {name: imagenet1k, root: /data, metrics: [linear_probe, retreival]}]"
    head = f"evaluation: {evaluation}\n" + COMMON.replace(
        "{name: table, path: pairs.csv, score_column: score}", "embedded"
    )
    first, second = problems("{seed: 0}", head=head)
    assert first.startswith(
        "small.yaml:1:14: evaluation.0: unknown evaluation set 'embedded/tset'; did you mean embedded/test"
    )
    assert second.startswith(
        "small.yaml:1:85: evaluation.1.metrics.1: unknown metric 'retreival'; did you mean retrieval"
    )


def test_a_setting_wrong_in_many_ways_is_told_of_a_few_times(problems):
    sizes = ", ".join(str(size) for size in range(1, 41))
    assert len(problems(f"{{size: [{sizes}]}}")) == 5


def test_a_tower_whose_tokenizer_is_not_here(problems):
    assert problems("{arch: [vit_pico, ViT-B-16-SigLIP]}") == [
        "small.yaml:3:25: grid.arch.1: ViT-B-16-SigLIP reads text with the tokenizer 'timm/ViT-B-16-SigLIP' of a model "
        "hub, which is not loaded here: it can be counted, not trained; take a model with CLIP's own tokenizer, such "
        "as ViT-B-32"
    ]


def test_the_same_pairs_at_two_places(problems, folder):
    (folder / "copy.csv").write_text((folder / "pairs.csv").read_text())
    sources = [
        f"{{name: table, path: {name}, score_column: score}}" for name in ("pairs.csv", "./pairs.csv", "copy.csv")
    ]
    assert problems(f"{{source: [{', '.join(sources)}], seed: [0, 1]}}") == [
        f"small.yaml:3:125: grid.source.2: the pairs and scores at path {folder}/copy.csv are those at "
        f"path {folder}/pairs.csv: their runs would be one; name one place"
    ]
