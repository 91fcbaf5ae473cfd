"""Where a process trains: its device, its threads, its place among the processes of a run."""

from __future__ import annotations

import fcntl
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar, cast

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import _get_default_store

from study.errors import PlanError, StoppedError
from study.hardware import asked, cpu_threads, processes_here
from study.records import Precision

T = TypeVar("T")
# For one process to wait for another: long enough to write a large checkpoint to a busy file system.
PATIENCE = timedelta(minutes=30)
STOP = "stop"  # in the store of the processes of a run


@dataclass(frozen=True)
class Place:
    """A process's device and rank; ``kind`` is the device's name as the vendor gives it."""

    device: torch.device
    kind: str
    rank: int = 0
    world_size: int = 1
    threads: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def from_leader(self, make: Callable[[], T]) -> T:
        """What ``make`` gives in the process that leads, in all of them; each calls this at the same moment."""
        if self.world_size == 1:
            return make()
        made = [make() if self.leads else None]
        dist.broadcast_object_list(made, src=0, device=self.device)
        return cast(T, made[0])

    def from_all(self, own: T) -> list[T]:
        """What each process gives, by rank, in all of them; each calls this at the same moment."""
        every = [own] * self.world_size
        if self.world_size > 1:
            dist.all_gather_object(every, own)
        return every

    def ask_to_stop(self) -> None:
        """Have ``stop_asked`` be true in all processes from now on, wherever they are."""
        if self.world_size > 1:
            _get_default_store().set(STOP, "")

    def stop_asked(self) -> bool:
        """Whether a process has; found out without the others, so that one may work while others wait."""
        return self.world_size > 1 and bool(_get_default_store().check([STOP]))

    def meet(self) -> None:
        """Return when all processes of the run are here."""
        if self.world_size > 1:
            dist.barrier()

    def precision(self, wanted: Precision) -> Literal["fp32", "bf16"]:
        """What ``auto`` means here: bf16 on a GPU that computes in it, else fp32."""
        if wanted != "auto":
            return wanted
        computes_bf16 = self.device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if computes_bf16 else "fp32"


def cpu_name() -> str:
    """The CPU's model name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


@contextmanager
def place(wanted: str, threads: int | None) -> Iterator[Place]:
    """Take a device (``auto``, ``cpu``, ``cuda`` or ``cuda:N``) and join the run's processes, as torchrun set them.

    On a machine with several GPUs, a run alone in its process takes one that no other run holds. Raises PlanError
    when a GPU is asked for and none is there or free. After an error the others are left when the process ends: they
    would wait for it in vain, or fail before it has told why.
    """
    rank, world_size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if threads is not None and threads < 1:
        raise PlanError(f"--threads {threads}: must be at least 1")
    torch.set_num_threads(threads or cpu_threads(processes_here(world_size)))
    with _device(_asked(wanted, world_size), world_size) as device:
        kind = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
        if world_size > 1:
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        try:
            yield Place(device, kind, rank, world_size, torch.get_num_threads())
        except StoppedError:
            _leave(world_size)
            raise
        _leave(world_size)


def _leave(world_size: int) -> None:
    if world_size > 1:
        dist.destroy_process_group()


def _asked(wanted: str, world_size: int) -> torch.device:
    meant, gpus = asked(wanted), torch.cuda.device_count() if torch.cuda.is_available() else 0
    meant.check(gpus)
    if meant.index is not None and world_size > 1:
        raise PlanError(f"--device {wanted}: several processes take a GPU each; take --device cuda")
    return torch.device("cpu" if not gpus or meant.kind == "cpu" else meant.text.replace("auto", "cuda"))


@contextmanager
def _device(device: torch.device, world_size: int) -> Iterator[torch.device]:
    if device.type != "cuda":
        yield device
    elif device.index is not None or world_size > 1:
        index = device.index if device.index is not None else _of_rank(int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(index)
        yield torch.device("cuda", index)
    else:
        with _free_gpu() as index:
            torch.cuda.set_device(index)
            yield torch.device("cuda", index)


def _of_rank(local: int) -> int:
    """Each process of a machine sees all GPUs of the run there, and takes its own."""
    if local >= torch.cuda.device_count():
        raise PlanError(
            f"process {local} of this machine has no GPU of its own, {torch.cuda.device_count()} can be seen; take "
            "fewer --processes, or see that each process sees all GPUs of its machine"
        )
    return local


@contextmanager
def _free_gpu() -> Iterator[int]:
    """Hold a lock file a GPU, so that runs side by side on one machine take different ones.

    Its name holds the GPU's own id: Slurm may confine jobs to their devices, and then calls the first of each 0.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(",", "_")
    for index in range(torch.cuda.device_count()):
        gpu = f"{visible}-{index}-{torch.cuda.get_device_properties(index).uuid}"
        path = Path(tempfile.gettempdir()) / f"study-gpu-{os.getuid()}-{gpu}.lock"
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield index
            return
    raise PlanError("every GPU of this machine is taken by another run; start fewer at once, or name one by --device")
