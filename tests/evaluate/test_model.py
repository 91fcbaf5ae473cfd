import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from study import io
from study.data.views import plain
from study.evaluate.asked import Asked, Evaluation, SetRef
from study.evaluate.model import Subject, evaluate, evaluate_model, summary
from study.models import build, resolve
from study.records import Outcome, PluginRef, Status
from study.strategies import STRATEGIES
from study.strategies.base import Phase

OUTCOME = Outcome(
    run_id="r0123456789ab", status=Status.COMPLETED, samples_seen=1, steps=1, finished="2026-01-01", resolved={}
)


def make_subject(arch):
    arch, kind = resolve(PluginRef(name=arch)), STRATEGIES.load("clip")
    phase, source = Phase(1, arch.image_size, arch.text_length), PluginRef(name="embedded")
    return Subject(arch, build(arch, seed=3), kind(kind.Config(name="clip")), phase, source, torch.device("cpu"))


@pytest.fixture(scope="module")
def subject():
    return make_subject("vit_pico")


def scored(subject, *asked):
    results = list(evaluate(subject, asked))
    return {(s.dataset, s.metric): s.value for r in results for s in r.scores}, results


def unit(features):
    return features / np.linalg.norm(features, axis=-1, keepdims=True)


def by_hand(subject, images, texts):
    """Unit-norm features by the model alone, without the package's batches."""
    subject.model.eval()
    with torch.no_grad():
        image_features = subject.model.image(plain(images, 32)).projected.numpy()
        text_features = subject.model.text(subject.tokenizer(texts, subject.phase.text_length)).projected.numpy()
    return unit(image_features), unit(text_features)


def test_class_folders_equal_numpy_on_the_models_features(subject, faces):
    from study.evaluate.external import open_external

    found, (result,) = scored(subject, Asked(name="fer2013", root=str(faces), metrics=("zeroshot", "retrieval")))
    opened = open_external("fer2013", faces, 32)
    (batch,) = opened.batches(10)
    texts = [template.format(c=name) for name in opened.classnames for template in opened.templates]
    images, prompts = by_hand(subject, batch.images, texts)
    classes = unit(prompts.reshape(7, len(opened.templates), -1).mean(axis=1))
    order = np.argsort(-images @ classes.T, axis=1)
    assert found[("fer2013", "zeroshot_top1")] == pytest.approx((order[:, 0] == np.arange(7)).mean())
    assert found[("fer2013", "zeroshot_top5")] == pytest.approx((order[:, :5] == np.arange(7)[:, None]).any(1).mean())
    assert result.error is None
    assert result.metrics == ("retrieval", "zeroshot")  # not defined here, so answered without a score
    assert len(found) == 3


def test_captions_equal_numpy_on_the_models_features(subject, flickr):
    found, _ = scored(subject, Asked(name="flickr30k", root=str(flickr), metrics=("retrieval",)))
    from study.evaluate.external import open_external

    (batch,) = open_external("flickr30k", flickr, 32).batches(100)
    images, texts = by_hand(subject, batch.images, [text for texts in batch.captions for text in texts])
    owner, similarity = np.repeat(np.arange(12), 2), texts @ images.T
    for k in (1, 5, 10):
        image_side = (np.argsort(-similarity, axis=1)[:, :k] == owner[:, None]).any(axis=1).mean()
        text_side = (owner[np.argsort(-similarity.T, axis=1)[:, :k]] == np.arange(12)[:, None]).any(axis=1).mean()
        assert found[("flickr30k", f"image_retrieval_recall_at_{k}")] == pytest.approx(image_side)
        assert found[("flickr30k", f"text_retrieval_recall_at_{k}")] == pytest.approx(text_side)


def test_captions_equal_clip_benchmark_on_its_own_loader(subject, flickr):
    from clip_benchmark.datasets import builder
    from clip_benchmark.metrics import zeroshot_retrieval
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
    from open_clip.transform import image_transform

    transform = image_transform((32, 32), is_train=False, mean=OPENAI_DATASET_MEAN, std=OPENAI_DATASET_STD)
    found = builder.build_dataset(
        "flickr30k", root=str(flickr), transform=transform, download=False, task="zeroshot_retrieval"
    )
    loader = torch.utils.data.DataLoader(found, batch_size=5, collate_fn=builder.image_captions_collate_fn)
    theirs = zeroshot_retrieval.evaluate(
        subject.model.clip.eval(), loader, subject.tokenizer, "cpu", amp=False, recall_k_list=[1, 5, 10]
    )
    ours, _ = scored(subject, Asked("flickr30k", ("retrieval",), str(flickr)))
    for name, value in theirs.items():
        assert ours[("flickr30k", name.replace("@", "_at_"))] == pytest.approx(value)


