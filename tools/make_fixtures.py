#!/usr/bin/env python3
"""Write the reference data that the tests compare convscope with, into `tests/fixtures/`.

    pip install torch torchvision safetensors pillow numpy
    python3 tools/make_fixtures.py [--out tests/fixtures]

Everything is seeded: the same library versions (`versions.json`) write the same bytes.

networks.json               the small networks below: block, widths, input, PyTorch's float32 gap
net_<case>.safetensors      a small torchvision ResNet with measured batch-norm statistics
acts_<case>.safetensors     its `input` (float32) and every node of its graph (float64)
statistics.safetensors      per channel min, max, mean, std, zeros, dead of two of those nodes
nodes_resnet18|50.json      names, shapes, multiply-adds, receptive fields at 1x3x224x224
photos/                     small synthetic pictures in the formats convscope decodes
preprocess.json             what to do with each picture: resize, crop, filter
preprocess.safetensors      what PIL and torchvision make of it (uint8 [H, W, 3])
versions.json               the libraries that wrote all this
"""

import argparse
import copy
import json
import math
import operator
import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL
import safetensors
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image, ImageOps
from safetensors.torch import save_file
from torch import nn
from torch.fx.passes.shape_prop import ShapeProp
from torchvision.models import ResNet18_Weights, ResNet50_Weights, resnet18, resnet50
from torchvision.models.feature_extraction import (
    NodePathTracer,
    create_feature_extractor,
    get_graph_node_names,
)
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]

# ---------------------------------------------------------------- networks


@dataclass
class Case:
    """A small ResNet: torchvision's, with `width` where torchvision says 64.

    The 3x3 convolution of a bottleneck has int(planes * base_width / 64) * groups channels,
    planes being width, 2 width, 4 width and 8 width.
    """

    name: str
    block: type
    layers: list
    width: int
    classes: int
    input: tuple
    seed: int
    groups: int = 1
    base_width: int = 64
    half: bool = False  # convolutions and fc weight stored in float16
    tracked: bool = True  # the checkpoint has num_batches_tracked


CASES = [
    # An input with odd sides, not square: every padding and rounding rule of the stem shows.
    # Width 6 here and below: no multiple of a vector's length.
    Case("basic", BasicBlock, [2, 1, 1, 2], 6, 10, (1, 3, 33, 41), seed=1),
    # ResNet-18's blocks, two pictures at once.
    Case("basic18", BasicBlock, [2, 2, 2, 2], 4, 10, (2, 3, 32, 32), seed=2),
    # ResNet-50's block; the stride is in the 3x3 convolution ("v1.5").
    Case("bottleneck", Bottleneck, [1, 2, 1, 1], 6, 7, (1, 3, 40, 32), seed=3),
    # Wide ResNet-50-2's block: the 3x3 convolution has twice the planes.
    Case("wide", Bottleneck, [1, 1, 1, 1], 4, 10, (1, 3, 32, 45), seed=4, base_width=128),
    # ResNeXt's block: 4 groups of 2, 4, 8 and 16 channels.
    Case("grouped", Bottleneck, [1, 1, 1, 1], 4, 10, (2, 3, 32, 32), seed=5, groups=4,
         base_width=32, tracked=False),
    # `basic` again, its weights rounded to float16; the reference is computed from the rounded ones.
    Case("half", BasicBlock, [2, 1, 1, 2], 6, 10, (1, 3, 33, 41), seed=1, half=True, tracked=False),
]

# In `basic` and `half` this batch-norm channel is moved so far down that its ReLU never opens:
# `statistics.safetensors` needs a dead channel.
DEAD = ("layer2.0.bn1", 3, -12.0)
STATISTICS = ("layer2.0.bn1", "layer2.0.relu")


def natural(n: int, height: int, width: int) -> torch.Tensor:
    """Random pictures with a photo's falling spectrum: noise at several scales, coarse ones strongest."""
    total = 0.1 * torch.randn(n, 3, height, width)
    for cells, weight in ((3, 1.0), (6, 0.6), (12, 0.4)):
        grey, colour = torch.randn(n, 1, cells, cells), torch.randn(n, 3, cells, cells)
        noise = weight * (grey + 0.5 * colour)
        total = total + F.interpolate(noise, (height, width), mode="bilinear", align_corners=False)
    return total / total.std()


