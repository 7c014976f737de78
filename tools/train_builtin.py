#!/usr/bin/env python3
"""Train the network that convscope ships: a half-width ResNet-18 on Imagenette.

    pip install torch torchvision safetensors
    curl -O https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz   # fast.ai, Apache-2.0
    tar xf imagenette2-160.tgz
    nice python3 tools/train_builtin.py imagenette2-160 --work /tmp/builtin

The folder must hold `train/` and `val/`, each with one folder a class, named by
WordNet id. Everything is decoded once into memory (about 1.2 GB).

After every epoch the state is written to `--work`; a second start goes on from there.
At the end `assets/builtin.safetensors` is written: convolutions and the linear layer
in float16, batch norm in float32, and what a reader needs to use them (classes, input
size, mean, std, training date, script, measured accuracy) in the metadata.

Recipe: ImageNet stem, basic blocks [2, 2, 2, 2], base width 32; random resized crops
(area 0.25-1, in the last tenth 0.35-1), flip, brightness / contrast / saturation
0.7-1.3; crops of 96, 112, then 128 px; SGD with Nesterov momentum 0.9, one cycle to
0.2, weight decay 5e-4 on weights only, label smoothing 0.1, an exponential moving
average of the weights, bfloat16 autocast. Two CPU cores need about an hour for 90 epochs.
"""

import argparse
import datetime
import json
import math
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.transforms.v2 import functional as TF

CLASSES = [
    ("n01440764", "tench"),
    ("n02102040", "English springer"),
    ("n02979186", "cassette player"),
    ("n03000684", "chain saw"),
    ("n03028079", "church"),
    ("n03394916", "French horn"),
    ("n03417042", "garbage truck"),
    ("n03425413", "gas pump"),
    ("n03445777", "golf ball"),
    ("n03888257", "parachute"),
]
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]
INPUT = 160
WIDTH = 32


def build(width: int) -> ResNet:
    """torchvision's ResNet-18 of this width at its first layer (64 is usual), last batch norm of a block at zero."""
    net = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=len(CLASSES))
    net.inplanes = width
    net.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    net.bn1 = nn.BatchNorm2d(width)
    net.layer1 = net._make_layer(BasicBlock, width, 2)
    net.layer2 = net._make_layer(BasicBlock, 2 * width, 2, stride=2)
    net.layer3 = net._make_layer(BasicBlock, 4 * width, 2, stride=2)
    net.layer4 = net._make_layer(BasicBlock, 8 * width, 2, stride=2)
    net.fc = nn.Linear(8 * width, len(CLASSES))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, BasicBlock):
            nn.init.zeros_(module.bn2.weight)
    return net


def load_split(folder: Path):
    """All pictures of a split as uint8 [3, H, W] tensors (shorter side 160) with their labels."""
    files = [
        (path, label)
        for label, (wnid, _) in enumerate(CLASSES)
        for path in sorted((folder / wnid).iterdir())
    ]

    def read(item):
        path, label = item
        with Image.open(path) as picture:
            picture = picture.convert("RGB")
            short = min(picture.size)
            if short != INPUT:
                w, h = picture.size
                size = (INPUT, int(INPUT * h / w)) if w < h else (int(INPUT * w / h), INPUT)
                picture = picture.resize(size, Image.BILINEAR)
            return torch.from_numpy(np.array(picture)).permute(2, 0, 1), label

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(read, files))


def augment(picture: torch.Tensor, size: int, area: tuple, rng: random.Random) -> torch.Tensor:
    """Random resized crop of aspect 3/4-4/3 and a flip: uint8 [3, size, size]."""
    _, height, width = picture.shape
    for _ in range(10):
        target = height * width * rng.uniform(*area)
        aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        w, h = round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))
        if 0 < w <= width and 0 < h <= height:
            break
    else:
        w = h = min(height, width)
    top, left = rng.randint(0, height - h), rng.randint(0, width - w)
    crop = picture[:, top : top + h, left : left + w]
    crop = TF.resize(crop, [size, size], antialias=True)
    return crop.flip(2) if rng.random() < 0.5 else crop