def test_linear_probe_learns_from_the_training_split(subject, faces):
    # a class is a colour, which even an untrained tower tells apart
    found, _ = scored(subject, Asked(name="fer2013", root=str(faces), metrics=("linear_probe",)))
    assert found[("fer2013", "linear_probe_top1")] == 1


def test_missing_training_split_costs_no_other_score(subject, faces):
    shutil.rmtree(faces / "train")
    asked = Asked(name="fer2013", root=str(faces), metrics=("linear_probe", "zeroshot"))
    found, (result,) = scored(subject, asked)
    assert {metric for _, metric in found} == {"zeroshot_top1", "zeroshot_top5", "zeroshot_mean_per_class"}
    assert result.metrics == ("zeroshot",)
    assert "fer2013" in result.error
    assert "split train cannot be read" in result.error


def test_metric_that_is_not_defined(subject, flickr):
    asked = Asked("flickr30k", ("zeroshot",), str(flickr))
    _, (common, own) = scored(subject, asked, replace(asked, all_defined=True))
    assert (common.error, common.metrics, common.scores) == (None, ("zeroshot",), ())
    assert summary(common).endswith("no metric is defined on it")
    assert own.error == "zeroshot: not defined on flickr30k, which has captions"


def test_broken_weights_have_no_scores(faces):
    broken = make_subject("vit_pico")
    with torch.no_grad():
        broken.model.logit_scale.fill_(0)
        next(broken.model.clip.visual.parameters()).fill_(float("nan"))
    found, (result,) = scored(broken, Asked(name="fer2013", root=str(faces), metrics=("zeroshot",)))
    assert found == {}
    assert "not finite" in result.error


def test_model_is_left_as_it_was(faces):
    subject = make_subject("resnet_nano")
    subject.model.train()
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    for _ in evaluate(subject, [Asked(name="fer2013", root=str(faces), metrics=("zeroshot",))]):
        assert torch.is_grad_enabled()
    assert subject.model.training
    assert all(torch.equal(before[name], value) for name, value in subject.model.state_dict().items())


def test_bf16_is_used_and_recorded(subject, flickr):
    asked = Asked(name="flickr30k", root=str(flickr), metrics=("retrieval",))
    _, (half,) = scored(replace(subject, precision="bf16"), asked)
    assert half.error is None
    assert half.settings["precision"] == "bf16"


def test_a_runs_files(subject, faces, flickr, tmp_path):
    run, lines = tmp_path / "run", []
    sets = (SetRef(name="fer2013", root=str(faces)), SetRef(name="flickr30k", root=str(tmp_path / "nowhere")))
    first = Evaluation(evaluation_id="e1", sets=sets)
    scores = evaluate_model(run, OUTCOME, subject, first, lines.append)
    assert {score.dataset for score in scores.scores} == {"fer2013"}
    assert "there is no folder" in scores.errors["flickr30k"]
    assert io.read_json(run / "scores.json") == scores.model_dump(mode="json")
    assert list(io.read_json(run / "evaluations" / "e1.json")["errors"]) == ["flickr30k"]
    assert lines[0].startswith("evaluated 1/2 fer2013 in ")
    assert "zeroshot_top1 " in lines[0]
    assert "not scored: " in lines[1]

    # another study asks for one set more, and the folder is there now: the first set is not scored again
    mended = SetRef(name="flickr30k", root=str(flickr))
    again = evaluate_model(run, OUTCOME, subject, Evaluation(evaluation_id="e2", sets=(sets[0], mended)), lines.append)
    assert again.errors == {}
    assert len(lines) == 3
    assert {score.dataset for score in again.scores} == {"fer2013", "flickr30k"}
    assert io.read_json(run / "evaluations" / "e2.json")["scored"] == ["fer2013", "flickr30k"]
