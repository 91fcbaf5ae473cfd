"""How fast JPEGs become squares of uint8: this project's decoding, Pillow, torchvision and others, on one thread.

    python benchmarks/decoding.py
    python benchmarks/decoding.py --rounds 31 --sizes 64 224

Pictures: three photographs that come with scikit-learn and matplotlib, and made ones (1/f textures in colour, since no
larger photographs come with any package), all as JPEGs of quality 90 or 75; bytes a pixel are told, of photographs 0.15
to 0.3 is usual. Ways take turns on the same pictures in one process; times are CPU time of the thread, a ratio is the
median over rounds of ratios within a round. Differences are the mean and largest from Pillow's full decode and
antialiased bicubic resize, in levels of 255.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import matplotlib
import numpy as np
import simplejpeg
import sklearn.datasets
import torch
from PIL import Image, ImageOps
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor
from torchvision.transforms.functional import center_crop, resize

from study.data.decoding import decode

Way = Callable[[bytes, int], object]
BICUBIC = Image.Resampling.BICUBIC


def photographs() -> list[Image.Image]:
    """Real ones, 640 x 427 and 512 x 600."""
    shown = Path(sklearn.datasets.__file__).parent / "images"
    paths = shown / "china.jpg", shown / "flower.jpg", Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg"
    return [Image.open(path).convert("RGB") for path in paths]


def made(width: int, height: int, seed: int) -> Image.Image:
    """A texture whose amplitudes fall with frequency as those of photographs do."""
    chance = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    texture = np.fft.irfft2(np.fft.rfft2(chance.standard_normal((3, height, width))) / frequency**1.5, (height, width))
    texture = (texture - texture.mean((1, 2), keepdims=True)) / texture.std((1, 2), keepdims=True)
    levels = 128 + 45 * texture[:1] + 25 * texture
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8).transpose(1, 2, 0))


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Encoded, with colours at half the resolution, as most are."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def pillow(content: bytes, size: int) -> np.ndarray:
    """All of it by Pillow, to uint8."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(ImageOps.fit(image.convert("RGB"), (size, size), BICUBIC))


def draft(content: bytes, size: int) -> np.ndarray:
    """Pillow's reduced size, to uint8."""
    with Image.open(io.BytesIO(content)) as image:
        image.draft("RGB", (size, size))
        return np.asarray(ImageOps.fit(image.convert("RGB"), (size, size), BICUBIC))


def open_clip(content: bytes, size: int) -> torch.Tensor:
    """Pillow and torchvision's transforms as open_clip has them, to normalised float."""
    mean, std = (0.481, 0.458, 0.408), (0.269, 0.261, 0.276)
    steps = (Resize(size, InterpolationMode.BICUBIC), CenterCrop(size), ToTensor(), Normalize(mean, std))
    with Image.open(io.BytesIO(content)) as image:
        found: torch.Tensor = Compose(steps)(image.convert("RGB"))
    return found


def torchvision(content: bytes, size: int) -> torch.Tensor:
    """Torchvision's decoder and resize of tensors, to uint8."""
    image = decode_image(torch.frombuffer(bytearray(content), dtype=torch.uint8), ImageReadMode.RGB)
    found: torch.Tensor = center_crop(resize(image, size, InterpolationMode.BICUBIC, antialias=True), size)
    return found


def reduced_alone(content: bytes, size: int) -> np.ndarray:
    """What simplejpeg takes without any resize: the bound."""
    found: np.ndarray = simplejpeg.decode_jpeg(content, "RGB", min_height=size, min_width=size)
    return found


WAYS: dict[str, Way] = {
    "open_clip (Pillow + torchvision, float)": open_clip,
    "Pillow": pillow,
    "Pillow draft": draft,
    "torchvision (tensors)": torchvision,
    "this project": decode,
    "simplejpeg, not resized": reduced_alone,
}


def timed(way: Way, contents: Sequence[bytes], size: int) -> float:
    """Milliseconds of CPU an image."""
    start = time.thread_time()
    for content in contents:
        way(content, size)
    return 1e3 * (time.thread_time() - start) / len(contents)


def compare(name: str, contents: Sequence[bytes], size: int, rounds: int) -> None:
    """A line a way: time, this project's speed over it, and for this project how far its pixels are off."""
    pixels = sum(np.prod(Image.open(io.BytesIO(content)).size) for content in contents)
    print(f"\n{name}, {sum(map(len, contents)) / pixels:.2f} bytes a pixel, to {size}")
    times = [{way: timed(call, contents, size) for way, call in WAYS.items()} for _ in range(rounds + 1)][1:]
    for way in WAYS:
        ratio = median(turn[way] / turn["this project"] for turn in times)
        print(f"  {way:<40} {median(turn[way] for turn in times):6.2f} ms   {ratio:5.2f} x this project's time")
    off = [np.abs(decode(content, size).astype(int) - pillow(content, size)) for content in contents]
    print(f"  off by {np.mean([o.mean() for o in off]):.2f} on average, {max(o.max() for o in off)} at most")


def main() -> None:
    """All sets of pictures at all sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 112, 224])
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    torch.set_num_threads(1)
    real = photographs()
    sets = {
        "photographs, quality 90": [jpeg(image, 90) for image in real],
        "photographs, quality 75": [jpeg(image, 75) for image in real],
        "made 640 x 480, quality 90": [jpeg(made(640, 480, seed), 90) for seed in range(6)],
        "made 1024 x 768, quality 90": [jpeg(made(1024, 768, seed), 90) for seed in range(6)],
    }
    for name, contents in sets.items():
        for size in args.sizes:
            compare(name, contents, size, args.rounds)


if __name__ == "__main__":
    main()
