"""torch.compile of the towers' forward passes, and of the backward passes that belong to them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch._inductor import config as inductor

from study.models.towers import TowerOutput
from study.train.accelerations.base import Acceleration

if TYPE_CHECKING:
    from study.train.session import Session

Forward = Callable[..., TowerOutput]
CC, CXX = ("CC", ("gcc", "cc", "clang")), ("CXX", ("g++", "c++", "clang++"))
COMPILERS = "TORCHINDUCTOR_COMPILE_THREADS"
FIRST_CAPABILITY = (7, 0)  # what Triton generates code for


class Compiled(Acceleration):
    """Each tower is compiled as a function of its module, so that modules and their names stay as they are.

    Shapes are fixed: a phase of another size, or another number of kept patches, is compiled anew.
    """

    excludes = frozenset({"cuda_graphs"})
    # random numbers as without compiling: a micro-batch must see the same dropout in both of its passes
    options: ClassVar[dict[str, Any]] = {"fallback_random": True}

    def __init__(self) -> None:
        self._made: dict[Forward, Forward] = {}

    def problem(self, session: Session) -> str | None:
        """It needs a compiler and one process: with several nobody has measured it."""
        if session.place.world_size > 1:
            return "it is for a run in one process"
        return _no_compiler(session.place.device)

    @contextmanager
    def on(self, session: Session) -> Iterator[None]:
        """Within the block, the model's towers run compiled."""
        if COMPILERS not in os.environ:
            inductor.compile_threads = 1  # in this process: others need cores and memory that a run has not asked for
        model = session.model
        plain = model.image_forward, model.text_forward
        model.image_forward, model.text_forward = (self._kept(forward) for forward in plain)
        try:
            yield
        finally:
            model.image_forward, model.text_forward = plain

    def release(self) -> None:
        """Forget the compiled towers, and graphs with their memory."""
        self._made.clear()
        torch.compiler.reset()

    def _kept(self, forward: Forward) -> Forward:
        if forward not in self._made:
            self._made[forward] = self.accelerated(forward)
        return self._made[forward]

    def accelerated(self, forward: Forward) -> Forward:
        """A tower's forward pass, compiled when it is first called."""
        made: Forward = torch.compile(forward, dynamic=False, options=dict(self.options))
        return made


def _no_compiler(device: torch.device) -> str | None:
    """What PyTorch's code generator lacks for a device: a compiler, and Triton on a GPU."""
    variable, names = CC if device.type == "cuda" else CXX
    if not any(shutil.which(name) for name in (os.environ.get(variable, names[0]), *names)):
        return f"there is no compiler; install {names[0]}, or name one in {variable}"
    if device.type == "cuda" and find_spec("triton") is None:
        return "Triton is not installed"
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < FIRST_CAPABILITY:
        return f"Triton makes no code for {torch.cuda.get_device_name(device)}"
    return None
