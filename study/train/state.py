"""All of a session that its next step depends on, as checkpoints hold it: the same for any number of processes."""

from __future__ import annotations

from typing import Any

import torch

from study.train.moments import placed
from study.train.session import Session
from study.train.sharding import gathered, shared_out


def state_of(session: Session) -> dict[str, Any]:
    """Model, optimiser, strategy and place in the run, as if one process trained; every process calls this.

    Where weights are sharded, the process that leads alone has all of them.
    """
    return {
        **session.weights(),
        "optimizer": gathered(session.optimizer.state_dict(), session.place.leads),
        "inner": session.strategy.inner_state(),
        "samples_seen": session.samples_seen,
        "samples_skipped": session.feed.skipped.streamed,
        "phase_index": session.phase_index,
    }


def restores_on(session: Session) -> torch.device:
    """Where a checkpoint's state is read to: whole it may not fit beside what is there."""
    return torch.device("cpu") if session.sharded else session.place.device


def restore(session: Session, state: dict[str, Any]) -> None:
    """Go on from a state of ``state_of``, read to ``restores_on``; its weights become the session's share of them."""
    index = state.get("phase_index", 0)  # from before phases of other sizes, which began in the first
    if index != session.phase_index:
        session.enter(index, fresh_optimizer=True)  # its moments are in the state
    own = session.model.state_dict()
    state["model"].update({name: shared_out(value, own[name]) for name, value in state["model"].items()})
    session.model.load_state_dict(state["model"])
    session.strategy.load_state_dict(state["strategy"])
    kept, parameters = state["optimizer"], session.parameters()
    states = {index: placed(one, parameters[index]) for index, one in kept["state"].items()}
    session.optimizer.load_state_dict({**kept, "state": states})
    session.strategy.load_inner_state(state["inner"])
    session.samples_seen = state["samples_seen"]
    session.feed.skipped.before = state.get("samples_skipped", {})  # none from before pairs were read while training
