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


def png(width: int, height: int, depth: int, kind: int, rows: bytes, *chunks: tuple) -> bytes:
    """A PNG from rows that are packed already, each with a zero (no filter) before it."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


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
    jpeg_xl(args.out.parent / "photos")
    args.out.chmod(0o644)
    print(f"{len(tensors) // 2} variants, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