def build(case: Case) -> ResNet:
    """The network of a case: random weights, and batch-norm statistics measured on `natural` input."""
    torch.manual_seed(case.seed)
    with torch.device("meta"):  # torchvision's own widths are replaced below: allocate nothing
        net = ResNet(case.block, [1, 1, 1, 1], groups=case.groups, width_per_group=case.base_width)
    w = case.width
    net.inplanes = w
    net.conv1 = nn.Conv2d(3, w, 7, stride=2, padding=3, bias=False)
    net.bn1 = nn.BatchNorm2d(w)
    net.layer1 = net._make_layer(case.block, w, case.layers[0])
    net.layer2 = net._make_layer(case.block, 2 * w, case.layers[1], stride=2)
    net.layer3 = net._make_layer(case.block, 4 * w, case.layers[2], stride=2)
    net.layer4 = net._make_layer(case.block, 8 * w, case.layers[3], stride=2)
    net.fc = nn.Linear(8 * w * case.block.expansion, case.classes)
    nn.init.normal_(net.fc.weight, std=2 / math.sqrt(net.fc.in_features))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            module.weight.data[::8] *= -1  # trained networks have negative scales too
            nn.init.uniform_(module.bias, -0.4, 0.4)
            module.momentum = None  # average all batches alike
        elif isinstance(module, nn.ReLU):
            module.inplace = False  # otherwise the node before a ReLU is overwritten
    net.train()
    with torch.no_grad():
        for _ in range(8):
            net(natural(16, *case.input[2:]))
    if case.half:
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.data = parameter.data.half().float()
    if case.name in ("basic", "half"):
        name, channel, value = DEAD
        net.get_submodule(name).bias.data[channel] = value
    return net.eval()


@torch.no_grad()
def activations(net: nn.Module, x: torch.Tensor) -> dict:
    """Every node of torchvision's graph but the input, by its name."""
    names = [name for name in get_graph_node_names(net)[1] if name != "x"]
    extractor = create_feature_extractor(net, names)
    # `out += identity` must have been traced as a copy, or it would overwrite the node before it.
    assert all(node.target is not operator.iadd for node in extractor.graph.nodes)
    found = extractor(x)
    assert list(found) == names and torch.equal(found["fc"], net(x))
    return found


def write_networks(out: Path) -> None:
    """Checkpoints, activations, and for `basic` the statistics of two nodes."""
    described = []
    for case in CASES:
        net = build(case)
        x = natural(*case.input[:1], *case.input[2:])
        exact = activations(copy.deepcopy(net).double(), x.double())
        gap = 0.0
        for name, value in activations(net, x).items():
            largest = exact[name].abs().max().item()
            difference = (value.double() - exact[name]).abs().max().item() / largest
            assert difference < 1e-5, f"{case.name} {name}: float32 is {difference:.1e} away"
            assert 0.05 < largest < 50, f"{case.name} {name}: values up to {largest}"
            gap = max(gap, difference)
        checkpoint = {}
        for name, value in net.state_dict().items():
            if name.endswith("num_batches_tracked") and not case.tracked:
                continue
            halved = case.half and name.endswith("weight") and value.ndim > 1
            checkpoint[name] = value.half() if halved else value.clone()
        save_file(checkpoint, out / f"net_{case.name}.safetensors", {"format": "pt"})
        tensors = {"input": x, **{name: value.clone() for name, value in exact.items()}}
        save_file(tensors, out / f"acts_{case.name}.safetensors")
        if case.name == "basic":
            write_statistics(out, exact)
        described.append({
            "name": case.name, "block": "basic" if case.block is BasicBlock else "bottleneck",
            "layers": case.layers, "width": case.width, "groups": case.groups,
            "base_width": case.base_width, "classes": case.classes, "input": case.input,
            "parameters": sum(p.numel() for p in net.parameters()),
            "float16": case.half, "num_batches_tracked": case.tracked, "nodes": list(exact),
            "float32_gap": float(f"{gap:.2e}"),
        })
        print(f"{case.name}: {len(exact)} nodes, float32 within {gap:.1e}")
    write_rows(out / "networks.json", {}, "cases", described)


def write_statistics(out: Path, exact: dict) -> None:
    """`<node>.<statistic>`, one value a channel; the standard deviation is the population's."""
    tensors = {}
    for node in STATISTICS:
        values = exact[node].transpose(0, 1).flatten(1)  # channels first, then everything else
        tensors |= {
            f"{node}.min": values.amin(1),
            f"{node}.max": values.amax(1),
            f"{node}.mean": values.mean(1),
            f"{node}.std": values.std(1, correction=0),
            f"{node}.zeros": (values == 0).double().mean(1),
            f"{node}.dead": (values.amax(1) <= 0).to(torch.uint8),
        }
        assert 0 < tensors[f"{node}.dead"].sum() < len(values)
    save_file(tensors, out / "statistics.safetensors")


