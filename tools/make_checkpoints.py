#!/usr/bin/env python3
"""Write one tiny ResNet in every form that a checkpoint can have, into `tests/fixtures/checkpoints/`.

    pip install torch torchvision safetensors numpy
    python3 tools/make_checkpoints.py [--out tests/fixtures/checkpoints]

All values are exact in bfloat16 and float16, so that every type must give the same logits.

manifest.json                      what must load (`cases`) and what must be refused (`refused`)
reference_<net>.safetensors        `input`, every node (torchvision's names, computed in float64; of
                                   other channels at the input: two), `weights/<torchvision name>`
the rest                           the cases

A case: `file` (a folder for some), `what` it is, its `reference`, the node that is its `output`, the
`key` that its state dict lies below; the `prefix` of all its names, or else `names`, from its names to
torchvision's.
"""

import argparse
import copy
import json
import shutil
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from make_fixtures import activations, natural

SIZE = (27, 36)
SMALL = (9, 12)  # odd and even: both kinds of every second pixel
WIDTHS = [2, 4, 4, 6]  # of the stages; option A pads an even number of channels
CLASSES = 5


class Recipe:
    """Stands for what a training script keeps beside its weights: no reader knows this class."""

    def __init__(self):
        self.rate = 0.1
        self.schedule = [30, 60, 90]


def exact(net: nn.Module) -> nn.Module:
    """Rounds every value to one that bfloat16 and float16 have."""
    with torch.no_grad():
        for value in net.state_dict().values():
            if value.is_floating_point():
                value[value.abs() < 2**-10] = 0
                value.copy_(value.bfloat16().float())
                assert torch.equal(value, value.half().float())
    return net.eval()


def torchvision_net(block, channels=3) -> nn.Module:
    """torchvision's, with these few channels; `channels` at its input."""
    torch.manual_seed(11)
    net = ResNet(block, [1, 1, 1, 1], num_classes=CLASSES)
    inside = WIDTHS[0]
    net.conv1 = nn.Conv2d(channels, inside, 7, stride=2, padding=3, bias=False)
    net.bn1 = nn.BatchNorm2d(inside)
    net.inplanes = inside
    for stage, width in enumerate(WIDTHS):
        stride = 2 if stage > 0 else 1
        setattr(net, f"layer{stage + 1}", net._make_layer(block, width, 1, stride=stride))
    net.fc = nn.Linear(WIDTHS[-1] * block.expansion, CLASSES)
    return measured(net, lambda: pictures(16, SIZE, channels))


