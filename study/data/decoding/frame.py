"""What an image is made to fit: so many pixels, by cutting, squashing or padding it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

Mode = Literal["centre", "shortest", "squash", "longest"]
Interpolation = Literal["bicubic", "bilinear"]


class Box(NamedTuple):
    """A part of an image, in pixels and fractions of them."""

    top: float
    left: float
    height: float
    width: float

    def corners(self, height: float, width: float) -> tuple[float, float, float, float]:
        """Left, top, right and bottom within an image of these sides, as Pillow takes them."""
        return self.left, self.top, min(self.left + self.width, width), min(self.top + self.height, height)


@dataclass(frozen=True)
class Frame:
    """``height`` by ``width`` pixels, in this project's way or one of the three of open_clip's ``PreprocessCfg``.

    ``centre``: the largest centre part of these proportions, exactly; ``shortest``: the same on whole pixels of the
    image as it is after a resize of its short side; ``squash``: all of the image, its proportions lost; ``longest``:
    all of it in its proportions, the rest of the frame in grey of the level ``fill`` (0 to 255).
    """

    height: int
    width: int
    mode: Mode = "centre"
    interpolation: Interpolation = "bicubic"
    fill: int = 0

    def part(self, height: float, width: float) -> Box:
        """What is used of an image of these sides."""
        if self.mode == "centre":
            return self._centre(height, width)
        if self.mode == "shortest":
            return self._on_whole_pixels(height, width)
        return Box(0.0, 0.0, height, width)

    def sides(self, height: float, width: float) -> tuple[int, int]:
        """Rows and columns that this part is resized to."""
        if self.mode != "longest":
            return self.height, self.width
        ratio = max(height / self.height, width / self.width)
        return max(1, round(height / ratio)), max(1, round(width / ratio))

    def _centre(self, height: float, width: float) -> Box:
        if height * self.width <= width * self.height:
            used = Box(0.0, 0.0, height, height * (self.width / self.height))
        else:
            used = Box(0.0, 0.0, width * (self.height / self.width), width)
        return used._replace(top=(height - used.height) / 2, left=(width - used.width) / 2)

    def _on_whole_pixels(self, height: float, width: float) -> Box:
        rows, columns = self._resized(height, width)
        top, left = round((rows - self.height) / 2), round((columns - self.width) / 2)
        down, across = height / rows, width / columns  # pixels of the image for one of the frame
        return Box(top * down, left * across, self.height * down, self.width * across)

    def _resized(self, height: float, width: float) -> tuple[int, int]:
        """Rows and columns of all of the image; open_clip cuts those of a square off, and rounds others."""
        if self.height != self.width:
            ratio = min(height / self.height, width / self.width)
            return round(height / ratio), round(width / ratio)
        if height < width:
            return self.height, int(self.width * width / height)
        return int(self.height * height / width), self.width

    def turned(self) -> Frame:
        """For an image that lies on its side."""
        return replace(self, height=self.width, width=self.height)

    def padded(self, image: np.ndarray) -> np.ndarray:
        """The image, uint8 (h, w, 3), in the middle of the frame (height, width, 3)."""
        rows, columns = image.shape[:2]
        if (rows, columns) == (self.height, self.width):
            return image
        whole = np.full((self.height, self.width, 3), self.fill, np.uint8)
        top, left = (self.height - rows) // 2, (self.width - columns) // 2
        whole[top : top + rows, left : left + columns] = image
        return whole


def frame_of(size: int | Frame) -> Frame:
    """A side in pixels stands for the square that models are trained on here."""
    return Frame(size, size) if isinstance(size, int) else size
