"""Where planted laws cross, where they do not, and what is said of groups that are not alike."""

import json

import pytest

from study import io
from study.fit.run import fit

FLOPS = [1e12 * 2**power for power in range(8)]
FLAT, STEEP = {"alpha": 0.05, "beta": 3.0}, {"alpha": 0.15, "beta": 3.0 * 1e13**0.1}  # equal at 1e13
NOISE = [1.005, 0.995, 1.0, 1.005, 0.995, 1.0, 1.005, 0.995]


@pytest.fixture
def crossed(results, write_study, law_rows):
    """A function that fits two families' laws and gives the one row of their crossover."""

    def run(one, other):
        rows = law_rows(FLOPS, noise=NOISE, **one) + law_rows(FLOPS, noise=NOISE[::-1], family="resnet", **other)
        write_study(rows)
        fit(results, "little", selections=["all"], laws=["power"])
        table = io.read_parquet(results / "little" / "crossovers.parquet")
        return table.row(0, named=True), table

    return run


def test_a_planted_crossover_is_found_with_its_interval(crossed):
    row, table = crossed(STEEP, FLAT)
    assert table.height == 1
    assert (row["differs"], row["one"], row["other"]) == ("family", "resnet", "vit")
    assert row["crossover"] == pytest.approx(1e13, rel=0.3)
    assert row["low"] < row["crossover"] < row["high"]
    assert row["seen"]
    assert row["verdict"].startswith("vit overtakes resnet at ")
    assert json.loads(row["held_equal"])["quality"] == "unfiltered"
    assert "one seed" in row["provisional"]


def test_laws_that_keep_apart_do_not_cross_in_this_range(crossed):
    row, _ = crossed({"alpha": 0.1, "beta": 10.0}, {"alpha": 0.1, "beta": 8.0})
    assert (row["seen"], row["crossover"]) == (False, None)
    assert row["verdict"] == "not seen in this range: resnet leads from 1e+12 to 1.3e+14 FLOPs"


def test_groups_without_a_common_range_say_so(results, write_study, law_rows):
    write_study(law_rows(FLOPS) + law_rows([1e6 * flop for flop in FLOPS], family="resnet"))
    fit(results, "little", laws=["power"])
    row = io.read_parquet(results / "little" / "crossovers.parquet").row(0, named=True)
    assert (row["verdict"], row["seen"], row["x_min"]) == ("the groups have no compute in common", False, None)


def test_a_study_without_laws_has_an_empty_table(results, write_study):
    write_study([{"status": "failed", "reason": "no such file"}])
    fit(results, "little")
    assert io.read_parquet(results / "little" / "crossovers.parquet").is_empty()
