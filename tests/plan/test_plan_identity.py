"""A run's id is a hash of what can change its result, and of nothing else."""

import itertools

import pytest
from pydantic import Field

from study.models import resolve
from study.records import DataRef, PluginRef, RunSpec, run_id


def spec(**fields):
    data = DataRef(source=PluginRef(name="embedded"), unique_pairs=1000, fingerprint="0123456789ab")
    given = {"arch": PluginRef(name="vit_nano"), "strategy": PluginRef(name="clip"), "samples_seen": 4096}
    return RunSpec(data=data, **(given | fields))


# Ids of runs that people have on disk: a change here makes every one of these runs train again.
GOLDEN = {
    "plain": (spec(), "rbaed0633b615"),
    "set": (spec(lr=1e-3, seed=2, image_size=64, schedule="constant"), "r8be94b822fae"),
    "option": (spec(strategy=PluginRef(name="flip", options={"mask_ratio": 0.75})), "r510bb65f708f"),
    "version": (spec(strategy=PluginRef(name="slip", version=2)), "r6a538c46b984"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_ids(name):
    run, expected = GOLDEN[name]
    assert run_id(run) == expected


def test_a_new_field_with_a_default_changes_no_id():
    class Later(RunSpec):
        dropout: float = Field(0.0, ge=0)

    old = spec(seed=3)
    assert run_id(Later(**old.model_dump())) == run_id(old)
    assert run_id(Later(**old.model_dump(), dropout=0.1)) != run_id(old)


OWN = resolve(PluginRef(name="vit_pico"))


def ids(plan):
    return [row["run_id"] for row in plan.rows]


def test_batch_norm_over_micro_batches_is_another_run(planned):
    plan = planned(
        "[{arch: resnet_pico, samples_seen: 200}, "
        "{arch: resnet_pico, samples_seen: 200, batch_norm: per_micro_batch, micro_batch_size: [50, 25]}]"
    )
    assert len(set(ids(plan))) == 3
    assert [(row["micro_batch_size"], row["grad_accum_steps"]) for row in plan.rows] == [(100, 1), (50, 2), (25, 4)]


def test_the_order_of_axes_keys_and_sub_grids_changes_no_id(planned):
    axes = {"arch": "[vit_pico, resnet_pico]", "size": "[0.5, 1.0]", "seed": "[0, 1]", "samples_seen": "[200, 400]"}
    found = set()
    for order in itertools.islice(itertools.permutations(axes), 0, 24, 7):
        plan = planned("{" + ", ".join(f"{name}: {axes[name]}" for name in order) + "}")
        assert len(plan.rows) == 16
        found.add(frozenset(ids(plan)))
    turned = planned(
        "[{arch: resnet_pico, size: [1.0, 0.5], seed: [1, 0], samples_seen: [400, 200]}, "
        "{samples_seen: [400, 200], arch: vit_pico, seed: [1, 0], size: [1.0, 0.5]}]"
    )
    assert found == {frozenset(ids(turned))}


@pytest.mark.parametrize(
    "spelled_out",
    [
        "seed: 0",
        "schedule: cosine",
        f"image_size: {OWN.image_size}",
        f"text_length: {OWN.text_length}",
        "beta1: 0.9",
        "lr: null",
        "size: 1.0",
        "size: 1000",
        "size: 1k",
        "quality: 1",
        "strategy: {name: clip}",
        "arch: {name: vit_pico}",
        "source: {name: table, path: pairs.csv, score_column: score, image_column: image, pairs: null}",
    ],
)
def test_spelling_out_a_default_changes_no_id(planned, spelled_out):
    assert ids(planned(f"{{samples_seen: 200, {spelled_out}}}")) == ids(planned("{samples_seen: 200}"))


def test_options_of_a_strategy_count_where_they_differ_from_its_defaults(planned):
    plan = planned(
        "{samples_seen: 8000, strategy: [flip, {name: flip, mask_ratio: 0.5}, {name: flip, mask_ratio: 0.75}]}"
    )
    assert [row["strategy_label"] for row in plan.rows] == ["flip", "flip(mask_ratio=0.75)"]


def test_other_data_is_another_run(planned, folder):
    before = ids(planned("{samples_seen: 200}"))
    text = (folder / "pairs.csv").read_text()
    (folder / "pairs.csv").write_text(text.replace("caption 7,", "another 7,"))
    assert ids(planned("{samples_seen: 200}")) != before


def test_sub_grids_are_united_and_equal_runs_appear_once(planned):
    plan = planned(
        "[{name: sizes, size: [0.5, 1.0], samples_seen: 200}, {name: seeds, seed: [0, 1], samples_seen: 200}]"
    )
    assert [(row["size_share"], row["seed"], row["sub_grid"]) for row in plan.rows] == [
        (0.5, 0, "sizes"),
        (1.0, 0, "sizes, seeds"),
        (1.0, 1, "seeds"),
    ]


def test_moving_the_data_changes_no_id_and_runs_find_it(folder, planned):
    from study.data.place import located, open_source

    first = planned("[{name: a, samples_seen: 1000}]")
    (folder / "elsewhere").mkdir()
    (folder / "pairs.csv").rename(folder / "elsewhere/pairs.csv")
    moved = "common: {source: {name: table, path: elsewhere/pairs.csv, score_column: score}, arch: vit_pico, "
    moved += "strategy: clip, global_batch_size: 100}\n"
    second = planned("[{name: a, samples_seen: 1000}]", head=moved)
    assert ids(second) == ids(first)
    data = second.runs[0].spec.data
    assert "path" not in data.source.options
    assert open_source(located(data, folder / "results")).fingerprint() == data.fingerprint
