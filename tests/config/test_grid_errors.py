"""A grid's mistakes: all of them at once, each with its place, the bad value and the nearest right word."""

from typing import Literal

import pytest
from pydantic import Field

from study import config
from study.errors import GridError
from study.records import PluginConfig
from study.registry import Registry, unknown_name


class Pairs:
    class Config(PluginConfig):
        name: Literal["pairs"] = "pairs"
        count: int | None = None


class Plain:
    class Config(PluginConfig):
        name: Literal["plain"] = "plain"


class Masked:
    class Config(PluginConfig):
        name: Literal["masked"] = "masked"
        mask_ratio: float = Field(0.5, ge=0, lt=1)


def _resolve(ref):
    if ref.name != "vit":
        raise unknown_name("architecture", ref.name, ["vit"])


@pytest.fixture
def registries():
    return config.Registries(
        sources=Registry("source", {"pairs": f"{__name__}:Pairs"}),
        strategies=Registry("strategy", {"plain": f"{__name__}:Plain", "masked": f"{__name__}:Masked"}),
        statistics=Registry("statistic", {"difference": "study.statistics.difference:Difference"}),
        resolve_arch=_resolve,
    )


@pytest.fixture
def problems(tmp_path, registries, monkeypatch):
    """A function from a grid's text to its problems, none for a good grid."""
    monkeypatch.chdir(tmp_path)

    def read(text, name="grid.yaml"):
        (tmp_path / name).write_text(text)
        try:
            config.read(type(tmp_path)(name), registries)
        except GridError as error:
            return error.problems
        return []

    return read


BAD = """\
title: [x]
hardwear: {gpu: cpu}
hardware: {gpu: h1000, count: 0}
lr: 3
common:
  source: pears
  global_batch_size: "128"
  batch_size: 4
grid:
  - name: towers
    arch: [vitt, 3]
    strategy: [plain, {name: masked, mask_ratoi: 0.5}, maskd, 3, {mask: 3}, {name: masked, mask_ratio: 2.0}]
    size: [0.25, 1.0, 1.5, "10M", 0, x]
    quality: [1.0, 0.0]
    samples_seen: [8192, 16384.5, 2M]
    epochs: 2
    lr: [1e-3, -5e-4, no]
    lr: 3
    weight_decay: []
    schedule: cosin
    seed: true
  - name: towers
    image_size: 4
    warmup: .nan
  - 7
"""

SIZE = "must be a share above 0 and up to 1.0, or a whole number of pairs such as 5000 or 10M, got"
DEVICES = "a100-40, a100-80, cpu, h100, h100-pcie, h200, l4, l40s, mi300x, rtx4090, t4, v100"


def test_all_mistakes_are_told_at_once_with_their_places(problems):
    assert problems(BAD) == [
        "grid.yaml:1:8: title: must be text, got a list",
        "grid.yaml:2:1: hardwear: unknown key; did you mean hardware?",
        "grid.yaml:3:17: hardware.gpu: unknown device 'h1000'; did you mean h100 or v100 or h200? known: " + DEVICES,
        "grid.yaml:3:31: hardware.count: must be at least 1, got 0",
        "grid.yaml:4:1: lr: unknown key here; settings of runs belong under common: or grid:",
        "grid.yaml:6:11: common.source: unknown source 'pears'; did you mean pairs? known: pairs",
        "grid.yaml:7:22: common.global_batch_size: must be a whole number, got '128'",
        "grid.yaml:8:3: common.batch_size: unknown key; did you mean global_batch_size?",
        "grid.yaml:11:12: grid.0.arch.0: unknown architecture 'vitt'; did you mean vit? known: vit",
        "grid.yaml:11:18: grid.0.arch.1: must be a name or a mapping with a name, got 3",
        "grid.yaml:12:38: grid.0.strategy.1.mask_ratoi: unknown key; did you mean mask_ratio?",
        "grid.yaml:12:56: grid.0.strategy.2: unknown strategy 'maskd'; did you mean masked? known: masked, plain",
        "grid.yaml:12:63: grid.0.strategy.3: must be a name or a mapping with a name, got 3",
        "grid.yaml:12:66: grid.0.strategy.4: must be a name or a mapping with a name, got a mapping",
        "grid.yaml:12:104: grid.0.strategy.5.mask_ratio: must be less than 1, got 2.0",
        f"grid.yaml:13:23: grid.0.size.2: {SIZE} 1.5",
        f"grid.yaml:13:35: grid.0.size.4: {SIZE} 0",
        f"grid.yaml:13:38: grid.0.size.5: {SIZE} 'x'",
        "grid.yaml:14:20: grid.0.quality.1: must be greater than 0, got 0.0",
        "grid.yaml:15:26: grid.0.samples_seen.1: must be a whole number, got 16384.5",
        "grid.yaml:16:5: grid.0.epochs: a second budget beside samples_seen; keep one of them",
        "grid.yaml:17:16: grid.0.lr.1: must be greater than 0, got -0.0005",
        "grid.yaml:17:23: grid.0.lr.2: must be a number, got 'no'",
        "grid.yaml:18:5: grid.0.lr: the key stands twice, first in line 17; keep one",
        "grid.yaml:19:19: grid.0.weight_decay: is empty; give at least one value",
        "grid.yaml:20:15: grid.0.schedule: must be 'cosine' or 'constant', got 'cosin'; did you mean cosine?",
        "grid.yaml:21:11: grid.0.seed: must be a whole number, got true",
        "grid.yaml:22:11: grid.1.name: a second sub-grid 'towers'; give each its own name",
        "grid.yaml:23:17: grid.1.image_size: must be at least 8, got 4",
        "grid.yaml:24:13: grid.1.warmup: must be a finite number, got nan",
        "grid.yaml:25:5: grid.2: must be a mapping of settings, got 7",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "grid.yaml:1:1: the file is empty; a grid needs at least `grid:`"),
        ("# nothing\n", "grid.yaml:1:1: the file is empty; a grid needs at least `grid:`"),
        ("grid: [1\n", "grid.yaml:2:1: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("grid:\n\tarch: vit\n", "grid.yaml:2:1: not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 2\n", "grid.yaml:2:1: not YAML: but found another document"),
        ("- vit\n", "grid.yaml:1:1: must be a mapping of settings, got a list"),
        ("title: x\n", "grid.yaml:1:1: grid: is missing"),
        ("grid: []\n", "grid.yaml:1:7: grid: is empty; give at least one value"),
        ("grid: &a [*a]\n", "grid.yaml:1:7: grid.0: refers to itself"),
    ],
)
def test_a_file_without_a_grid_says_what_it_is(problems, text, problem):
    assert problem in problems(text)


