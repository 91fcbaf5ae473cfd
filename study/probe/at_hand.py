"""The device that a probe is made on: its row of the table, and the GPUs that have to be idle for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from study.errors import ProbeError
from study.hardware import DEVICES, Device, Gpu, asked, gpus, recognise


class AtHand(NamedTuple):
    """A device of this machine; ``gpus`` are those that may be taken, none for a CPU."""

    device: Device
    gpus: tuple[Gpu, ...] = ()


def at_hand(wanted: str, devices: Mapping[str, Device] = DEVICES) -> AtHand:
    """What ``auto``, ``cpu``, ``cuda`` or ``cuda:N`` means on this machine.

    Raises PlanError where there is no such device, ProbeError for one that the table does not know.
    """
    meant = asked(wanted)
    found = [] if meant.kind == "cpu" else gpus()
    meant.check(len(found))
    if not found:
        return AtHand(devices["cpu"])
    mine = found if meant.index is None else found[meant.index :][:1]
    known = recognise(mine[0].name, "cuda", devices)
    if known is None:
        raise ProbeError(f"{mine[0].name} is not in the table of devices; describe it in hardware.yaml")
    return AtHand(devices[known], tuple(mine))
