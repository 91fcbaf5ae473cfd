"""A probe from the command line: what it keeps, what it skips, what later plans make of it."""

import json

import polars as pl
import pytest

from study.cli import main
from study.predict.probed import Probe, measured_probes, probes

SWITCHES = ("--busy", "--steps", "4", "--limit", "5", "--at-once", "1", "--json")


def probe(grid, *more):
    return main(["probe", str(grid), *SWITCHES, *more])


def planned(folder):
    return pl.read_parquet(folder / "results" / "small" / "plan.parquet").to_dicts()


def test_a_probe_is_kept_and_later_plans_rest_on_it(grid, tmp_path, capsys):
    path = grid("{strategy: clip, seed: [0, 1]}", "{strategy: clip, samples_seen: 1280}")  # one configuration
    assert main(["plan", str(path), "--quiet"]) == 0
    assert planned(tmp_path)[0]["prediction_evidence"].startswith("assumption")
    capsys.readouterr()
    assert probe(path, "--at-once", "2") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kept"], row["error"]) == (False, None)
    (found,) = probes(tmp_path / "results")
    assert found == Probe.model_validate(row["probe"])
    assert (found.data, found.at_once, found.phases[0].steps) == ("source", 2, 8)  # 4 of each process
    (scored,) = found.evaluation_seconds
    assert scored == "embedded/validation by retrieval, zeroshot"
    assert main(["plan", str(path), "--quiet"]) == 0
    after = planned(tmp_path)[0]
    words = "1 probe of this configuration on cpu; start-up, evaluation, data measured and checkpoints assumed"
    assert after["prediction_evidence"] == words
    steps = 640 / 32 * found.phases[0].step_time_ms / 1e3
    rest = found.start_up_seconds + found.evaluation_seconds[scored]
    assert after["predicted_gpu_hours"] * 3600 == pytest.approx(steps + rest, abs=0.2)  # and a checkpoint


def test_what_was_probed_is_left_alone_until_told_otherwise(grid, tmp_path, capsys):
    path = grid("{strategy: clip}")
    assert probe(path) == 0
    (file,) = (tmp_path / "results" / "probes").glob("*.json")
    first = file.stat().st_mtime_ns
    assert probe(path) == 0
    assert file.stat().st_mtime_ns == first
    assert "[1/1] vit_pico · clip · 32 px, batch 32: probed before" in capsys.readouterr().err
    assert probe(path, "--again") == 0
    assert file.stat().st_mtime_ns > first


def test_each_phase_is_timed_and_weighs_by_its_samples(grid, tmp_path):
    path = grid("{strategy: {name: reclip, low_size: 16, full_share: 0.05}}")
    assert probe(path) == 0
    (found,) = probes(tmp_path / "results")
    assert [(phase.image_size, phase.samples) for phase in found.phases] == [(16, 608), (32, 32)]
    low, full = found.phases
    assert low.flops_a_sample < full.flops_a_sample
    seconds = sum(p.samples / 32 * (p.step_time_ms - p.data_wait_ms) / 1e3 for p in found.phases)
    flops = sum(p.samples * p.flops_a_sample for p in found.phases)
    (known,) = measured_probes(tmp_path / "results")
    assert known.speed == pytest.approx(flops / seconds / found.threads)


def test_a_dry_run_lists_and_writes_nothing(grid, tmp_path, capsys):
    assert main(["probe", str(grid("{strategy: [clip, siglip]}")), "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "vit_pico · siglip · 32 px, batch 32" in told
    assert "to be probed" in told
    assert not (tmp_path / "results" / "probes").exists()


def test_data_that_is_not_there_is_probed_on_random_pairs(grid, tmp_path):
    source = "{name: table, path: absent.parquet, pairs: 1M}"
    assert probe(grid(f"{{strategy: clip, source: {source}}}")) == 0
    (found,) = probes(tmp_path / "results")
    assert (found.data, found.start_up_seconds, found.evaluation_seconds) == ("random", None, {})
    assert measured_probes(tmp_path / "results")[0].data_seconds is None


def test_one_that_fails_is_a_line_with_its_reason_and_the_next_is_probed(grid, tmp_path, capsys):
    rows = "\n".join(f"{i}.png,caption {i}" for i in range(300))
    (tmp_path / "pairs.csv").write_text(f"image,caption\n{rows}\n")
    path = grid("{strategy: clip, source: {name: table, path: pairs.csv}}", "{strategy: siglip}")
    assert probe(path) == 1
    failed, done = json.loads(capsys.readouterr().out)
    assert failed["error"].startswith("Unreadable: none of the 256 images could be read")
    assert (failed["probe"], done["error"]) == (None, None)
    assert [found.strategy for found in probes(tmp_path / "results")] == ["siglip"]


def test_a_missing_device_is_told(grid, capsys):
    path = grid("{strategy: clip}")
    assert main(["probe", str(path), "--device", "cuda:7"]) == 2
    assert "--device cuda:7: this machine has no GPU" in capsys.readouterr().err


@pytest.mark.parametrize("switch", ["--steps", "--limit", "--at-once"])
def test_nonsense_is_refused(grid, capsys, switch):
    assert main(["probe", str(grid("{strategy: clip}")), switch, "0"]) == 2
    assert "must be a whole number of at least 1, got '0'" in capsys.readouterr().err
