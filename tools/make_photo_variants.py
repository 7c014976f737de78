#!/usr/bin/env python3
"""Write small pictures in the variants of each format, with the pixels that Pillow reads from them.

    pip install pillow numpy safetensors
    python3 tools/make_photo_variants.py [--out tests/fixtures/photo_variants.safetensors]

"NAME/file" are the bytes of a file, "NAME/pixels" what `Image.open(file).convert("RGB")` gives, [H, W, 3], turned by the
file's orientation. Names begin with the format; "lossy" in a name says that decoders may differ by 1 % of the range in the
mean. Files whose pixels Pillow refuses are not in here.
"""

import argparse
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from safetensors.numpy import save_file

W, H = 13, 9


def scene() -> Image.Image:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:H, 0:W]
    smooth = np.stack([x * 19, y * 28, 255 - x * 9 - y * 9], -1) + rng.integers(-9, 9, (H, W, 3))
    return Image.fromarray(np.clip(smooth, 0, 255).astype("u1"))


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png(width: int, height: int, depth: int, kind: int, rows: bytes, *chunks: tuple, interlace: int = 0) -> bytes:
    """A PNG from rows that are packed already, each with a zero (no filter) before it."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def interlaced(samples: np.ndarray, depth: int, kind: int) -> bytes:
    """An interlaced PNG (Adam7) of rows of samples [H, W, channels] below 2**depth."""
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(b"\0" + packed(row, depth) for y, x, down, across in passes for row in samples[y::down, x::across] if row.size)
    return png(samples.shape[1], samples.shape[0], depth, kind, rows, interlace=1)


def packed(row: np.ndarray, depth: int) -> bytes:
    """Samples as bytes, those of fewer than 8 bits from the high end."""
    if depth == 8:
        return row.astype("u1").tobytes()
    bits = np.unpackbits(row.astype("u1").ravel()[:, None], axis=1)[:, 8 - depth:]
    return np.packbits(bits.ravel()).tobytes()


def bmp(width: int, height: int, depth: int, data: bytes, palette: np.ndarray | None = None, header: int = 40, compression: int = 0,
        masks: bytes = b"") -> bytes:
    """A BMP from rows that are packed already; the header has 12 bytes (OS/2 1), 40 (Windows), 56 or 108 (with masks) or 64 (OS/2 2)."""
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, depth)
    else:
        colors = 0 if palette is None else len(palette)
        head = struct.pack("<IiiHHIIiiII", header, width, height, 1, depth, compression, len(data), 0, 0, colors, 0)
        head = (head + (masks if header > 40 else b"")).ljust(header, b"\0") + (masks if header == 40 else b"")
    table = b"" if palette is None else b"".join(bytes(c[::-1]) + b"\0" * (header != 12) for c in palette.tolist())
    start = 14 + len(head) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + head + table + data


def padded(rows: list[bytes]) -> bytes:
    """Rows of a BMP, the lowest first, each to a multiple of 4 bytes."""
    return b"".join(row + b"\0" * (-len(row) % 4) for row in reversed(rows))


def bmp_rle(indices: np.ndarray, depth: int) -> bytes:
    """Rows of a BMP compressed by runs: runs and literal stretches in turn."""
    out = b""
    for row in indices[::-1]:
        half = len(row) // 2
        for value in row[:half]:
            out += bytes([1, value if depth == 8 else value << 4])
        rest = bytes(row[half:].tolist()) if depth == 8 else packed(row[half:], 4)
        out += b"\0" + bytes([len(row) - half]) + rest + b"\0" * (len(rest) % 2)
        out += b"\0\0"
    return out + b"\0\1"


def tiff(samples: np.ndarray, depth: int, photometric: int, *, order: str = "<", form: int = 1, extra: tuple = (), compression: int = 1,
         predictor: int = 1, rows: int = 4, tile: tuple | None = None, planar: bool = False, palette: np.ndarray | None = None,
         fill: int = 1) -> bytes:
    """A TIFF of samples [H, W, channels]: in strips of some rows, or in tiles (height, width); one plane for each channel if planar."""
    height, width, channels = samples.shape
    kinds = {1: "u", 2: "i", 3: "f"}
    typed = samples if depth < 8 else samples.astype(f"{order}{kinds[form]}{depth // 8}")
    chunks = []
    for plane in np.split(typed, channels, 2) if planar else [typed]:
        high, wide = tile or (rows, width)
        for y in range(0, height, high):
            for x in range(0, width, wide):
                part = plane[y:y + high, x:x + wide]
                if tile:
                    part = np.pad(part, ((0, high - part.shape[0]), (0, wide - part.shape[1]), (0, 0)))
                if predictor == 2:
                    part = np.concatenate([part[:, :1], np.diff(part, axis=1).astype(part.dtype)], 1)
                data = b"".join(packed(row, depth) if depth < 8 else row.tobytes() for row in part)
                if fill == 2:
                    data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
                chunks.append(zlib.compress(data) if compression == 8 else data)
    start, offsets = 8, []
    for chunk in chunks:
        offsets.append(start)
        start += len(chunk)
    sizes = [len(chunk) for chunk in chunks]
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [depth] * channels), 259: (3, [compression]), 262: (3, [photometric]),
            266: (3, [fill]), 277: (3, [channels]), 284: (3, [2 if planar else 1]), 317: (3, [predictor]), 339: (3, [form] * channels)}
    tags |= {322: (4, [tile[1]]), 323: (4, [tile[0]]), 324: (4, offsets), 325: (4, sizes)} if tile else {
        273: (4, offsets), 278: (4, [rows]), 279: (4, sizes)}
    if extra:
        tags[338] = (3, list(extra))
    if palette is not None:
        tags[320] = (3, (palette.astype(int).T * 257).ravel().tolist())
    body, where = b"".join(chunks), start + start % 2
    directory, more = struct.pack(order + "H", len(tags)), b""
    after = where + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(data) > 4:
            place, more = after + len(more), more + data
            data = struct.pack(order + "I", place)
        directory += struct.pack(order + "HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", where)
    return head + body + b"\0" * (start % 2) + directory + b"\0" * 4 + more


def more_tiffs(rgb: Image.Image, palette: Image.Image) -> dict:
    """TIFFs that Pillow does not write, but reads."""
    colors = np.asarray(rgb)
    gray, alpha = colors[..., :1], (np.mgrid[0:H, 0:W][1] * 21).astype("u1")[..., None]
    indices = np.asarray(palette)[..., None]
    table = np.zeros((256, 3), "u1")
    table[:16] = np.array(palette.getpalette()[:48]).reshape(16, 3)
    noise = np.random.default_rng(7)
    wide = np.kron(colors, np.ones((3, 3, 1), "u1"))  # More than one tile each way.
    wide_indices, wide_gray = np.kron(indices, np.ones((3, 3, 1), "u1")), wide[..., :1]
    join = lambda *parts: np.concatenate(parts, -1)
    files = {
        "tiles": tiff(wide, 8, 2, tile=(16, 16)),
        "tiles_deflate_predictor": tiff(wide, 8, 2, tile=(16, 16), compression=8, predictor=2),
        "planar": tiff(colors, 8, 2, planar=True),
        "planar_deflate": tiff(colors, 8, 2, planar=True, compression=8),
        "planar_tiles": tiff(wide, 8, 2, planar=True, tile=(16, 16)),
        "planar_rgba": tiff(join(colors, alpha), 8, 2, planar=True, extra=(2,)),
        "big_endian_16_bit": tiff(colors.astype("u2") * 200, 16, 2, order=">"),
        "16_bit_predictor": tiff(colors.astype("u2") * 200, 16, 2, compression=8, predictor=2),
        "16_bit_rgba": tiff(join(colors, alpha).astype("u2") * 200, 16, 2, extra=(2,)),
        "float": tiff(gray * 1.3 - 30, 32, 1, form=3),
        "float_big_endian": tiff(gray * 1.3 - 30, 32, 1, form=3, order=">"),
        "float_deflate": tiff(gray * 1.3 - 30, 32, 1, form=3, compression=8),
        "float_tiles": tiff(wide_gray * 0.9, 32, 1, form=3, tile=(16, 16)),
        "int32": tiff(gray.astype("i4") * 2 - 90, 32, 1, form=2),
        "int16": tiff(gray.astype("i2") * 2 - 90, 16, 1, form=2),
        "int16_big_endian": tiff(gray.astype("i2") * 2 - 90, 16, 1, form=2, order=">"),
        "gray_inverted": tiff(gray, 8, 0),
        "gray_big_endian": tiff(gray.astype("u2") * 3, 16, 1, order=">"),
        "gray_unspecified": tiff(join(gray, alpha), 8, 1, extra=(0,)),
        "gray_alpha_deflate_predictor": tiff(join(gray, alpha), 8, 1, extra=(2,), compression=8, predictor=2),
        "gray_alpha_tiles": tiff(join(wide_gray, wide_gray), 8, 1, extra=(2,), tile=(16, 16), compression=8, predictor=2),
        "gray_2_bits": tiff(gray // 64, 2, 1),
        "gray_2_bits_inverted": tiff(gray // 64, 2, 0),
        "gray_4_bits": tiff(gray // 16, 4, 1, order=">"),
        "gray_4_bits_inverted": tiff(gray // 16, 4, 0),
        "gray_4_bits_filled_from_below": tiff(gray // 16, 4, 1, fill=2),
        "gray_filled_from_below": tiff(gray, 8, 1, fill=2),
        "1_bit_inverted": tiff(gray // 128, 1, 0),
        "1_bit_filled_from_below": tiff(gray // 128, 1, 1, fill=2),
        "1_bit_tiles": tiff(wide_gray // 128, 1, 1, tile=(16, 16)),
        "palette_deflate_predictor": tiff(indices, 8, 3, palette=table, compression=8, predictor=2),
        "palette_tiles": tiff(wide_indices, 8, 3, palette=table, tile=(16, 16)),
        "palette_tiles_predictor": tiff(wide_indices, 8, 3, palette=table, tile=(16, 16), compression=8, predictor=2),
        "palette_big_endian": tiff(indices, 8, 3, palette=table, order=">"),
        "palette_alpha": tiff(join(indices, alpha), 8, 3, palette=table, extra=(2,)),
        "palette_1_bit": tiff(indices % 2, 1, 3, palette=table[4:6]),
        "palette_2_bits": tiff(indices % 4, 2, 3, palette=table[:4]),
        "palette_4_bits": tiff(indices, 4, 3, palette=table[:16]),
        "palette_4_bits_tiles": tiff(wide_indices, 4, 3, palette=table[:16], tile=(16, 16), compression=8),
        "rgbx": tiff(join(colors, alpha), 8, 2, extra=(0,)),
        "rgbx_predictor": tiff(join(colors, alpha), 8, 2, extra=(0,), compression=8, predictor=2),
        "rgb_premultiplied": tiff(join(colors // 2, alpha), 8, 2, extra=(1,)),
        "rgb_two_more": tiff(join(colors, alpha, alpha), 8, 2, extra=(0, 0)),
        "rgba_one_more": tiff(join(colors, alpha, alpha), 8, 2, extra=(2, 0), compression=8, predictor=2),
        "rgba_unsaid": tiff(join(colors, alpha), 8, 2),
        "cmyk_one_more": tiff(join(colors, alpha, alpha), 8, 5, extra=(0,)),
        "cmyk_16_bit": tiff(join(colors, alpha).astype("u2") * 200, 16, 5),
        "ycbcr": tiff(noise.integers(60, 190, (H, W, 3)), 8, 6),
    }
    return {f"tiff_{name}": content for name, content in files.items()}


def more_bmps(rgb: Image.Image, palette: Image.Image) -> dict:
    """BMPs that Pillow does not write, but reads."""
    colors, indices = np.asarray(rgb), np.asarray(palette)
    table = np.array(palette.getpalette()[:48], "u1").reshape(16, 3)
    wide = np.concatenate([table] * 16)
    swapped = colors[..., ::-1]
    fives = (colors[..., 0] >> 3).astype("<u2") << 10 | (colors[..., 1] >> 3).astype("<u2") << 5 | colors[..., 2] >> 3
    six = (colors[..., 0] >> 3).astype("<u2") << 11 | (colors[..., 1] >> 2).astype("<u2") << 5 | colors[..., 2] >> 3
    four = np.concatenate([swapped, np.full((H, W, 1), 77, "u1")], -1)
    rows = lambda array: padded([row.tobytes() for row in array])
    files = {
        "rle8": bmp(W, H, 8, bmp_rle(indices, 8), wide, compression=1),
        "rle4": bmp(W, H, 4, bmp_rle(indices, 4), table, compression=2),
        "os2_24_bits": bmp(W, H, 24, rows(swapped), header=12),
        "os2_palette": bmp(W, H, 8, rows(indices), wide, header=12),
        "os2_4_bits": bmp(W, H, 4, padded([packed(row, 4) for row in indices]), table, header=12),
        "os2_1_bit": bmp(W, H, 1, padded([packed(row % 2, 1) for row in indices]), table[3:5], header=12),
        "os2_2_header": bmp(W, H, 8, rows(indices), wide, header=64),
        "4_bits": bmp(W, H, 4, padded([packed(row, 4) for row in indices]), table),
        "from_the_top": bmp(W, -H, 24, rows(swapped)),
        "16_bits": bmp(W, H, 16, rows(fives)),
        "16_bits_masks": bmp(W, H, 16, rows(six), compression=3, masks=struct.pack("<III", 0xf800, 0x7e0, 0x1f)),
        "32_bits": bmp(W, H, 32, rows(four)),
        "32_bits_masks": bmp(W, H, 32, rows(four), compression=3, header=108, masks=struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff << 24)),
        "short_palette": bmp(W, H, 8, rows(indices), table),
    }
    return {f"bmp_{name}": content for name, content in files.items()}


def more_pngs(rgb: Image.Image, palette: Image.Image) -> dict:
    """Interlaced PNGs, which Pillow does not write, but reads."""
    colors, indices = np.asarray(rgb), np.asarray(palette)[..., None]
    alpha = np.mgrid[0:H, 0:W][1][..., None] * 21
    table = bytes(palette.getpalette()[:48])
    files = {
        "rgb": interlaced(colors, 8, 2),
        "rgba": interlaced(np.concatenate([colors, alpha], -1), 8, 6),
        "gray_1_bit": interlaced(colors[..., :1] // 128, 1, 0),
        "gray_4_bits": interlaced(colors[..., :1] // 16, 4, 0),
    }
    whole = interlaced(indices, 4, 3)
    at = whole.index(b"IDAT") - 4
    body = b"PLTE" + table
    files["palette"] = whole[:at] + struct.pack(">I", len(table)) + body + struct.pack(">I", zlib.crc32(body)) + whole[at:]
    files["one_pixel"] = interlaced(colors[:1, :1], 8, 2)
    return {f"png_interlaced_{name}": content for name, content in files.items()}


def variants() -> dict:
    rgb = scene()
    gray, palette = rgb.convert("L"), rgb.quantize(16)
    alpha = Image.fromarray((np.mgrid[0:H, 0:W][1] * 21).astype("u1"))
    rgba, la = Image.merge("RGBA", (*rgb.split(), alpha)), Image.merge("LA", (gray, alpha))
    bits, cmyk = gray.convert("1"), rgb.convert("CMYK")
    wide = Image.fromarray((np.asarray(gray).astype("u2") * 3))  # around 255
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {}
    big = rgb.resize((W * 2, H * 2))
    for name, options in {"420": {}, "444": {"subsampling": 0}, "422": {"subsampling": 1}, "progressive": {"progressive": True},
                          "restarts": {"restart_marker_blocks": 1}}.items():
        files[f"jpeg_lossy_{name}"] = saved(big, "JPEG", quality=92, **options)
    files["jpeg_lossy_gray"] = saved(gray, "JPEG", quality=92)
    files["jpeg_lossy_cmyk"] = saved(cmyk, "JPEG", quality=92)
    files["jpeg_lossy_orientation"] = saved(rgb, "JPEG", quality=92, subsampling=0, exif=exif)
    whole = files["jpeg_lossy_444"]
    files["jpeg_lossy_stray_bytes"] = whole[:20] + b"\0\1\2" + whole[20:]
    files["jpeg_lossy_more_after_its_end"] = whole + b"\0" * 40 + b"\xff\xd8\xff"
    files["jpeg_lossy_filled"] = whole[:20] + b"\xff\xff" + whole[20:]
    for name, picture in {"rgb": rgb, "rgba": rgba, "gray": gray, "gray_alpha": la, "palette": palette, "1_bit": bits, "16_bit_gray": wide}.items():
        files[f"png_{name}"] = saved(picture, "PNG")
    files["png_palette_transparent"] = saved(palette, "PNG", transparency=3)
    files["png_palette_alpha"] = saved(palette, "PNG", transparency=bytes(range(0, 160, 10)))
    files["png_gray_transparent"] = saved(gray, "PNG", transparency=int(np.asarray(gray)[2, 2]))
    files["png_rgb_transparent"] = saved(rgb, "PNG", transparency=rgb.getpixel((2, 2)))
    files["png_palette_2_bits"] = saved(rgb.quantize(4), "PNG", bits=2)
    files["png_orientation"] = saved(rgb, "PNG", exif=exif)
    deep = np.random.default_rng(5).integers(0, 65536, (H, W, 4)).astype(">u2")
    for kind, channels, name in ((2, 3, "rgb"), (6, 4, "rgba"), (4, 2, "gray_alpha")):
        rows = b"".join(b"\0" + row[:, :channels].tobytes() for row in deep)
        files[f"png_16_bit_{name}"] = png(W, H, 16, kind, rows)
    for depth in (2, 4):
        rows = b"".join(b"\0" + bytes((37 * y + 11 * x) % 256 for x in range(-(-W * depth // 8))) for y in range(H))
        files[f"png_gray_{depth}_bits"] = png(W, H, depth, 0, rows)
    for name, picture in {"rgb": rgb, "gray": gray, "palette": palette, "1_bit": bits, "rgba": rgba}.items():
        files[f"bmp_{name}"] = saved(picture, "BMP")
    for name, picture in {"rgb": rgb, "rgba": rgba, "gray": gray, "1_bit": bits, "16_bit_gray": wide, "cmyk": cmyk, "palette": palette,
                          "gray_alpha": la}.items():
        files[f"tiff_{name}"] = saved(picture, "TIFF")
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        files[f"tiff_{compression}"] = saved(rgb, "TIFF", compression=compression)
    files["tiff_lossy_jpeg"] = saved(big, "TIFF", compression="jpeg", quality=92)
    files["tiff_lossy_jpeg_gray"] = saved(gray, "TIFF", compression="jpeg", quality=92)
    files["tiff_lossy_jpeg_cmyk"] = saved(cmyk, "TIFF", compression="jpeg", quality=92)
    files["tiff_lossy_jpeg_ycbcr"] = saved(big.convert("YCbCr"), "TIFF", compression="jpeg", quality=92)
    for compression in ("group3", "group4"):
        files[f"tiff_{compression}"] = saved(bits, "TIFF", compression=compression)
    files["tiff_zstd"] = saved(rgb, "TIFF", compression="zstd")
    files["tiff_big_palette"] = saved(palette, "TIFF", big_tiff=True)
    files["tiff_pages"] = saved(rgb, "TIFF", save_all=True, append_images=[gray])
    files["tiff_orientation"] = saved(rgb, "TIFF", exif=exif)
    files["gif_palette"] = saved(palette, "GIF")
    files["gif_transparent"] = saved(palette, "GIF", transparency=3)
    files["gif_frames"] = saved(palette, "GIF", save_all=True, append_images=[palette.transpose(Image.Transpose.FLIP_LEFT_RIGHT)])
    # The frame leaves a border of the screen free.
    part = bytearray(saved(palette.crop((0, 0, W - 4, H - 3)), "GIF"))
    part[6:10] = struct.pack("<HH", W, H)
    files["gif_partial_frame"] = bytes(part)
    files["webp_lossless"] = saved(rgb, "WEBP", lossless=True)
    files["webp_lossless_alpha"] = saved(rgba, "WEBP", lossless=True, exact=True)
    files["webp_lossy"] = saved(big, "WEBP", quality=90)
    files["webp_lossy_alpha"] = saved(rgba.resize(big.size), "WEBP", quality=90)
    files["webp_frames"] = saved(rgb, "WEBP", lossless=True, save_all=True, append_images=[ImageOps.flip(rgb)])
    files["webp_orientation"] = saved(rgb, "WEBP", lossless=True, exif=exif)
    for name, picture in {"P4": bits, "P5": gray, "P6": rgb}.items():
        files[f"pnm_{name}"] = saved(picture, "PPM")
    values = np.asarray(rgb)
    words = lambda array: " ".join(str(value) for value in array.ravel()).encode()
    files["pnm_P1"] = b"P1 # comment\n%d %d\n" % (W, H) + words(np.asarray(bits).astype(int))
    files["pnm_P2"] = b"P2\n%d %d\n15\n" % (W, H) + words(values[..., 0] // 16)
    files["pnm_P3"] = b"P3\n%d %d\n255\n" % (W, H) + words(values)
    files |= more_tiffs(rgb, palette) | more_bmps(rgb, palette) | more_pngs(rgb, palette)
    files["pnm_P6_16_bit"] = b"P6\n%d %d\n65535\n" % (W, H) + deep[..., :3].tobytes()
    return files


def jpeg_xl(folder: Path) -> None:
    """Two lossless gradients in JPEG XL, whose pixels the test computes. Needs `pip install pillow-jxl-plugin`."""
    import pillow_jxl  # noqa: F401

    y, x = np.mgrid[0:48, 0:64]
    picture = Image.fromarray(np.stack([x * 4 % 256, y * 5 % 256, (x + y) * 2 % 256], -1).astype("u1"))
    picture.save(folder / "gradient_64x48.jxl", lossless=True)
    picture.putalpha(Image.fromarray((x * 3 % 256).astype("u1")))
    picture.save(folder / "gradient_alpha_64x48.jxl", lossless=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "tests/fixtures/photo_variants.safetensors")
    args = parser.parse_args()
    tensors = {}
    for name, content in variants().items():
        with Image.open(io.BytesIO(content)) as picture:
            pixels = ImageOps.exif_transpose(picture).convert("RGB")
        tensors[f"{name}/file"] = np.frombuffer(content, "u1").copy()
        tensors[f"{name}/pixels"] = np.array(pixels)
    save_file(tensors, args.out)
    jpeg_xl(args.out.parent / "jpeg_xl")
    args.out.chmod(0o644)
    print(f"{len(tensors) // 2} variants, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