def measured(net: nn.Module, pictures) -> nn.Module:
    """Random weights, and batch-norm statistics of pictures."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.4, 0.4)
            module.momentum = None  # average all batches alike
        elif isinstance(module, nn.ReLU):
            module.inplace = False  # otherwise the node before a ReLU is overwritten
    net.train()
    with torch.no_grad():
        for _ in range(8):
            net(pictures())
    return exact(net)


def pictures(n: int, size: tuple, channels: int) -> torch.Tensor:
    return torch.cat([natural(n, *size) for _ in range((channels + 2) // 3)], 1)[:, :channels]


# ---------------------------------------------------------------- 3x3 stems


class SmallBlock(nn.Module):
    """A block of a CIFAR ResNet; `shortcut` says how its projection is called, `A` has none."""

    def __init__(self, inside, planes, stride, bottleneck, shortcut):
        super().__init__()
        out = planes * 4 if bottleneck else planes
        kernels = [(inside, planes, 1, 1), (planes, planes, 3, stride), (planes, out, 1, 1)]
        if not bottleneck:
            kernels = [(inside, planes, 3, stride), (planes, planes, 3, 1)]
        for i, (a, b, k, s) in enumerate(kernels, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, k, stride=s, padding=k // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.steps, self.shortcut_name, self.out = len(kernels), shortcut, out
        self.projects = stride != 1 or inside != out
        if self.projects and shortcut != "A":
            setattr(self, shortcut, nn.Sequential(
                nn.Conv2d(inside, out, 1, stride=stride, bias=False), nn.BatchNorm2d(out)))

    def forward(self, x, note, name):
        at = x
        for i in range(1, self.steps + 1):
            at = note(f"{name}.conv{i}", getattr(self, f"conv{i}")(at))
            at = note(f"{name}.bn{i}", getattr(self, f"bn{i}")(at))
            if i < self.steps:
                at = note(f"{name}.relu" + (f"_{i - 1}" if i > 1 else ""), F.relu(at))
        if self.projects and self.shortcut_name == "A":
            side = (self.out - x.shape[1]) // 2
            x = note(f"{name}.downsample", F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, side, side)))
        elif self.projects:
            projection = getattr(self, self.shortcut_name)
            x = note(f"{name}.downsample.0", projection[0](x))
            x = note(f"{name}.downsample.1", projection[1](x))
        at = note(f"{name}.add", at + x)
        return note(f"{name}.relu_{self.steps - 1}", F.relu(at))


class SmallNet(nn.Module):
    """A ResNet for small pictures: 3x3 stem, stride 1, no max pool (He et al. 2015, section 4.2).

    Three stages as in Y. Idelbayev's pytorch_resnet_cifar10, four as in kuangliu's pytorch-cifar.
    """

    def __init__(self, blocks, bottleneck, shortcut, classifier):
        super().__init__()
        inside = WIDTHS[0]
        self.conv1 = nn.Conv2d(3, inside, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inside)
        for stage, count in enumerate(blocks):
            made = []
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                made.append(SmallBlock(inside, WIDTHS[stage], stride, bottleneck, shortcut))
                inside = made[-1].out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*made))
        setattr(self, classifier, nn.Linear(inside, CLASSES))
        self.stages, self.classifier = len(blocks), classifier

    def forward(self, x, note=lambda name, value: value):
        at = note("conv1", self.conv1(x))
        at = note("relu", F.relu(note("bn1", self.bn1(at))))
        for stage in range(1, self.stages + 1):
            for i, block in enumerate(getattr(self, f"layer{stage}")):
                at = block(at, note, f"layer{stage}.{i}")
        at = note("avgpool", at.mean((2, 3), keepdim=True))
        return note("fc", getattr(self, self.classifier)(note("flatten", at.flatten(1))))


def small_net(seed, *args) -> SmallNet:
    torch.manual_seed(seed)
    return measured(SmallNet(*args), lambda: natural(16, *SMALL))


@torch.no_grad()
def small_activations(net: SmallNet, x: torch.Tensor) -> dict:
    nodes = {}

    def note(name, value):
        assert name not in nodes
        nodes[name] = value
        return value

    net(x, note)
    return nodes


# ---------------------------------------------------------------- names


def transformers_name(name: str, head: str) -> str:
    """torchvision's name in transformers' ResNet; `head` is `resnet.` below a classifier."""
    if name.startswith("fc."):
        return name.replace("fc.", "classifier.1.")
    parts = name.split(".")
    if not parts[0].startswith("layer"):
        kind = "convolution" if parts[0] == "conv1" else "normalization"
        return f"{head}embedder.embedder.{kind}.{parts[1]}"
    place = f"{head}encoder.stages.{int(parts[0][5:]) - 1}.layers.{parts[1]}"
    if parts[2] == "downsample":
        kind = "convolution" if parts[3] == "0" else "normalization"
        return f"{place}.shortcut.{kind}.{parts[4]}"
    kind = "convolution" if parts[2].startswith("conv") else "normalization"
    return f"{place}.layer.{int(parts[2][-1]) - 1}.{kind}.{parts[3]}"


def torchvision_name(name: str) -> str:
    """The 3x3 families' names as torchvision's."""
    return name.replace("linear.", "fc.").replace(".shortcut.", ".downsample.")


# ---------------------------------------------------------------- the files


class Writer:
    """Writes the cases and keeps their manifest."""

    def __init__(self, out: Path):
        self.out, self.cases, self.refused = out, [], []

    def reference(self, name: str, net: nn.Module, channels=3) -> None:
        """PyTorch's float64 on an input; weights under torchvision's names."""
        torch.manual_seed(7)
        small = isinstance(net, SmallNet)
        x = pictures(1, SMALL if small else SIZE, channels)
        exact_net = copy.deepcopy(net).double()
        nodes = (small_activations if small else activations)(exact_net, x.double())
        weights = {
            f"weights/{torchvision_name(key)}": value.bfloat16()
            for key, value in net.state_dict().items() if value.is_floating_point()
        }
        # What differs with other channels is the stem, and with it everything that comes after.
        kept = nodes if channels == 3 else {key: nodes[key] for key in ("conv1", "fc")}
        nodes = {key: value.float() for key, value in kept.items()}
        save_file({"input": x, **nodes, **weights}, self.out / f"reference_{name}.safetensors")

    def case(self, file: str, what: str, reference="basic", output="fc", **more):
        self.cases.append({"file": file, "what": what, "reference": reference, "output": output,
                           **more})

    def torch(self, file: str, what: str, value, *, legacy=False, protocol=2, **more) -> None:
        torch.save(value, self.out / file, pickle_protocol=protocol,
                   _use_new_zipfile_serialization=not legacy)
        self.case(file, what, **more)

    def safetensors(self, file: str, what: str, state: dict, **more) -> None:
        state = {key: value.contiguous() for key, value in state.items()}
        save_file(state, self.out / file, {"format": "pt"})
        self.case(file, what, **more)

    def manifest(self) -> None:
        rows = lambda values: ",\n".join("  " + json.dumps(value) for value in values)
        text = f'{{"cases": [\n{rows(self.cases)}\n], "refused": [\n{rows(self.refused)}\n]}}\n'
        (self.out / "manifest.json").write_text(text)


def cast(state: dict, dtype: torch.dtype) -> dict:
    return {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}


def weights(state: dict) -> dict:
    """Without the counters of batch norm, which make a zip larger."""
    return {k: v for k, v in state.items() if v.is_floating_point()}


def write_containers(w: Writer, state: dict) -> None:
    """Containers, types and the ways to lie in a storage."""
    half = weights(cast(state, torch.float16))
    w.torch("zip_f32.pth", "zip, float32", state)
    w.torch("zip_f16.pt", "zip, float16", half)
    w.torch("zip_bf16.bin", "zip, bfloat16", weights(cast(state, torch.bfloat16)))
    w.torch("zip_f64.ckpt", "zip, float64", weights(cast(state, torch.float64)))
    w.torch("zip_protocol5.pth", "zip, pickle protocol 5", half, protocol=5)
    w.torch("legacy_f32.pth", "before PyTorch 1.6, float32", state, legacy=True)
    w.torch("legacy_f16.th", "before PyTorch 1.6, float16", half, legacy=True)
    w.torch("legacy_protocol4.pth", "old stream, pickle protocol 4", half, legacy=True, protocol=4)
    last = {k: v.to(memory_format=torch.channels_last) if v.ndim == 4 else v
            for k, v in half.items()}
    assert not last["layer1.0.conv1.weight"].is_contiguous()
    w.torch("channels_last.pth", "channels last in memory", last)
    flat = torch.cat([torch.zeros(3).half(),
                      *[v.flatten() for v in half.values()]])
    views, at = {}, 3
    for key, value in half.items():
        views[key] = flat[at:at + value.numel()].view(value.shape)
        at += value.numel()
    w.torch("one_storage.pth", "all tensors are parts of one storage", views)
    for name, dtype in (("f16", torch.float16), ("bf16", torch.bfloat16), ("f64", torch.float64)):
        w.safetensors(f"{name}.safetensors", f"safetensors, {dtype}", cast(state, dtype))


def write_nested(w: Writer, net: nn.Module, state: dict) -> None:
    """What training scripts put around a state dict."""
    half = weights(cast(state, torch.float16))
    wrong = {key: torch.zeros_like(value) for key, value in list(half.items())[:4]}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    junk = {
        "epoch": 90, "best": 71.25, "big": 2**70, "done": True, "notes": None, "raw": b"\0\xff",
        "seen": {1, 2}, "args": argparse.Namespace(arch="resnet", lr=0.1, tags=["a", "b"]),
        "recipe": Recipe(), "optimizer": optimizer.state_dict(), "history": [0.5, 0.25, 0.125],
        "size": torch.Size([40, 56]), "device": torch.device("cpu"), "dtype": torch.float16,
    }
    w.torch("state_dict_and_more.pth", "a training script's checkpoint; its ema comes later",
            {"ema": wrong, **junk, "state_dict": half}, key="state_dict")
    w.torch("model.pth", "below model", {"model": half}, key="model")
    w.torch("model_state_dict.pth", "below model_state_dict", {"model_state_dict": half, "epoch": 3},
            key="model_state_dict", legacy=True)
    w.torch("net.pth", "below net", {"net": half, "acc": 95.5}, key="net")
    w.torch("ema.pth", "below ema", {"ema": half}, key="ema")
    w.torch("ema_state_dict.pth", "below ema, state_dict", {"ema": {"state_dict": half}},
            key="ema.state_dict")
    parameters = {
        k: v if "running" in k else nn.Parameter(v) for k, v in half.items()
    }
    w.torch("parameters.pth", "parameters instead of tensors", parameters)


def write_refused(w: Writer) -> None:
    """What holds no state dict."""
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2)).eval()
    whole = ["holds a pickled torch.nn.modules.container.Sequential object", ".state_dict(), \"F.pth\")"]
    torch.save(net, w.out / "whole.pth")
    torch.save(net, w.out / "whole_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": net, "epoch": 3}, w.out / "whole_below_model.pth")
    torch.jit.save(torch.jit.script(net), str(w.out / "script.pt"))
    w.refused += [
        {"file": "whole.pth", "words": whole},
        {"file": "whole_legacy.pth", "words": whole},
        {"file": "whole_below_model.pth", "words": whole},
        {"file": "script.pt", "words": ["TorchScript", "torch.jit.load(f).state_dict()"]},
    ]


def write_names(w: Writer, state: dict) -> None:
    """The same network under other names."""
    brief = weights(cast(state, torch.bfloat16))
    for prefix in ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "module._orig_mod."):
        file = "prefix_" + prefix.replace(".", " ").strip().replace(" ", "_") + ".safetensors"
        renamed = {prefix + key: value for key, value in brief.items()}
        w.safetensors(file, f"all names start with {prefix}", renamed, prefix=prefix)
    bare = {key: value for key, value in brief.items() if not key.startswith("fc.")}
    w.safetensors("no_classifier.safetensors", "no classifier", bare, output="flatten")
    for block, name in ((BasicBlock, "basic"), (Bottleneck, "bottleneck")):
        source = brief
        if name != "basic":
            net = torchvision_net(block)
            w.reference(name, net)
            source = weights(cast(net.state_dict(), torch.bfloat16))
        for head, output in (("resnet.", "fc"), ("", "flatten")):
            names = {transformers_name(k, head): k for k in source if head or k[:3] != "fc."}
            renamed = {theirs: source[ours] for theirs, ours in names.items()}
            kind = "classifier" if head else "base"
            w.safetensors(f"transformers_{name}_{kind}.safetensors", f"transformers, {name}, {kind}",
                          renamed, reference=name, output=output, names=names)


def write_shards(w: Writer, state: dict) -> None:
    """Two shards and an index, as transformers' `save_pretrained` writes them."""
    half = cast(state, torch.float16)
    names = list(half)
    for folder, stem, ending in (("sharded_safetensors", "model", "safetensors"),
                                 ("sharded_bin", "pytorch_model", "bin")):
        place = w.out / folder
        place.mkdir()
        where = {}
        for i, part in enumerate((names[:20], names[20:]), 1):
            file = f"{stem}-{i:05}-of-00002.{ending}"
            shard = {name: half[name] for name in part}
            save_file(shard, place / file) if ending != "bin" else torch.save(shard, place / file)
            where |= {name: file for name in part}
        total = sum(v.numel() * v.element_size() for v in half.values())
        index = {"metadata": {"total_size": total}, "weight_map": where}
        (place / f"{stem}.{ending}.index.json").write_text(json.dumps(index, indent=2) + "\n")
        w.case(folder, f"shards of {ending}")


