"""A small scored pool, and functions that plan a grid over it."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with ``pairs.csv``: 1,000 pairs with scores, whose images nobody needs to plan."""
    monkeypatch.chdir(tmp_path)
    rows = "\n".join(f"{i}.png,caption {i},{i / 1000}" for i in range(1000))
    (tmp_path / "pairs.csv").write_text(f"image,caption,score\n{rows}\n")
    return tmp_path


COMMON = (
    "common: {source: {name: table, path: pairs.csv, score_column: score}, arch: vit_pico, strategy: clip, "
    "global_batch_size: 100}\n"
)


@pytest.fixture
def write_grid(folder):
    """A function that writes a grid file with the common settings above and these sub-grids."""

    def write(sub_grids, head=COMMON, name="small"):
        path = folder / f"{name}.yaml"
        path.write_text(f"{head}grid: {sub_grids}\n")
        return path.relative_to(folder)

    return write


@pytest.fixture
def planned(folder, write_grid):
    """A function from sub-grids to a plan that is on disk."""
    from study.plan.make import Options, make
    from study.plan.write import write

    def plan(sub_grids, options=None, **given):
        made = make(write_grid(sub_grids, **given), folder / "results", options or Options())
        write(made)
        return made

    return plan


@pytest.fixture
def outcome(folder):
    """A function that gives a run an outcome: 36 s of start-up, then 100 samples at so many a second."""
    from study import io
    from study.records import Cost, Outcome

    def write(run_id, samples_per_second=None, status="completed"):
        train = 100 / samples_per_second / 3600 if samples_per_second else None
        cost = Cost(
            device="a processor",
            device_kind="cpu",
            world_size=1,
            threads=1,
            loader_workers=0,
            precision="fp32",
            micro_batch_size=100,
            grad_accum_steps=1,
            gpu_hours=train and train + 0.01,
            train_hours=train,
            start_up_seconds=36.0,
            samples_per_second_per_gpu=samples_per_second,
        )
        told = Outcome(
            run_id=run_id,
            status=status,
            reason=None if status == "completed" else "the loss is nan",
            samples_seen=100,
            steps=1,
            finished="2025-01-01T00:00:00+00:00",
            resolved={},
            cost=cost if samples_per_second else None,
        )
        path = folder / "results" / "runs" / run_id / "outcome.json"
        io.write_json(path, told.model_dump(mode="json"))
        return path

    return write
