"""Hostile images: decoded, or left out with a reason; never a crash."""

import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from study.data.decoding import EMPTY, TOO_LARGE, UNREADABLE, Skip, decode
from tests.data.photos import encoded, made

OUTCOMES = {EMPTY, TOO_LARGE, UNREADABLE, (16, 16, 3)}
PICTURE = made(40, 30)
FILES = {
    "jpeg": encoded(PICTURE),
    "progressive": encoded(PICTURE, progressive=True),
    "cmyk": encoded(PICTURE.convert("CMYK")),
    "exif": encoded(PICTURE, exif=b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, 6, 0)),
    "png": encoded(PICTURE, "PNG"),
    "palette": encoded(PICTURE.convert("P"), "PNG", transparency=3),
    "gif": encoded(PICTURE, "GIF"),
    "webp": encoded(PICTURE, "WEBP"),
    "bmp": encoded(PICTURE, "BMP"),
    "tiff": encoded(PICTURE, "TIFF"),
    "avif": encoded(PICTURE, "AVIF"),
}


def reason(content):
    with pytest.raises(Skip) as skipped:
        decode(content, 16)
    return str(skipped.value)


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


def jpeg_of(width, height, **options):
    """A small JPEG whose header is changed to say another size."""
    content = encoded(PICTURE, **options)
    mark = content.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    return content[: mark + 5] + struct.pack(">HH", height, width) + content[mark + 9 :]


@pytest.mark.parametrize(
    "size", [(100_000, 10), (10, 100_000), (20_000, 20_000), (8_000, 8_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_header_that_promises_too_much_is_refused_before_decoding(size):
    assert reason(png_header(*size)) == TOO_LARGE


@pytest.mark.parametrize("progressive", [True, False])
def test_so_is_a_jpeg(progressive):
    assert reason(jpeg_of(60_000, 60_000, progressive=progressive)) == TOO_LARGE


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_image_of_endless_scans_is_refused(mode):
    content = encoded(PICTURE.convert(mode), progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    assert reason(content[:-2] + 500 * scan + content[-2:]) == TOO_LARGE


def test_nothing_and_pieces():
    assert reason(b"") == EMPTY
    assert reason(b"<html>404</html>") == UNREADABLE
    for content in FILES.values():
        assert reason(content[:20]) == UNREADABLE
    assert reason(FILES["jpeg"][:-200]) == UNREADABLE
    assert reason(FILES["png"][:-200]) == UNREADABLE


def test_formats_that_run_programs_are_not_opened():
    assert reason(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n") == UNREADABLE


def test_sixteen_bits_keep_their_levels():
    levels = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    found = decode(encoded(Image.fromarray(levels), "PNG"), 16)
    assert np.abs(np.diff(found[:, 0, 0].astype(int))).max() < 30
    assert 120 < found.mean() < 135


def test_of_an_animation_the_first_frame():
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert decode(file.getvalue(), 4)[0, 0].tolist() == [255, 0, 0]


def test_metadata_without_end_and_profiles_are_passed_over():
    content = encoded(PICTURE, icc_profile=bytes(300_000), comment=bytes(60_000))
    assert np.array_equal(decode(content, 16), decode(FILES["jpeg"], 16))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_a_turn_that_does_not_exist_is_none(orientation):
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIII", 8, 1, 0x0112, 3, 1, orientation, 0)
    assert np.array_equal(decode(encoded(PICTURE, exif=exif), 16), decode(FILES["jpeg"], 16))


def mutated(content, chance):
    """Some bytes changed, cut out or put in twice."""
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 2, 4, 16))):
        place = chance.randrange(len(spoilt))
        end = min(len(spoilt), place + chance.randrange(1, 9))
        kind = chance.randrange(4)
        if kind == 0:
            spoilt[place:end] = chance.randbytes(end - place)
        elif kind == 1 and len(spoilt) > 32:
            del spoilt[place:end]
        elif kind == 2:
            spoilt[place:place] = spoilt[place:end]
        else:
            spoilt[place] = chance.choice((0, 1, 127, 255))
    return bytes(spoilt)


def outcome(content):
    try:
        return decode(content, 16).shape
    except Skip as skipped:
        return str(skipped)


def fuzz(content, seed, count):
    chance = random.Random(seed)
    for _ in range(count):
        assert outcome(mutated(content, chance)) in OUTCOMES


@pytest.mark.parametrize("name", FILES)
def test_mutated_bytes_are_decoded_or_skipped(name):
    fuzz(FILES[name], name, 2000)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_many_more_mutated_bytes(name):
    fuzz(FILES[name], f"{name} again", 50_000)