def write_stems(w: Writer) -> None:
    """Other inputs and other stems."""
    for channels in (1, 4):
        net, name = torchvision_net(BasicBlock, channels), f"channels{channels}"
        w.reference(name, net, channels)
        w.safetensors(f"{name}.safetensors", f"a stem of {channels} channels",
                      cast(net.state_dict(), torch.bfloat16), reference=name)
    for name, what, args in (
        ("option_a", "three stages, shortcuts without weights", ([2, 2, 2], False, "A", "linear")),
        ("three_shortcut", "three stages, shortcut.0/1", ([1, 1, 1], False, "shortcut", "linear")),
        ("four_basic", "four stages, shortcut.0/1", ([1, 1, 1, 1], False, "shortcut", "linear")),
        ("four_bottleneck", "four stages of bottlenecks, shortcut.0/1",
         ([1, 1, 1, 1], True, "shortcut", "linear")),
        ("four_downsample", "four stages, torchvision's names",
         ([1, 1, 1, 1], False, "downsample", "fc")),
    ):
        net = small_net(len(name), *args)
        w.reference(name, net)
        state = weights(cast(net.state_dict(), torch.bfloat16))
        names = {key: torchvision_name(key) for key in state}
        w.safetensors(f"{name}.safetensors", f"3x3 stem, {what}", state, reference=name,
                      names=names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parent.parent / "tests/fixtures/checkpoints"
    parser.add_argument("--out", type=Path, default=default)
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    w = Writer(out)
    net = torchvision_net(BasicBlock)
    state = net.state_dict()
    w.reference("basic", net)
    write_containers(w, state)
    write_nested(w, net, state)
    write_refused(w)
    write_names(w, state)
    write_shards(w, state)
    write_stems(w)
    w.manifest()
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{len(w.cases)} cases, {size >> 10} KiB, torch {torch.__version__}")
    assert size < 1 << 20, "the fixtures must stay below 1 MiB"


if __name__ == "__main__":
    sys.exit(main())
