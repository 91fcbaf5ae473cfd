"""Device-hours with scoring, by hand."""

import polars as pl

from study.summary.runs import spent_hours


def test_all_devices_of_a_run_are_held_while_it_is_scored():
    runs = pl.DataFrame(
        {
            "gpu_hours": [8.0, 1.0, 1.0, None],
            "evaluate_hours": [0.1, 0.1, None, 0.1],
            "n_gpus": [8, None, 1, 1],
        }
    )
    assert runs.select(spent_hours())["gpu_hours"].to_list() == [8.8, 1.1, 1.0, None]
