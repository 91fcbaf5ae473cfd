"""The family that a name tells is the one that the tower has."""

import pytest

from study.imported.architectures import family
from study.models import resolve
from study.records import PluginRef

NAMES = (
    "ViT-B-32", "ViT-L-14-336", "ViT-B-16-SigLIP", "RN50", "RN50x4", "convnext_base_w", "swin_base_patch4_window7_224",
    "EVA02-B-16", "ViTamin-S", "vit_medium_patch16_gap_256", "vit_nano", "resnet_nano", "MobileCLIP-S1",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_family(name):
    assert family(name) == resolve(PluginRef(name=name)).family


def test_the_image_tower_names_the_family_of_a_model_with_two_names():
    assert family("xlm-roberta-base-ViT-B-32") == "vit"
    assert family("coca_ViT-L-14") == "vit"
    assert family("something else") == "other"
