"""Train one run folder to its outcome, whatever that is; resume where an earlier process stopped."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from study import io
from study.config.spec import read_outcome, read_spec
from study.errors import DataError, StoppedError
from study.measure.timing import StepTimer
from study.records import FAILURE, Outcome, RunSpec, Status
from study.saved import samples_saved
from study.train import outcome as outcomes
from study.train.accelerate import AccelerationError, decide, give_up, switched_on
from study.train.attempts import Attempts
from study.train.decoding import Decoding
from study.train.device import Place
from study.train.divergence import Diverged
from study.train.ended import restored, settle
from study.train.failure import End, end_of
from study.train.faults import StoppedWaiting
from study.train.loop import train
from study.train.pairs import open_pairs
from study.train.recorder import Interrupted, Recorder
from study.train.session import Session
from study.train.setup import open_session
from study.train.signals import listening

TOGETHER = (Status.DIVERGED, Status.BAD_DATA)  # all processes of a run meet these at the same step


@dataclass(frozen=True)
class Trained:
    """A run's outcome, and its session with the live model where this process trained it."""

    outcome: Outcome
    session: Session | None


@dataclass(frozen=True)
class Switches:
    """What may differ from one process to the next without changing the result.

    ``begins`` is told after how many samples the run is taken up; what it raises keeps the run from being trained.
    ``accelerate`` is what is on: ``none``, names with commas, or ``auto``, what a probe of this configuration chose.
    With ``shard`` several processes hold a share each of the towers, for those that fit a device in no other way.
    ``study`` is whose plan says where the data lies and how much of it may be unreadable; none = the last plan.
    """

    place: Callable[[], AbstractContextManager[Place]]
    say: Callable[[str], None]
    micro_batch_size: int | None = None
    checkpoint_seconds: float = 120.0
    already: float = 0.0
    begins: Callable[[int], None] = lambda samples: None
    accelerate: str = "auto"
    shard: bool = False
    study: str | None = None


def train_run(spec_path: Path, results: Path, switches: Switches) -> Trained:
    """Train a run unless it has an outcome; write ``outcome.json`` when it ends.

    Divergence, lack of memory and bad data are outcomes. Raises StoppedError after a signal, BusyError when another
    process holds the folder, StorageError when the disk fails, and UnansweredError when a store of its data does not
    answer: these leave no outcome.
    """
    run = spec_path.parent
    with switches.place() as place, _held(run, place):
        done = place.from_leader(lambda: read_outcome(run) or restored(run, spec_path))
        if done is not None:
            switches.say(f"already {done.status}, nothing to train")
            return Trained(done, None)
        trained = _with_or_without(read_spec(spec_path), run, results, place, switches)
        if place.leads:
            settle(run, trained.outcome, trained.session)
        reason = f": {trained.outcome.reason}" if trained.outcome.reason else ""
        switches.say(f"{trained.outcome.status}{reason}")
        return trained


def _held(run: Path, place: Place) -> AbstractContextManager[None]:
    return io.lock(run / ".lock") if place.leads else nullcontext()


def _with_or_without(spec: RunSpec, run: Path, results: Path, place: Place, switches: Switches) -> Trained:
    """Train with the accelerations that are on; where a step fails, go on from the last checkpoint without them."""
    try:
        return _to_the_end(spec, run, results, place, switches)
    except AccelerationError as error:
        give_up(run, error)
        switches.say(f"a step failed {error}; the run goes on without")
    gc.collect()  # here, where no frame of the error holds what it had on the device
    return _to_the_end(spec, run, results, place, replace(switches, already=0.0))


def _to_the_end(spec: RunSpec, run: Path, results: Path, place: Place, switches: Switches) -> Trained:
    attempts, timer = Attempts(run, switches.already, place), StepTimer(place.device)
    session: Session | None = None
    end = End(Status.COMPLETED)
    with listening() as flag, attempts.measured():
        try:
            pairs = partial(open_pairs, study=switches.study, watch=Decoding(switches.say, flag, place))
            session = open_session(spec, results, place, switches.micro_batch_size, pairs, switches.shard)
            recorder = Recorder(session, run, timer, attempts, switches.say, flag, switches.checkpoint_seconds)
            session.feed.asked_to_stop = flag
            session.feed.pairs.hear(switches.say)
            session.accelerated = decide(session, run, results, switches.accelerate, switches.say)
            with switched_on(session):
                _go(session, timer, recorder, switches)
        except AccelerationError:
            attempts.update(session.samples_seen if session else 0)
            raise
        except (Interrupted, StoppedWaiting) as stop:
            if session is None and place.leads:
                attempts.begin(samples_saved(run))
            by = flag.reason or "a signal to another process"
            raise StoppedError(f"stopped by {by}; {stop}, the same command goes on from here") from None
        except (Diverged, DataError, MemoryError, RuntimeError) as error:  # lack of GPU memory is a RuntimeError
            found = end_of(error)
            if found is None or (found.status not in TOGETHER and not place.leads):
                raise  # a process that does not lead writes no outcome: its end ends the others
            end = found
    outcome = outcomes.make(spec, place, session, timer, attempts, run, end)
    return Trained(outcome, session)


def _go(session: Session, timer: StepTimer, recorder: Recorder, switches: Switches) -> None:
    place, spec = session.place, session.spec
    resumed = recorder.resume()
    switches.begins(session.samples_seen)
    recorder.attempts.begin(session.samples_seen)
    (recorder.run / FAILURE).unlink(missing_ok=True)
    how = (session.precision, *(["sharded"] if session.sharded else []), *session.accelerated.on)
    switches.say(
        f"{spec.arch.label}, {spec.strategy.label}, {len(session.feed.pairs):,} pairs, {spec.samples_seen:,} samples"
        f" on {place.kind} ({place.world_size} x {place.threads} threads, {', '.join(how)})"
        + (f"; goes on at {session.samples_seen:,}" if resumed else "")
    )
    train(session, timer, recorder)
    session.put_together(place.device)  # for what comes after training
