"""What a run asks of the machine: threads, GPUs, memory, minutes."""

from __future__ import annotations

import math

from study.hardware import Device, cpu_threads

# A small tower is fastest in one thread, and many of them fill the machine better than one run with many threads.
SMALL_GMACS = 1.0
IMPORTS_MB = 1500  # torch, open_clip and clip-benchmark: 0.9 GiB resident, and room for the data
GPU_HOST_MB = 8000  # a process that feeds a GPU: pinned buffers, CUDA's own
# A checkpoint is made whole in memory: weights and two moments in fp32, in a buffer that grows by an eighth at a time.
CHECKPOINT_BYTES_A_PARAMETER = 14
# Of towers that are sharded the same, put together on the first process before it becomes a checkpoint.
GATHERED_BYTES_A_PARAMETER = 12
MINUTES_MARGIN = 10
TIME_MARGIN = 1.5  # on the upper end of the prediction; a scheduler kills what runs over


def threads_for(gmacs_per_sample: float, device: Device) -> int:
    """CPU threads of a run: one for a small tower on a CPU, else all there are; a share of them beside a GPU."""
    if device.is_cpu:
        return 1 if gmacs_per_sample < SMALL_GMACS else cpu_threads()
    return min(8, cpu_threads())


def host_memory_mb(device: Device, memory_gib: float, params_m: float) -> int:
    """Main memory of a run's process: its own, a checkpoint, and on a CPU what training takes, a tenth more."""
    own = GPU_HOST_MB if not device.is_cpu else IMPORTS_MB + math.ceil(1.1 * memory_gib * 1024)
    return own + math.ceil(params_m * CHECKPOINT_BYTES_A_PARAMETER)


def gathered_mb(params_m: float, sharded: bool) -> int:
    """Main memory beside that of a node's processes, where the first of them puts towers together."""
    return math.ceil(params_m * GATHERED_BYTES_A_PARAMETER) if sharded else 0


def runtime_minutes(gpu_hours_high: float, devices: int) -> int:
    """Wall minutes to ask a scheduler for."""
    return math.ceil(TIME_MARGIN * gpu_hours_high / devices * 60) + MINUTES_MARGIN
