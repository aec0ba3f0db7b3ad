"""Makes a screenshot small enough for a repository: 256 colours, which is plenty for text on plain surfaces."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Colour = tuple[int, int, int]


def with_palette(png: bytes) -> bytes:
    """The picture with its 256 most frequent colours, each other one replaced by the nearest of these.

    `png` has 8 bits a channel, RGB or RGBA without transparency, not interlaced: what Chromium writes.
    """
    chunks = dict(_chunks(png))
    width, height, depth, colour_type, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert depth == 8, depth
    channels = {2: 3, 6: 4}[colour_type]
    rows = list(_unfiltered(zlib.decompress(chunks[b"IDAT"]), width * channels, channels))
    pixels = [list(zip(row[0::channels], row[1::channels], row[2::channels], strict=True)) for row in rows]
    index = _palette(Counter(pixel for row in pixels for pixel in row))
    colours = list(index)[:256]
    body = b"".join(b"\0" + bytes(index[pixel] for pixel in row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    written = ((b"IHDR", header), (b"PLTE", bytes(sum(colours, ()))), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in written)


def _palette(found: Counter[Colour]) -> dict[Colour, int]:
    """The place of each colour in the palette; the first 256 are the palette itself, in order."""
    ranked = sorted(found, key=lambda colour: found[colour] * (1 + _saturation(colour)), reverse=True)
    index = {colour: place for place, colour in enumerate(ranked[:256])}
    for colour in ranked[256:]:
        index[colour] = min(range(256), key=lambda place: _distance(ranked[place], colour))
    return index


def _saturation(colour: Colour) -> int:
    """The few pixels of a coloured icon say more than the greys around letters."""
    return max(colour) - min(colour)


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of each chunk; the parts of IDAT as one, at its end."""
    at, image = len(SIGNATURE), b""
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        data = png[at + 8 : at + 8 + length]
        at += 12 + length
        image += data if name == b"IDAT" else b""
        yield name, image if name == b"IDAT" else data


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _unfiltered(data: bytes, stride: int, step: int) -> Iterator[bytearray]:
    """The rows of an image, each with its filter undone (PNG specification, section 9)."""
    above = bytearray(stride)
    for at in range(0, len(data), stride + 1):
        kind, row = data[at], bytearray(data[at + 1 : at + 1 + stride])
        for i in range(stride if kind else 0):
            left = row[i - step] if i >= step else 0
            corner = above[i - step] if i >= step else 0
            row[i] = row[i] + _predicted(kind, left, above[i], corner) & 255
        yield row
        above = row


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:  # Paeth
        return min((left, up, corner), key=lambda value: abs(left + up - corner - value))
    return {1: left, 2: up, 3: (left + up) // 2}[kind]
