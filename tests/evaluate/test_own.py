"""The embedded sets, and the command from a trained run to its scores."""

import json
from dataclasses import replace

import pytest
import torch

from study import io
from study.cli import main
from study.data.samples import Samples
from study.errors import UnknownNameError
from study.evaluate.own import open_own, opened
from study.metrics.base import Need
from study.records import PluginRef
from study.train.device import place
from study.train.run import Switches, train_run

EMBEDDED = PluginRef(name="embedded")


def test_embedded_test_set(embedded):
    found = open_own("embedded/test", EMBEDDED, 32)
    batches = list(found.batches(400))
    images, labels = torch.cat([b.images for b in batches]), torch.cat([b.labels for b in batches])
    expected = embedded.evaluation_set("embedded/test")
    assert images.dtype == torch.uint8
    assert images.shape == (len(expected.labels), 3, 32, 32)
    assert torch.equal(images[7], torch.tensor(expected.samples.images(32)[7]).permute(2, 0, 1))
    assert labels.tolist() == list(expected.labels)
    assert [list(texts) for b in batches for texts in b.captions] == [list(t) for t in expected.image_captions]
    assert found.offers >= {Need.CLASSES, Need.CAPTIONS}
    assert all("{c}" in template for template in found.templates)


def test_set_with_a_training_split():
    found = open_own("embedded/category", EMBEDDED, 32)
    assert found.offers == {Need.CLASSES, Need.TRAIN}
    labels = torch.cat([batch.labels for batch in found.training().batches(500)])
    assert set(labels.tolist()) == set(range(len(found.classnames)))


def test_images_that_cannot_be_read_are_skipped_and_counted(embedded):
    expected = embedded.evaluation_set("embedded/test")

    def read(row):
        return b"not an image" if row == 1 else expected.samples.read(row)

    damaged = replace(expected, samples=Samples(expected.samples.uids, expected.samples.captions, read))
    found = opened(damaged, 32)
    batches = list(found.batches(400))
    assert sum(len(batch.images) for batch in batches) == len(expected.labels) - 1
    assert torch.cat([batch.labels for batch in batches])[:3].tolist() == [0, 2, 3]
    assert list(batches[0].captions[1]) == expected.image_captions[2]
    assert sum(found.skipped().values()) == 1


def test_misspelt_set_gives_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean embedded/test"):
        open_own("embedded/tset", EMBEDDED, 32)


def test_command_scores_a_trained_run(planned_run, capsys):
    spec = planned_run()
    results, run = spec.parents[2], spec.parent
    train_run(spec, results, Switches(lambda: place("cpu", 1), lambda line: None))
    evaluation = results / "tiny" / "evaluation.json"
    io.write_json(evaluation, {"evaluation_id": "e1", "sets": ["embedded/validation"], "metrics": ["retrieval"]})
    arguments = [run.name, "--results", str(results), "--device", "cpu", "--threads", "1", "--json"]
    assert main(["evaluate", *arguments, "--evaluation", str(evaluation)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {score["metric"] for score in shown} == {
        f"{side}_retrieval_recall_at_{k}" for side in ("image", "text") for k in (1, 5, 10)
    }
    assert all(0 <= score["value"] <= 1 for score in shown)
    assert io.read_json(run / "scores.json")["scores"] == shown
    assert io.read_json(run / "evaluations" / "e1.json")["scored"] == ["embedded/validation"]
