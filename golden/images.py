# SPDX-License-Identifier: Apache-2.0
"""Writes golden/images: small images in many colour spaces, with the colours that Pillow reads from them.

    python golden/images.py

`colours.npz` has for each file an array (height, width, 3), uint8 or of 16-bit samples as uint16. Where a file has a colour profile, the colours are
those of Little CMS through Pillow; the others are `convert("RGB")`, which multiplies the inks' light.
"""

import io
import struct
import zlib
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np
from PIL import Image, ImageCms

OUT = Path(__file__).resolve().parent / "images"


def profile(channels: str, curve: float, primaries: Sequence[Sequence[float]]) -> bytes:
    """An ICC profile, version 2: a power curve, and for RGB the columns red, green, blue in XYZ under D50."""

    def fixed(values: Sequence[float]) -> bytes:
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    def curve_tag() -> bytes:
        return b"curv" + struct.pack(">IIH", 0, 1, round(curve * 256)) + b"\0\0"

    def description(text: bytes) -> bytes:
        return b"desc" + struct.pack(">II", 0, len(text) + 1) + text + b"\0" + b"\0" * 78

    tags: List[Tuple[bytes, bytes]] = [
        (b"desc", description(b"golden " + channels.strip().encode())),
        (b"cprt", b"text" + struct.pack(">I", 0) + b"none\0"),
        (b"wtpt", b"XYZ " + struct.pack(">I", 0) + fixed([0.9642, 1.0, 0.8249])),
    ]
    if channels == "GRAY":
        tags.append((b"kTRC", curve_tag()))
    else:
        for name, column in zip((b"r", b"g", b"b"), primaries):
            tags.append((name + b"XYZ", b"XYZ " + struct.pack(">I", 0) + fixed(column)))
            tags.append((name + b"TRC", curve_tag()))
    body, table = b"", struct.pack(">I", len(tags))
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", 0x02400000, b"mntr", channels.encode(), b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed([0.9642, 1.0, 0.8249])
    return header.ljust(128, b"\0") + table + body


# Primaries wider than sRGB's, those of Adobe RGB (1998), under D50.
WIDE = profile("RGB ", 2.2, [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)])
LINEAR_GREY = profile("GRAY", 1.0, [])


def png(kind: int, depth: int, rows: Sequence[bytes], width: int, chunks: Sequence[Tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG of any kind, which Pillow does not write."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0)
    body = b"".join(chunk(name, data) for name, data in chunks)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def ycck(rgb: np.ndarray) -> bytes:
    """A CMYK JPEG whose inks are stored as luma and chroma: Pillow writes the four planes as they are, then the marker says what they are."""
    black = rgb.max(axis=2, keepdims=True).astype("float64")
    light = np.where(black > 0, rgb / np.maximum(black, 1) * 255, 255)
    r, g, b = light[..., 0], light[..., 1], light[..., 2]
    # Stored is the complement of each ink; YCbCr is of the complement of what is stored.
    r, g, b = 255 - r, 255 - g, 255 - b
    planes = [
        0.299 * r + 0.587 * g + 0.114 * b,
        -0.168735892 * r - 0.331264108 * g + 0.5 * b + 128,
        0.5 * r - 0.418687589 * g - 0.081312411 * b + 128,
        black[..., 0],
    ]
    stored = np.stack(planes, -1).round().clip(0, 255).astype("uint8")
    data = encoded(Image.fromarray(255 - stored, "CMYK"), "JPEG", quality=95, subsampling=0)
    at = data.index(b"\xff\xee\x00\x0eAdobe") + 4 + 11
    assert data[at] == 0
    return data[:at] + b"\x02" + data[at + 1 :]


def without_adobe_marker(jpeg: bytes) -> bytes:
    at = jpeg.index(b"\xff\xee\x00\x0eAdobe")
    return jpeg[:at] + jpeg[at + 16 :]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    y, x = np.mgrid[0:12, 0:16]
    rgb = np.stack([x * 17, y * 23, 255 - (x + y) * 9], -1).clip(0, 255).astype("uint8")
    colour = Image.fromarray(rgb)
    grey = colour.convert("L")
    levels = np.asarray(grey)
    cmyk = encoded(colour.convert("CMYK"), "JPEG", quality=95, subsampling=0)
    wide = zlib.compress(WIDE, 9)
    sixteen = (rgb.astype("uint16") * 257) ^ 0x55
    files = {
        "rgb.png": encoded(colour, "PNG"),
        "rgb.jpg": encoded(colour, "JPEG", quality=95, subsampling=0),
        "rgb.bmp": encoded(colour, "BMP"),
        "rgb-stored.jpg": encoded(colour, "JPEG", quality=95, keep_rgb=True),
        "palette.gif": encoded(colour.quantize(32), "GIF"),
        "palette-4-bit.png": encoded(colour.quantize(16), "PNG", bits=4),
        "rgb-16-bit.png": png(2, 16, [row.astype(">u2").tobytes() for row in sixteen], 16),
        "grey-16-bit.png": png(0, 16, [row.astype(">u2").tobytes() for row in sixteen[..., 0]], 16),
        "grey-2-bit.png": png(0, 2, [bytes(a << 6 | b << 4 | c << 2 | d for a, b, c, d in (row >> 6).reshape(-1, 4)) for row in levels], 16),
        "grey-1-bit.png": encoded(grey.convert("1"), "PNG"),
        "grey.jpg": encoded(grey, "JPEG", quality=95),
        "grey-opaque-alpha.png": encoded(grey.convert("LA"), "PNG"),
        "rgb-opaque-alpha.png": encoded(colour.convert("RGBA"), "PNG"),
        "cmyk.jpg": cmyk,
        "cmyk-without-adobe-marker.jpg": without_adobe_marker(cmyk),
        "cmyk-black.jpg": encoded(Image.fromarray(np.dstack([255 - rgb, levels // 2]), "CMYK"), "JPEG", quality=95, subsampling=0),
        "ycck.jpg": ycck(rgb),
        "profile.png": png(2, 8, [row.tobytes() for row in rgb], 16, [(b"iCCP", b"golden\0\0" + wide)]),
        "profile.jpg": encoded(colour, "JPEG", quality=95, subsampling=0, icc_profile=WIDE),
        "profile-palette.png": encoded(colour.quantize(16), "PNG", icc_profile=WIDE),
        "profile-grey.png": encoded(grey, "PNG", icc_profile=LINEAR_GREY),
        "profile-grey.jpg": encoded(grey, "JPEG", quality=95, icc_profile=LINEAR_GREY),
    }
    colours = {}
    srgb = ImageCms.createProfile("sRGB")
    for name, data in files.items():
        (OUT / name).write_bytes(data)
        image = Image.open(io.BytesIO(data))
        icc = image.info.get("icc_profile")
        if name == "rgb-16-bit.png":
            colours[name] = sixteen
        elif name == "grey-16-bit.png":
            colours[name] = np.repeat(sixteen[..., :1], 3, 2)
        elif icc is None:
            colours[name] = np.asarray(image.convert("RGB"))
        else:
            image = image.convert("RGB") if image.mode == "P" else image
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            colours[name] = np.asarray(ImageCms.profileToProfile(image, source, srgb, outputMode="RGB"))
    np.savez_compressed(OUT / "colours.npz", **{name: values.astype("int32") for name, values in colours.items()})


if __name__ == "__main__":
    main()
