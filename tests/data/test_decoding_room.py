"""Large images that threads decode: in turn, in the memory of one."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pytest
from PIL import Image

from study.data.decoding import decode
from study.data.decoding.room import ROOM, SMALL, Room
from tests.data.photos import encoded

LARGE, LITTLE = Image.new("L", (1100, 1000)), Image.new("L", (900, 1000))


def test_no_more_pixels_at_once_than_there_is_room_for():
    room, here, most, lock = Room(10 * SMALL), [0], [0], threading.Lock()

    def one(number):
        pixels = (number % 7 + 2) * SMALL
        with room.taken(pixels):
            with lock:
                here[0] += pixels
                most[0] = max(most[0], here[0])
            with lock:
                here[0] -= pixels

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(200)))
    assert SMALL < most[0] <= 10 * SMALL
    with room.taken(99 * SMALL):  # what is larger has all of it
        pass


def test_who_asks_first_goes_first():
    room, order = Room(4 * SMALL), []

    def one(pixels):
        with room.taken(pixels):
            order.append(pixels)

    with ThreadPoolExecutor(2) as threads:
        with room.taken(2 * SMALL):
            large = threads.submit(one, 4 * SMALL)
            while not room._waiting:
                pass
            after = threads.submit(one, 2 * SMALL)  # would fit at once
            assert wait_for([large, after], 0.1).done == set()
        wait_for([large, after])
    assert order == [4 * SMALL, 2 * SMALL]


def test_a_failure_gives_its_room_back():
    room = Room(2 * SMALL)
    for _ in range(3):
        with pytest.raises(ValueError, match="spoilt"), room.taken(2 * SMALL):
            raise ValueError("spoilt")


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("JPEG", {"progressive": True}), ("WEBP", {})])
def test_large_images_wait_and_others_do_not(kind, options):
    large, little = (encoded(image, kind, **options) for image in (LARGE, LITTLE))
    with ThreadPoolExecutor(1) as threads:
        with ROOM.taken(ROOM.pixels):
            assert threads.submit(decode, little, 32).result(60).shape == (32, 32, 3)
            coming = threads.submit(decode, large, 32)
            assert wait_for([coming], 0.2).done == set()
        assert coming.result(60).shape == (32, 32, 3)


def test_a_large_jpeg_of_one_scan_is_never_held_whole():
    with ROOM.taken(ROOM.pixels), ThreadPoolExecutor(1) as threads:
        assert threads.submit(decode, encoded(LARGE, "JPEG"), 32).result(60).shape == (32, 32, 3)


MEMORY = """
import io, re
from concurrent.futures import ThreadPoolExecutor
from PIL import Image
from study.data.decoding import decode
file = io.BytesIO()
Image.new("L", (7000, 7000)).save(file, "PNG")
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
before = peak()
decode(file.getvalue(), 32)
one = peak() - before
with ThreadPoolExecutor(5) as threads:
    list(threads.map(lambda _: decode(file.getvalue(), 32), range(5)))
print(one, peak() - before)
"""


def test_threads_take_the_memory_of_one_large_image():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    one, five = map(int, done.stdout.split())
    assert one > 50_000  # KiB
    assert five < 1.5 * one
