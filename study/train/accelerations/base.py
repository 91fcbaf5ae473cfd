"""The seam of accelerations: where one can be on, and steps that are made with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from study.train.session import Session


class Acceleration(ABC):
    """A way to make a session's steps faster that changes numbers by rounding alone; an object serves one session.

    It leaves names and values of all weights, the optimiser and its state as they are: a checkpoint that was written
    with it on is read without it.
    """

    excludes: ClassVar[frozenset[str]] = frozenset()  # names of others that cannot be on beside it
    may_fail: ClassVar[bool] = True  # whether an error of a step may be its fault

    @abstractmethod
    def problem(self, session: Session) -> str | None:
        """Why it cannot be on here, in words; none where it can."""

    @abstractmethod
    def on(self, session: Session) -> AbstractContextManager[None]:
        """Within the block, steps are made with it; may be entered again and again."""

    @abstractmethod
    def release(self) -> None:
        """Give back memory that it holds for the next step, when no more are made."""
