"""Which accelerations a run is trained with: as it was asked, as a probe found, or as the run began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from study import io
from study.errors import PlanError, StudyError
from study.predict.probed import Probe, probes
from study.records import Accelerated
from study.saved import samples_saved
from study.train.accelerations import ACCELERATIONS
from study.train.accelerations.base import Acceleration
from study.train.divergence import Diverged
from study.train.recorder import Interrupted
from study.train.session import Session

FILE = "accelerations.json"  # in a run's folder


class AccelerationError(Exception):
    """A step failed that was made with accelerations, which may be why; ``names`` are those."""

    def __init__(self, names: Sequence[str], reason: str) -> None:
        super().__init__(f"with {', '.join(names)} ({reason})")
        self.names, self.reason = tuple(names), reason


def asked(text: str) -> tuple[str, ...] | None:
    """The names in ``none`` or ``NAME,NAME``, sorted, or none for ``auto``.

    Raises UnknownNameError for a name that is not registered, PlanError for two that exclude each other.
    """
    if text == "auto":
        return None
    names = () if text == "none" else tuple(sorted({name.strip() for name in text.split(",")}))
    for name in names:
        both = ACCELERATIONS.load(name).excludes & set(names)
        if both:
            raise PlanError(f"--accelerate {text}: {name} and {min(both)} exclude each other; take one")
    return names


def decide(session: Session, run: Path, results: Path, text: str, say: Callable[[str], None]) -> Accelerated:
    """What is on in a run that is about to be trained or taken up again, kept in its folder.

    One that goes on from a checkpoint is trained as it began. What failed in this run stays off, and so does what
    cannot be on here; both are told. Raises as ``asked`` does.
    """
    wanted, before = asked(text), _read(run)
    if samples_saved(run):
        names = before.on
        if wanted is not None and wanted != names:
            say(f"goes on with {', '.join(names) or 'no acceleration'}, as it began; not with --accelerate {text}")
    else:
        names = _probed(session, results) if wanted is None else wanted
    chosen = Accelerated(
        on=tuple(name for name in names if _can_be_on(name, session, before, say)), failed=before.failed
    )
    if session.place.leads and chosen != before:
        io.write_json(run / FILE, chosen.model_dump(mode="json"))
    return chosen


def _read(run: Path) -> Accelerated:
    return Accelerated.model_validate(io.read_json(run / FILE)) if (run / FILE).exists() else Accelerated()


def _can_be_on(name: str, session: Session, before: Accelerated, say: Callable[[str], None]) -> bool:
    if name in before.failed:
        say(f"{name} is off: it failed in this run ({before.failed[name]})")
        return False
    problem = ACCELERATIONS.load(name)().problem(session)
    if problem:
        say(f"{name} is off: {problem}")
    return not problem


def _probed(session: Session, results: Path) -> tuple[str, ...]:
    """What the newest probe of this configuration on this device chose, where that saves more than it takes to start.

    A run in several processes is probed in one, with its share of the batch.
    """
    found = [probe for probe in probes(results) if _is_of(probe, session)]
    if not found:
        return ()
    newest = max(found, key=lambda probe: probe.taken)
    samples = session.spec.samples_seen // session.place.world_size
    return newest.accelerations if newest.seconds_saved(samples) > 0 else ()


def _is_of(probe: Probe, session: Session) -> bool:
    spec, place, last = session.spec, session.place, session.phases[-1]
    on_gpu = place.device.type == "cuda"
    told = (probe.device, probe.device_kind, probe.precision, probe.arch, probe.strategy, probe.image_size)
    here = (place.kind, place.device.type, session.precision, spec.arch.label, spec.strategy.label, last.image_size)
    sizes = (probe.text_length, probe.global_batch_size, probe.micro_batch_size)
    own = (last.text_length, spec.global_batch_size // place.world_size, session.micro_batch_size)
    return told == here and sizes == own and (on_gpu or probe.threads == place.threads)


@contextmanager
def switched_on(session: Session) -> Iterator[None]:
    """Within the block, the session's steps are made with its accelerations.

    Raises AccelerationError where an error ends the block that may be the fault of one of them.
    """
    every = made(session.accelerated.on)
    blamed = [name for name, one in every.items() if one.may_fail]
    try:
        with ExitStack() as stack:
            for one in every.values():
                stack.enter_context(one.on(session))
            yield
    except (Diverged, Interrupted, StudyError):
        raise
    except Exception as error:
        if not blamed:
            raise
        raise AccelerationError(blamed, first_line(error)) from error
    finally:
        for one in every.values():
            one.release()


def candidates(session: Session) -> dict[str, frozenset[str]]:
    """Names of those that can be on here, each with the names that it excludes."""
    every = made(ACCELERATIONS.names())
    return {name: one.excludes for name, one in every.items() if one.problem(session) is None}


def made(names: Sequence[str]) -> dict[str, Acceleration]:
    """An object of each, by name."""
    return {name: ACCELERATIONS.load(name)() for name in names}


def give_up(run: Path, error: AccelerationError) -> None:
    """Keep that accelerations failed, so that the run goes on without them."""
    before = _read(run)
    failed = {**before.failed, **dict.fromkeys(error.names, error.reason)}
    on = tuple(name for name in before.on if name not in failed)
    io.write_json(run / FILE, Accelerated(on=on, failed=failed).model_dump(mode="json"))


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__