def test_a_file_that_is_not_there_gives_the_nearest(problems, registries, tmp_path):
    problems("grid: {}", name="towers.yaml")
    with pytest.raises(GridError, match=r"^tower\.yaml: no such file; did you mean towers\.yaml\?$"):
        config.read(type(tmp_path)("tower.yaml"), registries)


def test_a_file_that_is_no_text(problems, registries, tmp_path):
    (tmp_path / "grid.yaml").write_bytes(b"grid: \xff\xfe")
    with pytest.raises(GridError, match=r"^grid\.yaml: not a text file in UTF-8 \(byte 6\)$"):
        config.read(type(tmp_path)("grid.yaml"), registries)


def test_a_sub_grid_that_lacks_something_says_what(problems):
    assert problems("grid: {arch: vit, gpu_hours: 3}\n") == [
        "grid.yaml:1:7: grid: no source; give it here or under common:",
        "grid.yaml:1:7: grid: no strategy; give it here or under common:",
        "grid.yaml:1:19: grid.gpu_hours: a budget in GPU-hours needs the GPU it is meant for; "
        "add `hardware: {gpu: NAME}`",
    ]
    assert problems("grid: {arch: vit, source: pairs, strategy: plain}\n") == [
        "grid.yaml:1:7: grid: no budget; give one of samples_seen, epochs, train_flops, gpu_hours, "
        "here or under common:"
    ]


def test_a_cpu_has_no_count(problems):
    grid = "grid: {arch: vit, source: pairs, strategy: plain, epochs: 1}\n"
    assert problems("hardware: {gpu: CPU, count: 8}\n" + grid) == [
        "grid.yaml:1:29: hardware.count: a run is one process on a CPU, got 8; leave it out"
    ]
    assert problems("hardware: {gpu: cpu, count: 1}\n" + grid) == []


def test_nodes_share_the_gpus_of_a_run_equally(problems):
    grid = "grid: {arch: vit, source: pairs, strategy: plain, epochs: 1}\n"
    assert problems("hardware: {gpu: h100, count: 8, nodes: 2}\n" + grid) == []
    assert problems("hardware: {gpu: h100, count: 8, nodes: 3}\n" + grid) == [
        "grid.yaml:1:40: hardware.nodes: 8 GPUs cannot be shared equally by 3 nodes; "
        "count is those of a run, on all of its nodes"
    ]


def test_words_of_other_tools_are_understood(problems):
    text = (
        "common: {learning_rate: 1, dataset: x, model: y}\ngrid: {arch: vit, source: pairs, strategy: plain, epochs: 1}"
    )
    assert problems(text) == [
        "grid.yaml:1:10: common.learning_rate: unknown key; did you mean lr?",
        "grid.yaml:1:28: common.dataset: unknown key; did you mean source?",
        "grid.yaml:1:40: common.model: unknown key; did you mean arch?",
    ]


LIMITED = "limit: %s\ngrid: {arch: vit, source: pairs, strategy: plain, epochs: 1}\n"


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ("{gpu_hours: 0}", "1:20: limit.gpu_hours: must be greater than 0, got 0"),
        ("{dollars: -3}", "1:18: limit.dollars: must be greater than 0, got -3"),
        ("{kwh: .inf}", "1:14: limit.kwh: must be a finite number, got inf"),
        ("{wall_hours: 2h, gpus: 0}", "1:21: limit.wall_hours: must be a number, got '2h'"),
        ("{wall_hours: 2, gpus: 0}", "1:30: limit.gpus: must be at least 1, got 0"),
        ("{gpu_hour: 2}", "1:9: limit.gpu_hour: unknown key; did you mean gpu_hours?"),
        ("{fit: drop_last}", "1:8: limit: caps nothing; give one of gpu_hours, dollars, kwh, wall_hours"),
        ("{gpu_hours: 2, fit: drop}", "1:28: limit.fit: must be 'refuse', 'drop_last', 'cheapest_first' or "
         "'shrink_seeds', got 'drop'; did you mean drop_last?"),
        ("{wall_hours: 2}", "1:9: limit.wall_hours: depends on how many devices work at once; add `gpus: NUMBER` "
         "(on a CPU: threads)"),
        ("{kwh: 2, gpus: 8}", "1:17: limit.gpus: says how many devices wall_hours is for; add wall_hours, or leave it "
         "out"),
        ("3", "1:8: limit: must be a mapping of settings, got 3"),
    ],
)  # fmt: skip
def test_impossible_limits(problems, limit, problem):
    assert problems(LIMITED % limit)[0] == f"grid.yaml:{problem}"


def test_limits_that_are_fine(problems):
    for limit in ("{gpu_hours: 2}", "{dollars: 5.5, kwh: 3}", "{wall_hours: 24, gpus: 8, fit: drop_last}", "null"):
        assert problems(LIMITED % limit) == []