# ---------------------------------------------------------------- sizes of the published networks


def write_nodes(out: Path, name: str, make, weights) -> None:
    """Nodes of a published network at 1x3x224x224, from shapes alone (no weights are made).

    A convolution or pooling of kernel k and dilation d sees (k - 1) * d * jump pixels more than
    its input, jump being the distance of two neighbours on the photo; a node with several
    inputs sees the largest of them. The global average pool is a pooling of its input's size.
    """
    with torch.device("meta"):
        net = make().eval()
        x = torch.zeros(1, 3, 224, 224)
    tracer = NodePathTracer()
    graph = tracer.trace(net)
    ShapeProp(torch.fx.GraphModule(net, graph)).propagate(x)
    rows, seen = [], {}  # seen: graph node -> (receptive field, jump)
    for node in graph.nodes:
        if node.op == "placeholder":
            seen[node] = (1, 1)
        if node.op in ("placeholder", "output"):
            continue
        shape = list(node.meta["tensor_meta"].shape)
        field, jump = (max(column) for column in zip(*(seen[i] for i in node.all_input_nodes)))
        module = net.get_submodule(node.target) if node.op == "call_module" else None
        multiply_adds = 0
        if isinstance(module, nn.Conv2d):
            multiply_adds = module.weight.numel() * shape[2] * shape[3]
            kernel, stride = module.kernel_size[0], module.stride[0]
            assert module.dilation == (1, 1) and module.bias is None
        elif isinstance(module, nn.MaxPool2d):
            kernel, stride = module.kernel_size, module.stride
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            kernel = stride = node.all_input_nodes[0].meta["tensor_meta"].shape[2]
        else:
            kernel, stride = 1, 1
        if isinstance(module, nn.Linear):
            multiply_adds = module.weight.numel()
        seen[node] = (field + (kernel - 1) * jump, jump * stride)
        rows.append({
            "name": tracer.node_to_qualname[node], "shape": shape,
            "multiply_adds": multiply_adds, "receptive_field": seen[node][0],
        })
    assert [row["name"] for row in rows] == get_graph_node_names(net)[1][1:]
    totals = {
        "parameters": sum(p.numel() for p in net.parameters()),
        "multiply_adds": sum(row["multiply_adds"] for row in rows),
    }
    # What torchvision publishes about its weights: an exact count, and 10^9 operations.
    assert totals["parameters"] == weights.meta["num_params"]
    assert abs(totals["multiply_adds"] / 1e9 - weights.meta["_ops"]) < 1e-3
    write_rows(out / f"nodes_{name}.json", totals, "nodes", rows)
    print(f"{name}: {len(rows)} nodes, {totals}")


# ---------------------------------------------------------------- photos


