"""What a run leaves behind while it trains: steps, checkpoints, a line every ten seconds; and when it must end."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import torch
from torch import Tensor

from study import checkpoint, io
from study.measure.timing import StepTimer
from study.strategies.base import StepOutput
from study.train.agreement import Agreement, Wish
from study.train.attempts import Attempts
from study.train.divergence import check
from study.train.faults import StoppedWaiting
from study.train.progress import progress
from study.train.session import Session
from study.train.state import restore, restores_on, state_of
from study.train.steps import read_steps

WINDOW = 20  # steps a line of steps.jsonl; losses are read from the device only then
PRINT_SECONDS = 10.0


class Interrupted(Exception):
    """A signal asked for a checkpoint and an end; the message is whether it is saved."""


@dataclass
class Recorder:
    """Called after every step; raises Diverged or Interrupted to end the run."""

    session: Session
    run: Path
    timer: StepTimer
    attempts: Attempts
    say: Callable[[str], None]
    asked_to_stop: Callable[[], bool]
    checkpoint_seconds: float
    window: list[dict[str, Tensor]] = field(default_factory=list)
    last_line: dict[str, float] = field(default_factory=dict)
    _printed: float = field(default_factory=time.monotonic)
    _saved: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._agree = Agreement(self.session.place)

    def after_step(self, output: StepOutput, rate: float) -> None:
        """Keep the step's numbers; write, print, save and check when it is time."""
        scale = self.session.model.logit_scale.detach().exp()
        self.window.append({"loss": output.loss.detach(), "logit_scale": scale, **output.logs})
        ended = self.session.samples_seen == self.session.spec.samples_seen
        if ended or len(self.window) == WINDOW:
            self._close_window(rate)
        now = time.monotonic()
        if now - self._printed >= PRINT_SECONDS or ended:
            self._print(now)
        wish = self._agree.last() if ended else self._agree(self._wish(now))
        if wish is not Wish.GO_ON and not ended:
            self.save()
        if wish is Wish.STOP and not ended:
            self.session.place.meet()  # who ends first would end those that still save
            raise Interrupted("saved")

    def end_between_steps(self) -> NoReturn:
        """Save, and raise Interrupted: for a run of one process, which is between two steps."""
        self.save()
        raise Interrupted("saved")

    def _wish(self, now: float) -> Wish:
        if self.asked_to_stop():
            return Wish.STOP
        is_due = self.session.place.leads and now - self._saved >= self.checkpoint_seconds
        return Wish.SAVE if is_due else Wish.GO_ON

    def _close_window(self, rate: float) -> None:
        self._count_skipped()
        means = {name: _mean([step[name] for step in self.window]) for name in self.window[0]}
        steps, self.window = len(self.window), []
        if self.session.place.leads:
            finite = {name: value if math.isfinite(value) else None for name, value in means.items()}
            line = {"samples_seen": self.session.samples_seen, "steps": steps, "lr": rate, **finite}
            io.append_line(self.run / "steps.jsonl", json.dumps(line))
        self.last_line = means
        check(means, self.session.samples_seen, self.session.spec.global_batch_size)

    def _count_skipped(self) -> None:
        """Raises in all processes where one could not go on: what was trained without its data is not kept."""
        session = self.session
        try:
            session.feed.skipped.agree(session.place, session.samples_seen, session.spec.samples_seen)
        except StoppedWaiting as stop:
            raise Interrupted(str(stop)) from None

    def _print(self, now: float) -> None:
        self._printed = now
        seen = self.session.samples_seen
        self.timer.settle()
        self.say(progress(self.session.spec, seen, self.timer.step_ms, self.last_line.get("loss")))
        if self.session.place.leads:
            self.attempts.update(seen)

    def save(self) -> None:
        """Write a checkpoint of the run as it stands after the last step; every process calls this at that step."""
        self._count_skipped()
        self._saved = time.monotonic()
        self.timer.settle()
        own = state_of(self.session)
        if not self.session.place.leads:
            return  # it has given its share
        window = [{name: value.item() for name, value in step.items()} for step in self.window]
        timing = {"step_ms": self.timer.step_ms, "data_ms": self.timer.data_ms}
        checkpoint.save(self.run, self.session.samples_seen, {**own, "window": window, "timing": timing})
        self.attempts.update(self.session.samples_seen)

    def resume(self) -> bool:
        """Go on from the newest whole checkpoint, if there is one; steps written after it are dropped.

        The process that leads chooses it, so that all have the same.
        """
        place, device = self.session.place, restores_on(self.session)
        state = checkpoint.load_latest(self.run, device, self.say) if place.leads else None
        seen = place.from_leader(lambda: None if state is None else state["samples_seen"])
        if not place.leads and seen is not None:
            state = checkpoint.load_after(self.run, seen, device)
        if state is not None:
            restore(self.session, state)
            self.window = [{n: torch.tensor(v) for n, v in step.items()} for step in state["window"]]
            self.timer.step_ms, self.timer.data_ms = state["timing"]["step_ms"], state["timing"]["data_ms"]
        if place.leads:
            steps = read_steps(self.run)
            self.attempts.reached(max((line["samples_seen"] for line in steps), default=0))
            kept = [line for line in steps if line["samples_seen"] <= self.session.samples_seen]
            io.write_text(self.run / "steps.jsonl", "".join(json.dumps(line) + "\n" for line in kept))
        return state is not None


def _mean(values: list[Tensor]) -> float:
    return torch.stack([value.detach().float().cpu() for value in values]).mean().item()
