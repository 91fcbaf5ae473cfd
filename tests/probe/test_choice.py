"""Which accelerations are chosen, by times made up and by a real probe."""

import json
from dataclasses import dataclass

import pytest

from study.cli import main
from study.errors import ProbeError
from study.predict.probed import probes
from study.probe.choice import chosen, greedy
from study.train.accelerations import ACCELERATIONS

EVERY = {name: ACCELERATIONS.load(name).excludes for name in ACCELERATIONS.names()}


@dataclass(frozen=True)
class Pairs:
    """As ``study.probe.turns.Turns``, of times made up."""

    without_ms: list[float]
    on_ms: list[float]


def timed(**factors):
    """A step takes 100 ms times the factor of each that is on; without a factor it fails."""

    def time(names):
        product = 100.0
        for name in names:
            if name not in factors:
                raise ProbeError(f"RuntimeError: no {name} here")
            product *= factors[name]
        return product

    return lambda without, on: [Pairs([time(without)] * 5, [time(on)] * 5)]


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ({"compile": 0.9, "cuda_graphs": 0.8, "tf32": 0.5}, ("cuda_graphs", "tf32")),
        ({"compile": 0.8, "cuda_graphs": 0.9, "tf32": 0.5}, ("compile", "tf32")),
        ({"compile": 0.8, "cuda_graphs": 0.79, "tf32": 1.0}, ("compile",)),  # 1 % more is not worth it
        ({"compile": 0.98, "cuda_graphs": 1.2, "tf32": 0.971}, ()),
        ({"compile": 0.98, "tf32": 0.96}, ("tf32",)),
        ({}, ()),
    ],
)
def test_what_is_faster_beside_what_was_kept_is_kept(factors, expected):
    compared = greedy(EVERY, timed(**factors))
    assert chosen(compared) == expected
    assert len(compared) == 3
    assert {"compile", "cuda_graphs"} not in [set(one.on) for one in compared]


def test_both_times_are_kept_and_so_is_a_failure():
    compile_, graphs, tf32 = greedy(EVERY, timed(compile=0.8, tf32=0.5))
    assert (compile_.without_ms, compile_.on_ms, compile_.ratio, compile_.pairs) == (100, 80, 0.8, 5)
    assert (graphs.kept, graphs.on_ms, graphs.failed) == (False, None, "RuntimeError: no cuda_graphs here")
    assert (tf32.without, tf32.without_ms, tf32.on_ms) == (("compile",), 80, 40)


def test_the_middle_pair_decides_and_not_one_that_was_disturbed():
    without, on = [100.0, 100.0, 100.0, 900.0, 100.0], [99.0, 99.0, 99.0, 99.0, 10.0]
    (found,) = greedy({"tf32": frozenset()}, lambda *names: [Pairs(without[:3], on[:3]), Pairs(without[3:], on[3:])])
    assert (found.ratio, found.kept, found.pairs) == (0.99, False, 5)


SWITCHES = ("--busy", "--steps", "4", "--limit", "5", "--at-once", "1", "--json")


def test_where_nothing_can_be_on_nothing_is(grid, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")  # no compiler
    monkeypatch.setenv("CXX", "absent-c++")
    path = grid("{strategy: clip}")
    assert main(["probe", str(path), *SWITCHES]) == 0
    assert probes(tmp_path / "results")[0].compared is None  # on a CPU only where it is asked for
    assert main(["probe", str(path), *SWITCHES, "--accelerate"]) == 0
    (found,) = probes(tmp_path / "results")  # timed anew, since this was not tried before
    assert (found.compared, found.accelerations) == ((), ())
    capsys.readouterr()
    assert main(["probe", str(path), *SWITCHES, "--accelerate"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["kept"] is True


@pytest.mark.slow
def test_compiled_steps_are_timed_by_turns(grid, tmp_path, capsys):
    path = grid("{strategy: clip}")
    assert main(["probe", str(path), *SWITCHES, "--accelerate", "--at-once", "2"]) == 0
    (found,) = probes(tmp_path / "results")
    (compared,) = found.compared
    assert (compared.without, compared.on, compared.failed, compared.pairs) == ((), ("compile",), None, 8)
    assert f"{compared.on_ms:.3g} ms a step, {compared.without_ms:.3g} ms without" in capsys.readouterr().err
    assert found.accelerations == (("compile",) if compared.kept else ())
    assert (found.phases[0].plain_step_time_ms is not None) is compared.kept
    assert (found.ready_seconds > 0) is compared.kept