def scene(height: int, width: int, seed: int) -> np.ndarray:
    """A picture that is its own mirror image in no direction, with detail up to the pixel grid.

    A colour gradient, a chirp that runs into aliasing, a disc and a bar with hard edges, noise.
    uint8 [height, width, 3].
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    picture = np.stack([x, y, 1 - 0.5 * (x + y)], axis=-1)
    chirp = np.sin(2 * np.pi * (0.28 * max(height, width) * (x**2 + 0.6 * y**2)))
    picture = 0.6 * picture + 0.2 + 0.2 * chirp[..., None] * np.array([1.0, 0.8, -0.7])
    picture[(x - 0.3) ** 2 + (y - 0.35) ** 2 < 0.02] = [0.95, 0.1, 0.1]
    picture[(x > 0.7) & (x < 0.76)] = [0.02, 0.05, 0.1]
    picture[(y > 0.8) & (x < 0.5) & ((x * width).astype(int) % 2 == 0)] = 1.0
    picture += rng.normal(0, 0.04, picture.shape)
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def write_photos(folder: Path) -> None:
    """The pictures, named by what is special about them; sizes are width x height."""
    folder.mkdir(exist_ok=True)
    tall, broad = Image.fromarray(scene(83, 61, 1)), Image.fromarray(scene(75, 120, 2))
    y, x = np.mgrid[0:83, 0:61]
    # Alpha from 0 to 255 with a hard edge: blending, dropping and pre-multiplying all differ.
    alpha = Image.fromarray(np.where(x > y, x * 4 - 4, 255 - y * 3).astype(np.uint8))
    grey = tall.convert("L")

    tall.save(folder / "rgb_61x83.png")
    broad.save(folder / "rgb_120x75.png")
    Image.merge("RGBA", (*tall.split(), alpha)).save(folder / "rgba_61x83.png")
    grey.save(folder / "grey_61x83.png")
    Image.merge("LA", (grey, alpha)).save(folder / "grey_alpha_61x83.png")
    for suffix, options in (("webp", {"lossless": True}), ("bmp", {}), ("tiff", {}), ("ppm", {})):
        tall.save(folder / f"rgb_61x83.{suffix}", **options)
    # Two frames: the first one counts.
    frames = [picture.quantize(64) for picture in (tall, ImageOps.flip(tall))]
    frames[0].save(folder / "palette_61x83.gif", save_all=True, append_images=frames[1:], duration=100)
    # Sizes as stored; orientation 6 is shown turned (83x61), orientation 3 upside down.
    for orientation, subsampling in ((6, 0), (3, 2)):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = folder / f"orientation{orientation}_61x83.jpg"
        tall.save(path, quality=92, subsampling=subsampling, exif=exif)
    for path in folder.iterdir():
        assert path.stat().st_size < 30_000, path.name


def load(path: Path) -> Image.Image:
    """First frame, turned by its EXIF orientation, as RGB: alpha is dropped."""
    with Image.open(path) as picture:
        picture.seek(0)
        return ImageOps.exif_transpose(picture).convert("RGB")


TALL, BROAD = "rgb_61x83.png", "rgb_120x75.png"
BILINEAR, BICUBIC = "bilinear", "bicubic"
# name, photo, mode, resize, crop, interpolation
PREPROCESS = [
    ("down_bilinear", BROAD, "shorter", 40, 32, BILINEAR),
    ("down_bicubic", BROAD, "shorter", 40, 32, BICUBIC),
    ("down_far_bilinear", BROAD, "shorter", 12, None, BILINEAR),
    ("down_far_bicubic", BROAD, "shorter", 12, None, BICUBIC),
    ("up_bilinear", TALL, "shorter", 90, 90, BILINEAR),
    ("up_bicubic", TALL, "shorter", 90, 90, BICUBIC),
    # 51 wide: left offsets 11.5 -> 12 and 12.5 -> 12; 43 high: tops 7.5 -> 8 and 6.5 -> 6.
    ("half_up_width", BROAD, "shorter", 32, 28, BILINEAR),
    ("half_down_width", BROAD, "shorter", 32, 26, BILINEAR),
    ("half_up_height", TALL, "shorter", 32, 28, BILINEAR),
    ("half_down_height", TALL, "shorter", 32, 30, BILINEAR),
    # Larger than the picture on both sides; on one side only, by an odd number of pixels.
    ("pad_both", TALL, "shorter", 40, 64, BILINEAR),
    ("pad_width", TALL, "shorter", 40, 47, BICUBIC),
    ("crop_oblong", BROAD, "shorter", 40, [24, 60], BILINEAR),
    # --size HxW: scaled to cover it, then cropped. The height decides, then the width.
    ("cover_tall", BROAD, "cover", [48, 20], [48, 20], BILINEAR),
    ("cover_broad", TALL, "cover", [20, 48], [20, 48], BICUBIC),
    ("cover_up", TALL, "cover", [64, 96], [64, 96], BILINEAR),
    # --no-crop: straight to HxW.
    ("warp_bilinear", BROAD, "warp", [32, 32], None, BILINEAR),
    ("warp_bicubic", TALL, "warp", [64, 32], None, BICUBIC),
    ("alpha_resized", "rgba_61x83.png", "shorter", 32, 28, BILINEAR),
    # Decoding alone: warped to the size they have.
    ("decode_alpha", "rgba_61x83.png", "warp", [83, 61], None, BILINEAR),
    ("decode_grey", "grey_61x83.png", "warp", [83, 61], None, BILINEAR),
    ("decode_grey_alpha", "grey_alpha_61x83.png", "warp", [83, 61], None, BILINEAR),
    ("decode_gif", "palette_61x83.gif", "warp", [83, 61], None, BILINEAR),
    ("decode_webp", "rgb_61x83.webp", "warp", [83, 61], None, BILINEAR),
    ("decode_bmp", "rgb_61x83.bmp", "warp", [83, 61], None, BILINEAR),
    ("decode_tiff", "rgb_61x83.tiff", "warp", [83, 61], None, BILINEAR),
    ("decode_ppm", "rgb_61x83.ppm", "warp", [83, 61], None, BILINEAR),
    ("decode_orientation6", "orientation6_61x83.jpg", "warp", [61, 83], None, BILINEAR),
    ("decode_orientation3", "orientation3_61x83.jpg", "warp", [83, 61], None, BILINEAR),
]
NORMALIZED = "down_bilinear"


def resized(mode: str, resize, height: int, width: int) -> list:
    """[height, width] after the resize.

    shorter: the shorter side is `resize`. cover: both sides are at least `resize`, one equals
    it. warp: `resize` itself. The side that follows is truncated.
    """
    if mode == "warp":
        return list(resize)
    if mode == "shorter":
        if height <= width:
            return [resize, int(resize * width / height)]
        return [int(resize * height / width), resize]
    if resize[0] / height >= resize[1] / width:
        return [resize[0], int(resize[0] * width / height)]
    return [int(resize[1] * height / width), resize[1]]


def prepare(picture: Image.Image, mode: str, resize, crop, interpolation: str):
    """PIL's resize and torchvision's centre crop: the picture and what preprocess.json adds.

    `offset` is the crop's [top, left]; below zero is the padding in front.

    PIL rounds to bytes between its two passes, so their order shows: up to 14/255 where bicubic
    overshoots. Every case here goes across first, then down. (Pillow 13 turns the order round
    where the height shrinks much more than the width; older ones never do.)
    """
    height, width = picture.height, picture.width
    to = resized(mode, resize, height, width)
    filters = {BILINEAR: Image.Resampling.BILINEAR, BICUBIC: Image.Resampling.BICUBIC}
    small = picture.resize((to[1], to[0]), filters[interpolation])
    across = picture.resize((to[1], height), filters[interpolation])
    assert small == across.resize((to[1], to[0]), filters[interpolation])
    if mode == "shorter":  # torchvision's own arithmetic agrees
        assert small == TF.resize(picture, resize, InterpolationMode(interpolation))
    added = {"resized": to, "offset": None}
    if crop is not None:
        target = [crop, crop] if isinstance(crop, int) else crop
        added["offset"] = [
            -((c - s) // 2) if c > s else round((s - c) / 2) for s, c in zip(to, target)
        ]
        cut = TF.center_crop(small, target)
        top, left = added["offset"]
        assert cut == small.crop((left, top, left + target[1], top + target[0]))
        small = cut
    added["output"] = [small.height, small.width]
    return small, added


def write_preprocess(out: Path) -> None:
    """Every case of `PREPROCESS`, and one of them as the network's input (`normalized`)."""
    cases, tensors = [], {}
    for name, photo, mode, resize, crop, interpolation in PREPROCESS:
        picture, added = prepare(load(out / "photos" / photo), mode, resize, crop, interpolation)
        tensors[name] = torch.from_numpy(np.array(picture))
        cases.append({
            "name": name, "photo": photo, "resize": resize, "crop": crop,
            "interpolation": interpolation, "mode": mode, **added, "lossy": photo.endswith(".jpg"),
        })
    for name in ("down", "down_far", "up"):  # the filters are told apart by the mean tolerance
        a, b = (tensors[f"{name}_{kind}"].float() for kind in (BILINEAR, BICUBIC))
        assert (a - b).abs().mean() > 0.5, name
    tall = tensors["decode_bmp"]
    for name in ("decode_webp", "decode_tiff", "decode_ppm"):
        assert torch.equal(tensors[name], tall)
    pixels = tensors[NORMALIZED].permute(2, 0, 1).float() / 255
    tensors["normalized"] = TF.normalize(pixels, MEAN, STD)[None].contiguous()
    save_file(tensors, out / "preprocess.safetensors")
    normalized = {"name": "normalized", "of": NORMALIZED, "mean": MEAN, "std": STD}
    write_rows(out / "preprocess.json", {"normalized": normalized}, "cases", cases)


# ---------------------------------------------------------------- files


def write_rows(path: Path, head: dict, key: str, rows: list) -> None:
    """A JSON object with the entries of `head` and a list under `key`, one row a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items()]
    body = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    path.write_text("{\n" + "".join(lines) + f'  "{key}": [\n{body}\n  ]\n}}\n')


def write_versions(out: Path) -> None:
    versions = {
        "script": "tools/make_fixtures.py",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "pillow": PIL.__version__,
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
    }
    (out / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "tests/fixtures")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    write_networks(args.out)
    write_nodes(args.out, "resnet18", resnet18, ResNet18_Weights.IMAGENET1K_V1)
    write_nodes(args.out, "resnet50", resnet50, ResNet50_Weights.IMAGENET1K_V1)
    write_photos(args.out / "photos")
    write_preprocess(args.out)
    write_versions(args.out)
    files = [path for path in args.out.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o644)  # safetensors writes for the owner alone
    total = sum(path.stat().st_size for path in files)
    assert total < 4_000_000, total
    print(f"{args.out.name}: {len(files)} files, {total} bytes")


if __name__ == "__main__":
    main()
