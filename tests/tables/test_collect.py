import pytest

from study import io
from study.cli import main
from study.collect import collect
from study.errors import StorageError

COST = {
    "device": "a processor", "device_kind": "cpu", "world_size": 2, "threads": 1, "loader_workers": 0,
    "precision": "fp32", "micro_batch_size": 64, "grad_accum_steps": 1, "gpu_hours": 0.25,
    "samples_per_second_per_gpu": 100.0,
}  # fmt: skip


def row(collected, folder):
    return next(found for found in collected.runs.iter_rows(named=True) if found["run_id"] == folder.name)


def test_every_planned_run_is_a_row_whatever_became_of_it(results, specs, plan_of, end):
    folders = plan_of([specs(seed=seed) for seed in range(5)])
    done, diverged, stopped, running, _ = folders
    end(done, scores={"zeroshot_top1": 0.5}, cost=COST)
    end(diverged, "diverged", reason="loss is NaN at sample 128")
    io.write_text(stopped / "checkpoints" / "00000128.pt", "")
    with io.lock(running / ".lock"):
        collected = collect(results, "little")
    assert collected.runs["status"].to_list() == ["completed", "diverged", "interrupted", "running", "planned"]
    assert collected.runs["reason"][1] == "loss is NaN at sample 128"
    assert collected.runs["reason"][2].startswith("ended without an outcome")
    assert collected.scores.rows() == [(done.name, "embedded/test", "zeroshot_top1", 0.5, 9, None, None)]
    assert io.read_parquet(results / "little" / "runs.parquet").equals(collected.runs)


def test_a_row_holds_what_was_planned_and_what_was_measured(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    end(folder, scores={}, cost=COST, samples_skipped={"corrupt": 2, "tiny": 1}, versions={"torch": "2.6"})
    found = row(collect(results, "little"), folder)
    assert (found["gpu_hours"], found["predicted_gpu_hours"], found["samples_per_second"]) == (0.25, 0.2, 200.0)
    assert (found["gpu"], found["n_gpus"], found["lr"], found["quality"]) == ("a processor", 2, 0.002, "best 50 %")
    assert (found["samples_skipped"], found["versions"]) == (3, '{"torch": "2.6"}')
    assert (found["skipped_reasons"], found["skipped_unit"]) == ('{"corrupt": 2, "tiny": 1}', "pairs")


def test_what_a_run_did_not_come_to_read_is_not_known(results, specs, plan_of, end):
    early, first_files, without, whole = plan_of([specs(seed=seed) for seed in range(4)])
    end(early, "bad_data", samples_skipped=None)
    end(first_files, "bad_data", samples_skipped={})
    end(without, cost=COST)
    told = io.read_json(without / "outcome.json")
    io.write_json(without / "outcome.json", {name: told[name] for name in told if not name.endswith("skipped")})
    end(whole, cost=COST, samples_skipped={})
    runs = collect(results, "little").runs
    assert runs["samples_skipped"].to_list() == [None, None, None, 0]
    assert runs["skipped_reasons"].to_list() == [None, None, None, "{}"]


def test_what_is_missing_is_null_and_never_0(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    end(folder, scores={"zeroshot_top1": None})
    collected = collect(results, "little")
    found = row(collected, folder)
    assert [found[name] for name in ("gpu_hours", "loss", "peak_memory_gib", "attempts", "versions")] == [None] * 5
    assert collected.scores["value"].to_list() == [None]


@pytest.mark.parametrize("content", ['{"run_id": ', "[]", '{"run_id": "r0"}'])
def test_a_damaged_outcome_is_a_row_that_names_the_file(results, specs, plan_of, content):
    (folder,) = plan_of([specs()])
    (folder / "outcome.json").write_text(content)
    found = row(collect(results, "little"), folder)
    assert found["status"] == "failed"
    assert str(folder / "outcome.json") in found["reason"]
    assert "run again" in found["reason"]


def test_scores_of_an_earlier_training_or_another_run_are_ignored(results, specs, plan_of, end):
    older, foreign, damaged, without = folders = plan_of([specs(seed=seed) for seed in range(4)])
    for folder in folders[:3]:
        end(folder, scores={"zeroshot_top1": 0.5}, of="2024-01-01T00:00:00+00:00" if folder is older else "x")
    end(without)
    content = io.read_json(foreign / "scores.json")
    io.write_json(foreign / "scores.json", {**content, "run_id": older.name})
    (damaged / "scores.json").write_text("{")
    collected = collect(results, "little")
    assert collected.scores.is_empty()
    notes = collected.runs["evaluation_note"].to_list()
    assert [note.split(" ")[0] for note in notes[:2]] == ["its", "its"]
    assert "scores.json is not valid JSON" in notes[2]
    assert notes[3] == "not evaluated"


def test_hours_of_scoring_are_those_of_the_studys_own_sets(results, specs, plan_of, end):
    (folder,) = plan_of([specs()])
    end(folder, scores={"zeroshot_top1": 0.5})
    content = io.read_json(folder / "scores.json")
    content["settings"] = {"embedded/test": {"seconds": 36.0}, "imagenet1k": {"seconds": 3600.0}}
    io.write_json(folder / "scores.json", content)
    assert row(collect(results, "little"), folder)["evaluate_hours"] == 0.01


def test_repeats_share_a_setting_and_hidden_settings_do_not(results, specs, plan_of):
    plan_of([specs(), specs(seed=1), specs(schedule="constant")])
    runs = collect(results, "little").runs
    first, repeat, constant = runs["setting"]
    assert first == repeat != constant
    assert runs["other_settings"].to_list() == [None, None, "schedule=constant"]


def test_without_a_plan_the_way_out_is_named(results):
    with pytest.raises(StorageError, match=r"plan\.parquet is missing; make it with: study plan grids/absent\.yaml"):
        collect(results, "absent")


def test_the_command_says_how_runs_ended(results, specs, plan_of, end, capsys):
    first, _ = plan_of([specs(), specs(seed=1)])
    end(first, "out_of_memory", reason="asked for 3 GiB")
    assert main(["collect", "little", "--results", str(results)]) == 0
    assert capsys.readouterr().out.startswith("little: 2 runs (1 planned, 1 out of memory), 0 scores\n")


def test_the_command_says_what_could_not_be_read(results, specs, plan_of, end, capsys):
    streamed, *copies, whole = plan_of([specs(seed=seed) for seed in range(4)])
    end(streamed, cost=COST, samples_skipped={"unreadable image": 40, "lost": 1}, skipped_unit="samples")
    for folder in copies:
        end(folder, cost=COST, samples_skipped={"unreadable image": 2})
    end(whole, cost=COST, samples_skipped={})
    assert main(["collect", "little", "--results", str(results)]) == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "could not be read: unreadable image (up to 2 pairs in 2 runs), unreadable image (40 samples in 1 run), "
        "lost (1 sample in 1 run)"
    )


@pytest.mark.parametrize(("lr", "place"), [(0.001, ", the least"), (0.002, ""), (0.004, ", the greatest")])
def test_how_a_learning_rate_was_chosen(lr, place):
    from study.collect.rows import tuned_label
    from study.records import Tuning

    tuning = Tuning(runs=("r1", "r2", "r3"), dataset="set/validation", metrics=("recall",))
    label = tuned_label(tuning, {"lr": lr, "lr_tried": {"0.001": 0.1, "0.002": None, "0.004": 0.3}})
    assert label == f"lr {lr:g}{place} of 3 tried, by set/validation"
