"""Devices that studies run on, this machine's own, and what a user says of theirs."""

from study.hardware.devices import DEVICES, Device, find, plain, recognise
from study.hardware.machine import cpu_threads, here, processes_here
from study.hardware.site import BUILT_IN, Site
from study.hardware.visible import Gpu, gpu_names, gpus, gpus_present
from study.hardware.wanted import Asked, asked

__all__ = [
    "BUILT_IN",
    "DEVICES",
    "Asked",
    "Device",
    "Gpu",
    "Site",
    "asked",
    "cpu_threads",
    "find",
    "gpu_names",
    "gpus",
    "gpus_present",
    "here",
    "plain",
    "processes_here",
    "recognise",
]