def jitter(batch: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Brightness, contrast and saturation by factors 0.7-1.3, a factor for each picture."""
    n = batch.shape[0]
    luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)

    def factor():
        return torch.empty(n, 1, 1, 1).uniform_(0.7, 1.3, generator=rng)

    batch = batch * factor()
    mean = (batch * luma).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    batch = mean + (batch - mean) * factor()
    grey = (batch * luma).sum(1, keepdim=True)
    return (grey + (batch - grey) * factor()).clamp(0, 1)


def normalise(batch: torch.Tensor) -> torch.Tensor:
    mean = torch.tensor(MEAN).view(1, 3, 1, 1)
    std = torch.tensor(STD).view(1, 3, 1, 1)
    return ((batch - mean) / std).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def accuracy(net: nn.Module, split, size: int = INPUT, bf16: bool = False) -> float:
    """Top-1 on the centre crop of `size` px."""
    net.eval()
    right = 0
    for start in range(0, len(split), 64):
        part = split[start : start + 64]
        batch = torch.stack([TF.center_crop(p, [size, size]) for p, _ in part]).float() / 255
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = net(normalise(batch))
        right += (logits.argmax(1) == torch.tensor([label for _, label in part])).sum().item()
    return right / len(split)


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, step: int) -> None:
    decay = min(0.998, (1 + step) / (10 + step))
    for kept, new in zip(average.state_dict().values(), net.state_dict().values()):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def crop_size(epoch: int, epochs: int) -> int:
    done = epoch / epochs
    return 96 if done < 0.4 else 112 if done < 0.6 else 128


def train(args) -> nn.Module:
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = work / "state.pt"
    torch.manual_seed(args.seed)
    net, average = build(args.width), build(args.width)
    average.load_state_dict(net.state_dict())
    net = net.to(memory_format=torch.channels_last)
    average = average.to(memory_format=torch.channels_last)
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}],
        lr=0.2, momentum=0.9, nesterov=True,
    )
    split = load_split(Path(args.data) / "train")
    val = load_split(Path(args.data) / "val")
    steps = len(split) // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.2, total_steps=steps * args.epochs + 1, pct_start=0.2, cycle_momentum=False
    )
    first, step = 0, 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first, step = state["epoch"], state["step"]
    for epoch in range(first, args.epochs):
        started = time.time()
        rng = random.Random(args.seed * 1000 + epoch)
        noise = torch.Generator().manual_seed(args.seed * 1000 + epoch)
        order = list(range(len(split)))
        rng.shuffle(order)
        size = crop_size(epoch, args.epochs)
        area = (0.35, 1.0) if epoch >= 0.9 * args.epochs else (0.25, 1.0)
        net.train()
        total = 0.0
        for start in range(0, steps * args.batch, args.batch):
            part = [split[i] for i in order[start : start + args.batch]]
            batch = torch.stack([augment(p, size, area, rng) for p, _ in part]).float() / 255
            labels = torch.tensor([label for _, label in part])
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(normalise(jitter(batch, noise)))
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=0.1)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            update_average(average, net, step)
            total += loss.item()
        line = f"epoch {epoch + 1}/{args.epochs} {size} px loss {total / steps:.4f} {time.time() - started:.0f} s"
        if (epoch + 1) % 5 == 0 or epoch + 1 == args.epochs:
            line += f" val {accuracy(average, val, bf16=True):.4f}"
        print(line, flush=True)
        state = {
            "net": net.state_dict(), "average": average.state_dict(),
            "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict(),
            "epoch": epoch + 1, "step": step,
        }
        torch.save(state, checkpoint.with_suffix(".part"))
        os.replace(checkpoint.with_suffix(".part"), checkpoint)
    return average, val


def export(net: nn.Module, val, out: Path) -> None:
    """Write the network with halved weights, and the accuracy that the halved weights reach."""
    tensors = {}
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        value = value.detach().contiguous(memory_format=torch.contiguous_format)
        tensors[name] = value.half() if name.endswith("weight") and value.ndim > 1 else value.clone()
    rounded = build(net.inplanes // 8)
    rounded.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)
    measured = accuracy(rounded, val)
    metadata = {
        "format": "pt",
        "name": "builtin",
        "classes": json.dumps([{"id": wnid, "label": label} for wnid, label in CLASSES]),
        "input_size": str(INPUT),
        "resize": str(INPUT),
        "interpolation": "bilinear",
        "mean": json.dumps(MEAN),
        "std": json.dumps(STD),
        "trained": datetime.date.today().isoformat(),
        "trained_on": "Imagenette (fast.ai imagenette2-160)",
        "script": "tools/train_builtin.py",
        "accuracy": f"{measured:.4f}",
        "accuracy_of": f"top-1 on {len(val)} Imagenette validation pictures, PyTorch",
    }
    save_file(tensors, str(out), metadata)
    print(f"{out}: {measured:.4f} on {len(val)} pictures, {out.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder with train/ and val/")
    parser.add_argument("--work", default="builtin-training", help="where checkpoints are kept")
    parser.add_argument("--out", default=str(Path(__file__).parent.parent / "assets/builtin.safetensors"))
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--width", type=int, default=WIDTH, help="channels of the first layer")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    net, val = train(args)
    export(net, val, Path(args.out))


if __name__ == "__main__":
    main()
