"""``study hardware``: the devices that are known, each with its source; which of them are here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from study.cli import options

if TYPE_CHECKING:
    from study.hardware import Device

EXAMPLES = """\
  study hardware                            all devices; those of this machine are marked
  study hardware h100 --json                one, for a program
  study hardware --hardware ours.yaml       with devices and prices of your own
where ours.yaml, or hardware.yaml in the working directory, is, for example,
  devices:
    - {name: b200, tflops: 2250, memory_gib: 180, bandwidth_gb_s: 8000, watts: 1000, source: the vendor's data sheet}
  prices: {h100: 2.5, b200: 5}              dollars an hour of one; of a CPU, of one thread
  co2_grams_per_kwh: 380"""

NUMBERS = ("tflops", "tflops_fp32", "memory_gib", "bandwidth_gb_s", "watts", "dollars_per_hour")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One device, or all."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="one device, as grids name it (default: all)")
    options.hardware(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print a row a device."""
    from study.config.site import read_site, site_path
    from study.hardware import find, gpu_names, here, recognise

    site = read_site(site_path(args.hardware))
    devices = [find(args.name, site.devices)] if args.name else list(site.devices.values())
    gpus = gpu_names()
    present = here(gpus, site.devices)
    rows = [_row(device, present.get(device.name, 0)) for device in devices]
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    _show(rows)
    for name in dict.fromkeys(gpu for gpu in gpus if recognise(gpu, "cuda", site.devices) is None):
        print(f"this machine has {name}, which no row describes: add one to hardware.yaml (see study hardware --help)")
    return 0


def _row(device: Device, here: int) -> dict[str, Any]:
    return {**asdict(device), "tflops_fp32": device.peak("fp32"), "here": here}


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("name", no_wrap=True)
    for title in ("TFLOP/s", "in fp32", "memory\nGiB", "bandwidth\nGB/s", "power\nW", "price\n$/h", "here"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("source")
    for row in rows:
        shown = ("-" if not row[name] else f"{row[name]:g}" for name in NUMBERS)
        table.add_row(row["name"], *shown, str(row["here"] or ""), row["source"])
    console = table_console()
    console.print(table)
    console.print(
        "TFLOP/s: dense peak in bf16, or in fp32 where there is none; in fp32: without TF32. "
        "Of cpu, all is of one thread (a hyperthread counts as one); here: threads that this process may use."
    )
