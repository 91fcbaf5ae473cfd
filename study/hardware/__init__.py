"""Devices that studies run on, this machine's own, and what a user says of theirs."""

from study.hardware.devices import DEVICES, Device, find, plain, recognise
from study.hardware.machine import cores, gpu_names, gpus_present, here
from study.hardware.site import BUILT_IN, Site

__all__ = [
    "BUILT_IN",
    "DEVICES",
    "Device",
    "Site",
    "cores",
    "find",
    "gpu_names",
    "gpus_present",
    "here",
    "plain",
    "recognise",
]
