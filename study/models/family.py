"""The architecture seam: a family knows its names and turns a name with options into an ``Arch``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from study.models.arch import Arch
from study.models.traits import Traits
from study.models.vocabulary import SMALL, small_vocabulary_size
from study.records import PluginConfig

Member = Mapping[str, Any]
SMALL_IMAGE_SIZE = 32
SMALL_EMBED_DIM = 128
# 16 tokens hold 95 % of the embedded captions whole.
SMALL_TEXT = {"context_length": 16, "width": 128, "heads": 4, "layers": 2}


class Family(ABC):
    """Architectures that are described in one way; no torch before something is built.

    ``version`` is raised when a name comes to mean other weights, since run ids hold the name alone.
    """

    version: ClassVar[int] = 1

    class Config(PluginConfig):
        """Options of the family's architectures; a subclass adds its own."""

    @abstractmethod
    def names(self) -> list[str]:
        """All names, sorted."""

    @abstractmethod
    def arch(self, config: Any) -> Arch:
        """The architecture of a name and its options; the name is one of ``names``.

        Raises a StudyError for an architecture that cannot be built here.
        """


class SmallFamily(Family):
    """CPU-sized members of one family: 32 px images and one text tower, so that only image towers differ."""

    members: ClassVar[Mapping[str, Member]]

    def names(self) -> list[str]:
        """All members, sorted."""
        return sorted(self.members)

    @abstractmethod
    def traits(self, member: Member) -> Traits:
        """What a member's image tower is."""

    def vision(self, name: str) -> dict[str, Any]:
        """open_clip's vision_cfg: the tower that ``study.models.registered`` makes known to timm."""
        return {"timm_model_name": f"study_{name}", "timm_pool": "", "timm_proj": "linear"}

    def trunk(self, member: Member) -> Member:
        """What timm's class is given; part of the architecture, since its name in timm does not tell."""
        return member

    def arch(self, config: PluginConfig) -> Arch:
        """One member."""
        member = self.members[config.name]
        full = {
            "embed_dim": SMALL_EMBED_DIM,
            "vision_cfg": {"image_size": SMALL_IMAGE_SIZE, **self.vision(config.name)},
            "text_cfg": {"vocab_size": small_vocabulary_size(), **SMALL_TEXT},
        }
        return self.traits(member).arch(config.name, full, SMALL, self.trunk(member))
