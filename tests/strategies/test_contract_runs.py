"""Every strategy on every family of towers as a run: trained, stopped, resumed; or refused when planned."""

import pytest
import torch

from study import checkpoint
from study.config.spec import read_spec
from study.measure.timing import StepTimer
from study.models.resize import resize
from study.records import Scores
from study.strategies import STRATEGIES
from study.train import loop
from study.train.attempts import Attempts
from study.train.device import place
from study.train.recorder import Interrupted, Recorder
from study.train.setup import open_session
from study.train.steps import read_steps
from tests.strategies.parts import OPTIONS, SIZES, make_spec_for, parts, refusals

TOWERS = ["vit_pico", "resnet_pico", "convnext_pico", "swin_pico"]
BATCH, STEPS = 16, 6
# phases end and begin in the middle of so short a run
IN_TWO = {"flip": {"unmasked_share": 0.5}, "reclip": {"full_share": 0.5}}


def go_on(path, steps):
    """Train in a new session from what is on disk, as a new process would; stop after some steps.

    The first sample of the session, and the weights if the run ended.
    """
    spec, run = read_spec(path), path.parent
    with place("cpu", 1) as where:
        session, timer, left = open_session(spec, path.parents[2], where, None), StepTimer(where.device), [steps]

        def asked_to_stop():
            left[0] -= 1
            return left[0] == 0

        recorder = Recorder(session, run, timer, Attempts(run, 0.0, session.place), print, asked_to_stop, 1e9)
        recorder.resume()
        began = session.samples_seen
        try:
            loop.train(session, timer, recorder)
        except Interrupted:
            return began, None
        return began, checkpoint.fingerprint(session.weights()["model"] | strategy_state(session))


def strategy_state(session):
    return {f"strategy.{name}": value for name, value in session.weights()["strategy"].items()}


@pytest.mark.parametrize("tower", TOWERS)
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_stopped_run_goes_on_to_the_very_same_weights(planned_run, name, tower):
    for reason in refusals(name, tower):
        pytest.skip(reason)
    options = OPTIONS.get(name, {}) | IN_TWO.get(name, {})
    path = planned_run(
        strategy=name,
        arch=tower,
        options=options,
        pairs=2 * BATCH,
        samples_seen=STEPS * BATCH,
        global_batch_size=BATCH,
        image_size=SIZES.get(name),
    )
    found = [go_on(path, 2), go_on(path, 2), go_on(path, STEPS)]
    seen = [line["samples_seen"] for line in read_steps(path.parent)]
    for left in (path.parent / "checkpoints").iterdir():
        left.unlink()
    straight = go_on(path, STEPS)
    assert [began for began, _ in [*found, straight]] == [0, 2 * BATCH, 4 * BATCH, 0]
    assert found[2][1] == straight[1] is not None
    assert seen == [line["samples_seen"] for line in read_steps(path.parent)]


@pytest.mark.parametrize("tower", TOWERS)
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_what_a_strategy_refuses_the_plan_refuses_with_its_place(tmp_path, name, tower):
    from study.errors import GridError
    from study.plan.make import make

    reasons = refusals(name, tower)
    grid = tmp_path / "small.yaml"
    grid.write_text(
        f"common: {{source: embedded, arch: {tower}, global_batch_size: 64, epochs: 4}}\n"
        f"grid: {{strategy: {name}, image_size: {SIZES.get(name, 'null')}}}\n"
    )
    if not reasons:
        (row,) = make(grid, tmp_path / "results").rows
        assert row["train_flops"] > 0
        return
    with pytest.raises(GridError) as refused:
        make(grid, tmp_path / "results")
    assert str(refused.value) == f"{grid}:2:18: grid.strategy: {reasons[0]}"


@pytest.mark.parametrize("tower", TOWERS)
@pytest.mark.parametrize("name", STRATEGIES.names())
def test_what_is_exported_gives_the_embedding_that_is_scored(tmp_path, name, tower):
    import open_clip

    from study.export import export

    model, strategy, phases, arch = parts(name, tower)
    size, length = phases[-1].image_size, phases[-1].text_length
    resize(model, size, length)
    model.eval(), strategy.eval()
    scores = Scores(run_id="r0", outcome_finished="", scores=[])
    export(tmp_path / "model", make_spec_for(arch, name), model, strategy, scores)
    loaded = open_clip.create_model(f"local-dir:{tmp_path / 'model'}").eval()
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    tokens = torch.arange(1, 2 * length + 1).reshape(2, length)
    with torch.no_grad():
        torch.testing.assert_close(loaded.encode_image(images), strategy.image_embedding(model, images))
        torch.testing.assert_close(loaded.encode_text(tokens), strategy.text_embedding(model, tokens))
