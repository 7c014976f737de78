#!/usr/bin/env python3
"""Export 106 networks as .pt2 and ONNX files and compare every layer that convscope computes with PyTorch.

    pip install torch torchvision timm safetensors numpy onnx onnxscript onnxruntime
    python3 tools/check_zoo.py export /tmp/zoo/f32
    python3 tools/check_zoo.py export /tmp/zoo/f64 --dtype float64 --limit 20
    python3 tools/check_zoo.py export /tmp/zoo/f32 --format onnx
    python3 tools/check_zoo.py export /tmp/zoo/f32 --format onnx-script
    python3 tools/check_zoo.py compare /tmp/zoo/f32 target/release/convscope --dtype f64
    python3 tools/check_zoo.py compare /tmp/zoo/f32 target/release/convscope --format onnx
    python3 tools/check_zoo.py list

`export` writes for each network, whose name tv:resnet18 becomes tv-resnet18:

NAME.pt2                   torch.export.save of the network with seeded random weights
NAME.npy                   its input, float32 [1, C, H, W]
NAME.expected.safetensors  the value of every node of the graph in float64, by name; large ones that
                           depend on weights alone, such as standardized weights, are left out
NAME.nodes.json            per node: its name, target, module path and shape, whether it depends on
                           weights alone, its largest value, and PyTorch's own float32-to-float64 gap

With --format onnx (torch.onnx.export today, dynamo=True) or onnx-script (the older one, dynamo=False) it
writes the same network beside these, and runs a float32 one in onnxruntime on NAME.npy: each of its
outputs must be the value of a node. A network that the exporter cannot export is reported and skipped.

NAME.onnx, NAME.script.onnx  the network, with NAME.onnx.data where its weights are stored outside

What stands there already is not written again without --again.

Batch norms have measured statistics. Parameters that start as constants (norms, LayerScale, gates,
biases) are random, so that no branch is hidden by a factor of 0 or 1e-6, and the input is one that no
node answers with zeros only. To keep all files under 6 GB, VGG and AlexNet have 64 hidden units in
their classifiers, and some of timm's networks a half or a quarter of their width (ARGUMENTS). Inputs are
as small as each network takes.

`compare` runs `CONVSCOPE export` on each and prints a table in Markdown; gaps are relative to the largest
value of the node, and `layers` counts those that were compared. Exit status 1 if a layer differs, or
convscope crashes or takes too long; a network that it refuses is no failure. Nodes may be without a layer
(a getitem, a constant; in ONNX a convolution whose batch norm is folded into it). Layers of ONNX files are
matched by their values alone. Folded weights are rounded to the file's type: compare ONNX files with
--dtype f64 only if they were exported with --dtype float64.
"""

import argparse
import contextlib
import io
import json
import logging
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from pathlib import Path

import numpy as np

# Where convscope says which node of the file a layer is: the entry of the safetensors metadata that is
# a JSON object or list of layers, and the field of each that holds the node's name.
LAYERS = "layers"
FILE_NAME = "file_name"

FORMATS = {"pt2": ".pt2", "onnx": ".onnx", "onnx-script": ".script.onnx"}
OPSET = 17  # of the older ONNX exporter

INPUTS = 20  # how many inputs are tried for one that leaves no node at zero
SMALL = 10_000  # values of a node that depends on weights alone that are still written

TIMEOUT = 120
TOLERANCE_ONNX = 1e-3  # between onnxruntime and PyTorch
TOLERANCE_F32 = 1e-4
TOLERANCE_F64 = 1e-6
TOLERANCE_F64_LOOSE = 1e-5
# Weights or values divided by a measured deviation or norm inside the graph.
LOOSE = {
    "timm:dm_nfnet_f0", "timm:nfnet_l0", "timm:eca_nfnet_l0", "timm:nf_regnet_b0", "timm:nf_resnet50",
    "timm:resnetv2_50x1_bit", "timm:convnextv2_atto", "timm:edgenext_xx_small", "timm:bat_resnext26ts",
}

# Per format, layers that PyTorch has no node for: what is one call there and two layers here, its first part.
PARTS = {
    "pt2": {"own:small": "narrow", "timm:convnextv2_atto": "mlp.grn", "timm:nasnetalarge": ("narrow", "narrow_1")},
    "onnx": {},
    "onnx-script": {},
}

FIRST = [
    "tv:resnet18", "own:small", "own:yolo", "own:unet", "tv:mobilenet_v2", "tv:mobilenet_v3_small",
    "tv:squeezenet1_1", "tv:densenet121", "timm:convnext_atto", "tv:shufflenet_v2_x1_0",
]
OWN = "small unet unet_bilinear yolo".split()
TORCHVISION = """
alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 mnasnet0_5 mobilenet_v2
mobilenet_v3_large mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnext50_32x4d shufflenet_v2_x1_0
squeezenet1_0 squeezenet1_1 vgg11 vgg16_bn wide_resnet50_2
deeplabv3_mobilenet_v3_large fcn_resnet50 lraspp_mobilenet_v3_large
""".split()
TIMM = """
bat_resnext26ts botnet26t_256 convmixer_1024_20_ks9_p14 convnext_atto convnextv2_atto cs3darknet_s cspdarknet53
cspresnet50 darknet53 densenet121 dla34 dm_nfnet_f0 dpn48b eca_nfnet_l0 ecaresnet26t edgenext_xx_small
efficientnet_b0 efficientnet_b0_g8_gn efficientnet_lite0 ese_vovnet19b_dw fasternet_t0 fbnetc_100 gernet_s
ghostnet_100 ghostnetv2_100 hardcorenas_a hgnetv2_b0 hrnet_w18_small inception_next_atto inception_resnet_v2
inception_v3 inception_v4 lcnet_050 legacy_seresnet18 mixnet_s mnasnet_small mobilenetv2_100 mobilenetv3_rw
mobilenetv3_small_050 mobilenetv4_conv_small mobileone_s0 nasnetalarge nf_regnet_b0 nf_resnet50 nfnet_l0
poolformer_s12 rdnet_tiny regnetx_002 regnety_002 regnetz_b16 repghostnet_050 repvgg_a0 repvit_m1 res2net50_26w_4s
res2next50 resnest14d resnet26d resnet26t resnetaa50d resnetblur50 resnetv2_50 resnetv2_50x1_bit rexnet_100
selecsls42b semnasnet_075 seresnet50 seresnext26d_32x4d skresnet18 spnasnet_100 starnet_s1 tf_efficientnet_b0
tf_efficientnetv2_b0 tf_mixnet_s tf_mobilenetv3_small_minimal_100 tinynet_e tresnet_m vgg11_bn xception41
""".split()

# Height and width where 64 x 64 is too small or hides something.
SIZES = {
    "own:small": (33, 38),
    "own:unet": (52, 46),
    "own:unet_bilinear": (52, 46),
    "own:yolo": (64, 96),
    "tv:resnet18": (96, 72),
    "tv:alexnet": (224, 224),
    "tv:vgg11": (96, 96),
    "tv:inception_v3": (96, 96),
    "timm:inception_v3": (96, 96),
    "timm:inception_v4": (96, 96),
    "timm:inception_resnet_v2": (96, 96),
    "timm:bat_resnext26ts": (128, 128),
    "timm:botnet26t_256": (128, 128),
    "timm:convmixer_1024_20_ks9_p14": (70, 70),
    "timm:nasnetalarge": (96, 96),
    "timm:vgg11_bn": (96, 96),
}
ARGUMENTS = {
    "tv:googlenet": {"aux_logits": False},
    "tv:inception_v3": {"aux_logits": False},
    "timm:bat_resnext26ts": {"attn_kwargs": {"block_size": 4}},  # 8 needs 256 x 256
    "timm:botnet26t_256": {"img_size": 128},
    "timm:dm_nfnet_f0": {"channels": (64, 128, 384, 384), "num_features": 768, "group_size": 32},
    "timm:eca_nfnet_l0": {"channels": (128, 256, 768, 768), "num_features": 1152, "group_size": 32},
    "timm:nasnetalarge": {"stem_size": 24, "num_features": 960},
    "timm:nf_resnet50": {"channels": (128, 256, 512, 1024)},
    "timm:nfnet_l0": {"channels": (128, 256, 768, 768), "num_features": 1152, "group_size": 32},
    "timm:res2net50_26w_4s": {"channels": (32, 64, 128, 256)},
    "timm:res2next50": {"channels": (32, 64, 128, 256)},
    "timm:resnetaa50d": {"channels": (32, 64, 128, 256)},
    "timm:resnetblur50": {"channels": (32, 64, 128, 256)},
    "timm:resnetv2_50": {"channels": (128, 256, 512, 1024)},
    "timm:resnetv2_50x1_bit": {"channels": (128, 256, 512, 1024)},
    "timm:seresnet50": {"channels": (32, 64, 128, 256)},
    "timm:tresnet_m": {"width_factor": 0.5},
}
HIDDEN = 64  # units in the classifiers of VGG and AlexNet


def names() -> list[str]:
    every = [f"own:{n}" for n in OWN] + [f"tv:{n}" for n in TORCHVISION] + [f"timm:{n}" for n in TIMM]
    return FIRST + [name for name in every if name not in FIRST]


def file_stem(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_." else "-" for c in name)


def own_networks() -> dict:
    import torch
    import torch.nn.functional as F
    from torch import nn

    class Small(nn.Module):
        """One of each operation that the other networks seldom have."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 16, (3, 5), stride=(1, 2), padding=(1, 0))
            self.prelu = nn.PReLU(16)
            self.same = nn.Conv2d(16, 24, 4, padding="same")
            self.instance = nn.InstanceNorm2d(24, affine=True)
            self.leaky = nn.LeakyReLU(0.1)
            self.grouped = nn.Conv2d(24, 32, 3, padding=2, dilation=2, groups=4, padding_mode="replicate")
            self.bn = nn.BatchNorm2d(32)
            self.hardswish = nn.Hardswish()
            self.pool = nn.MaxPool2d(3, 2, padding=1, ceil_mode=True)
            self.depthwise = nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False)
            self.group = nn.GroupNorm(8, 32)
            self.mish = nn.Mish()
            self.up = nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1)
            self.elu = nn.ELU()
            self.average = nn.AvgPool2d(3, 2, padding=1, ceil_mode=True, count_include_pad=False)
            self.norm = nn.LayerNorm(16)
            self.gelu = nn.GELU()
            self.spatial = nn.Conv2d(2, 1, 7, padding=3)
            self.drop2d = nn.Dropout2d(0.1)
            self.mix = nn.Conv2d(16, 32, 1)
            self.silu = nn.SiLU()
            self.softplus = nn.Softplus(beta=2, threshold=3)
            self.tanh = nn.Tanh()
            self.clip = nn.Hardtanh(-0.75, 1.25)
            self.hardsigmoid = nn.Hardsigmoid()
            self.adaptive_avg = nn.AdaptiveAvgPool2d((3, 2))
            self.adaptive_max = nn.AdaptiveMaxPool2d(2)
            self.dropout = nn.Dropout(0.2)
            self.fc = nn.Linear(16 * 10, 10)

        def forward(self, x):
            x = self.prelu(self.stem(F.pad(x, (3, 2, 1, 2), mode="reflect")))
            x = self.leaky(self.instance(self.same(x)))
            x = self.pool(self.hardswish(self.bn(self.grouped(x))))
            x = self.mish(self.group(self.depthwise(x)))
            x = self.average(self.elu(self.up(x)))
            x = self.gelu(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
            both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
            x = self.drop2d(x * self.spatial(both).sigmoid())
            x = F.interpolate(F.pad(x, (1, 0, 0, -1)), scale_factor=2.0, mode="nearest")
            x = F.interpolate(self.silu(self.mix(x)), size=(13, 11), mode="bilinear", align_corners=False)
            a, b = x.chunk(2, 1)
            x = self.hardsigmoid(self.clip(self.softplus(a) - self.tanh(b)))
            x = torch.cat([self.adaptive_avg(x).flatten(1), self.adaptive_max(x).flatten(1)], 1)
            return self.fc(self.dropout(x)).softmax(-1)

    class Double(nn.Sequential):
        def __init__(self, i: int, o: int) -> None:
            layers = []
            for a in (i, o):
                layers += [nn.Conv2d(a, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
            super().__init__(*layers)

    class Up(nn.Module):
        def __init__(self, i: int, o: int, bilinear: bool) -> None:
            super().__init__()
            if bilinear:
                self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            else:
                self.up = nn.ConvTranspose2d(i, o, 2, stride=2)
            self.conv = Double(i + o if bilinear else 2 * o, o)

        def forward(self, x, skip):
            x = self.up(x)
            dy, dx = skip.shape[2] - x.shape[2], skip.shape[3] - x.shape[3]
            x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
            return self.conv(torch.cat([skip, x], 1))

    class Unet(nn.Module):
        def __init__(self, bilinear: bool) -> None:
            super().__init__()
            widths = [16, 32, 64, 128]
            self.inc = Double(3, 16)
            self.pool = nn.MaxPool2d(2)
            self.downs = nn.ModuleList(Double(a, b) for a, b in zip(widths, widths[1:]))
            self.ups = nn.ModuleList(Up(b, a, bilinear) for a, b in reversed(list(zip(widths, widths[1:]))))
            self.outc = nn.Conv2d(16, 4, 1)

        def forward(self, x):
            maps = [self.inc(x)]
            for down in self.downs:
                maps.append(down(self.pool(maps[-1])))
            x = maps.pop()
            for up in self.ups:
                x = up(x, maps.pop())
            return self.outc(x)

    class Conv(nn.Module):
        def __init__(self, i: int, o: int, k: int = 1, s: int = 1) -> None:
            super().__init__()
            self.conv = nn.Conv2d(i, o, k, s, k // 2, bias=False)
            self.bn = nn.BatchNorm2d(o)
            self.act = nn.SiLU()

        def forward(self, x):
            return self.act(self.bn(self.conv(x)))

    class Bottleneck(nn.Module):
        def __init__(self, c: int, add: bool) -> None:
            super().__init__()
            self.cv1 = Conv(c, c, 3)
            self.cv2 = Conv(c, c, 3)
            self.add = add

        def forward(self, x):
            y = self.cv2(self.cv1(x))
            return x + y if self.add else y

    class C2f(nn.Module):
        def __init__(self, i: int, o: int, n: int, add: bool) -> None:
            super().__init__()
            self.cv1 = Conv(i, o)
            self.m = nn.ModuleList(Bottleneck(o // 2, add) for _ in range(n))
            self.cv2 = Conv((2 + n) * o // 2, o)

        def forward(self, x):
            y = list(self.cv1(x).chunk(2, 1))
            for m in self.m:
                y.append(m(y[-1]))
            return self.cv2(torch.cat(y, 1))

    class Sppf(nn.Module):
        def __init__(self, c: int) -> None:
            super().__init__()
            self.cv1 = Conv(c, c // 2)
            self.cv2 = Conv(c * 2, c)
            self.m = nn.MaxPool2d(5, stride=1, padding=2)

        def forward(self, x):
            y = [self.cv1(x)]
            for _ in range(3):
                y.append(self.m(y[-1]))
            return self.cv2(torch.cat(y, 1))

    class Detect(nn.Module):
        """Two heads; boxes as distributions over 8 distances to the sides."""

        def __init__(self, widths: tuple[int, ...], maps: list[tuple[int, int]]) -> None:
            super().__init__()
            self.bins, self.classes = 8, 6
            box, cls = 4 * self.bins, self.classes
            self.cv2 = nn.ModuleList(nn.Sequential(Conv(w, 32, 3), nn.Conv2d(32, box, 1)) for w in widths)
            self.cv3 = nn.ModuleList(nn.Sequential(Conv(w, 32, 3), nn.Conv2d(32, cls, 1)) for w in widths)
            self.dfl = nn.Conv2d(self.bins, 1, 1, bias=False)
            grids = [torch.stack(torch.meshgrid(torch.arange(w) + 0.5, torch.arange(h) + 0.5, indexing="xy")).flatten(1)
                     for h, w in maps]
            self.register_buffer("anchors", torch.cat(grids, 1)[None])

        def forward(self, maps):
            y = [torch.cat([a(x), b(x)], 1).flatten(2) for a, b, x in zip(self.cv2, self.cv3, maps)]
            box, cls = torch.cat(y, 2).split((4 * self.bins, self.classes), 1)
            n = box.shape[2]
            box = self.dfl(box.view(box.shape[0], 4, self.bins, n).transpose(1, 2).softmax(1))
            before, after = box.view(box.shape[0], 4, n).chunk(2, 1)
            low, high = self.anchors - before, self.anchors + after
            return torch.cat([(low + high) / 2, high - low, cls.sigmoid()], 1)

    class Yolo(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            h, w = SIZES["own:yolo"]
            self.stem = Conv(3, 16, 3, 2)
            self.stage1 = nn.Sequential(Conv(16, 32, 3, 2), C2f(32, 32, 1, True))
            self.stage2 = nn.Sequential(Conv(32, 64, 3, 2), C2f(64, 64, 2, True))
            self.stage3 = nn.Sequential(Conv(64, 96, 3, 2), C2f(96, 96, 2, True))
            self.stage4 = nn.Sequential(Conv(96, 128, 3, 2), C2f(128, 128, 1, True), Sppf(128))
            self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
            self.up1 = C2f(128 + 96, 96, 1, False)
            self.up2 = C2f(96 + 64, 64, 1, False)
            self.down = Conv(64, 64, 3, 2)
            self.out = C2f(64 + 96, 96, 1, False)
            self.detect = Detect((64, 96), [(h // 8, w // 8), (h // 16, w // 16)])

        def forward(self, x):
            p3 = self.stage2(self.stage1(self.stem(x)))
            p4 = self.stage3(p3)
            p5 = self.stage4(p4)
            p4 = self.up1(torch.cat([self.upsample(p5), p4], 1))
            p3 = self.up2(torch.cat([self.upsample(p4), p3], 1))
            p4 = self.out(torch.cat([self.down(p3), p4], 1))
            return self.detect([p3, p4])

    return {"small": Small, "unet": lambda: Unet(False), "unet_bilinear": lambda: Unet(True), "yolo": Yolo}


def build(name: str):
    import torch
    source, short = name.split(":")
    arguments = dict(ARGUMENTS.get(name, {}))
    if source == "own":
        return own_networks()[short]()
    if source == "timm":
        import timm
        if short.startswith("convmixer"):
            return timm.models.convmixer.ConvMixer(dim=256, depth=20, kernel_size=9, patch_size=14)
        net = timm.create_model(short, pretrained=False, **arguments)
        if short.startswith("vgg"):
            net.pre_logits = timm.models.vgg.ConvMlp(net.num_features, HIDDEN)
            net.head.fc = torch.nn.Linear(HIDDEN, net.num_classes)
        return net
    import torchvision
    if short.startswith(("deeplabv3", "fcn", "lraspp")):
        arguments["weights_backbone"] = None
    net = torchvision.models.get_model(short, weights=None, **arguments)
    if short.startswith(("vgg", "alexnet")):
        linears = [i for i, m in enumerate(net.classifier) if isinstance(m, torch.nn.Linear)]
        for i in linears:
            old = net.classifier[i]
            first, last = i == linears[0], i == linears[-1]
            net.classifier[i] = torch.nn.Linear(
                old.in_features if first else HIDDEN, old.out_features if last else HIDDEN)
    return net


def randomize(net) -> None:
    """Give random values to parameters that are constant, and measure batch norms on noise."""
    import torch
    slopes = {id(m.weight) for m in net.modules() if isinstance(m, torch.nn.PReLU)}
    for key, p in net.named_parameters():
        if p.numel() > 0 and bool((p == p.flatten()[0]).all()):
            if id(p) in slopes:
                p.uniform_(0.1, 0.4)
            elif key.endswith(("bias", "beta")):
                p.normal_(0, 0.1)
            else:
                p.uniform_(0.5, 1.5)


def measure(net, shape: tuple[int, ...]) -> None:
    import torch
    norms = [m for m in net.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    kept = [m.momentum for m in norms]
    for m in norms:
        m.momentum = None  # the plain mean over the passes
    net.train()
    for _ in range(2):
        net(torch.randn(8, *shape[1:]))
    for m, momentum in zip(norms, kept):
        m.momentum = momentum
    net.eval()


def values(program, x) -> dict:
    """Every tensor that a call of the graph makes, at the time it is made."""
    import torch

    found = {}

    class Recorder(torch.fx.Interpreter):
        def run_node(self, node):
            result = super().run_node(node)
            if node.op == "call_function" and isinstance(result, torch.Tensor):
                value = result.detach().clone().contiguous()
                found[node.name] = value.double() if value.is_floating_point() else value
            return result

    arguments = program._graph_module_flat_inputs((x,), {})
    Recorder(program.graph_module).run(*arguments)
    return found


def constants(program) -> set[str]:
    """The nodes that do not depend on the network's input."""
    moving = set(program.graph_signature.user_inputs)
    for node in program.graph_module.graph.nodes:
        if any(n.name in moving for n in node.all_input_nodes):
            moving.add(node.name)
    return {n.name for n in calls(program)} - moving


def calls(program) -> list:
    return [n for n in program.graph_module.graph.nodes if n.op == "call_function"]


class Skipped(Exception):
    pass


def prepared(name: str, dtype: str, limit: float):
    """The network with its weights, the same in every format, still in float32, and how many MB they are."""
    import torch

    torch.manual_seed(zlib.crc32(name.encode()))
    net = build(name)
    size = sum(t.numel() for t in net.state_dict().values()) * (8 if dtype == "float64" else 4) / 1e6
    if size > limit:
        raise Skipped(f"weights of {size:.0f} MB")
    with torch.no_grad():
        randomize(net)
        measure(net, input_shape(name))
    return net, size


def input_shape(name: str) -> tuple[int, ...]:
    return (1, 3, *SIZES.get(name, (64, 64)))


def export_one(name: str, folder: Path, dtype: str, limit: float) -> str:
    import torch
    from safetensors.torch import save_file

    net, size = prepared(name, dtype, limit)
    shape = input_shape(name)
    with torch.no_grad():
        x = torch.randn(shape)
        single = torch.export.export(net, (x,))
        fixed = constants(single)
        by_single = values(single, x)
        for _ in range(INPUTS):
            if all(bool(v.any()) for k, v in by_single.items() if k not in fixed and v.is_floating_point()):
                break
            x = torch.randn(shape)
            by_single = values(single, x)
        stem = folder / file_stem(name)
        if dtype == "float32":
            torch.export.save(single, f"{stem}.pt2")
        net = net.double()
        double = torch.export.export(net, (x.double(),))
        if dtype == "float64":
            torch.export.save(double, f"{stem}.pt2")
        expected = values(double, x.double())
    program = single if dtype == "float32" else double
    same = [(n.name, str(n.target)) for n in calls(single)] == [(n.name, str(n.target)) for n in calls(double)]
    assert same, "the float32 and the float64 graph have different nodes"
    reloaded = torch.export.load(f"{stem}.pt2")
    assert [n.name for n in calls(reloaded)] == [n.name for n in calls(program)], "names change when the file is read"

    nodes = []
    for node in calls(program):
        stack = node.meta.get("nn_module_stack") or {}
        key, entry = list(stack.items())[-1] if stack else ("", ("", None))
        row = {"node": node.name, "target": str(node.target), "module": entry[0], "module_key": key,
               "shape": None, "constant": node.name in fixed}
        value = expected.get(node.name)
        if value is not None:
            row["shape"] = list(value.shape)
        if value is not None and value.is_floating_point() and value.numel():
            assert not value.isnan().any(), f"{node.name} has NaN"
            finite = value.isfinite()  # max pools with TensorFlow's padding pad with -inf
            row["largest"] = value[finite].abs().max().item()
            row["gap"] = (by_single[node.name] - value)[finite].abs().max().item()
        nodes.append(row)
        if node.name in fixed and value is not None and value.numel() > SMALL:
            del expected[node.name]
    save_file(expected, f"{stem}.expected.safetensors", {"network": name, "dtype": dtype})
    np.save(f"{stem}.npy", x.numpy())
    Path(f"{stem}.nodes.json").write_text(json.dumps(nodes, indent=0) + "\n")
    worst = max((r["gap"] / r["largest"] for r in nodes if r.get("gap") and r["largest"]), default=0.0)
    return f"{len(nodes)} nodes, weights {size:.0f} MB, PyTorch's float32 gap {worst:.1e}"


def export_onnx(name: str, folder: Path, dtype: str, limit: float, form: str) -> str:
    """Write the network beside what export_one wrote of it."""
    import torch

    x = torch.from_numpy(np.load(folder / f"{file_stem(name)}.npy"))
    if tuple(x.shape) != input_shape(name):
        raise ValueError(f"{file_stem(name)}.npy is {list(x.shape)}, of an earlier script (export it as pt2 --again)")
    net, size = prepared(name, dtype, limit)
    if dtype == "float64":
        net, x = net.double(), x.double()
    torch._C._jit_set_onnx_log_enabled = lambda enabled: None  # it is turned on whatever `verbose` is
    how = {"dynamo": True, "verbose": False} if form == "onnx" else {"dynamo": False, "opset_version": OPSET}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        made = Path(temporary) / (file_stem(name) + FORMATS[form])
        with torch.no_grad():
            torch.onnx.export(net, (x,), str(made), **how)
        for file in sorted(Path(temporary).iterdir(), key=lambda file: file == made):  # the .onnx file last
            file.replace(folder / file.name)
    return f"weights {size:.0f} MB, "


def check_onnx(name: str, folder: Path, form: str) -> str:
    """Say what the ONNX file has, and run it if it is float32."""
    import onnx
    import onnxruntime
    from safetensors import safe_open

    path = folder / file_stem(name)
    model = onnx.load(f"{path}{FORMATS[form]}", load_external_data=False)
    opset = next(o.version for o in model.opset_import if not o.domain)
    text = f"{len(model.graph.node)} nodes, opset {opset}"
    if model.graph.input[0].type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        return text
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(f"{path}{FORMATS[form]}", options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: np.load(f"{path}.npy")})
    worst = 0.0
    with safe_open(f"{path}.expected.safetensors", "np") as expected:
        matching = Matching(name, json.loads(Path(f"{path}.nodes.json").read_text()), expected, "f32")
        for output, got in zip(session.get_outputs(), outputs):
            nodes = [n for n in matching.nodes if n["shape"] == list(got.shape)]
            gap = min((matching.gap(got, n) for n in nodes), default=float("inf"))
            if gap > TOLERANCE_ONNX:
                raise ValueError(f"{text}, its output {output.name} is {gap:.1e} off the nearest node")
            worst = max(worst, gap)
    return f"{text}, onnxruntime's gap {worst:.1e}"


def reason(error: BaseException) -> str:
    """The first line of what is behind an error."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def export(args) -> int:
    import torch
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    folder = Path(args.folder)
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in chosen(args.only):
        started = time.monotonic()
        path = folder / file_stem(name)
        whole = Path(f"{path}.nodes.json").exists()  # written last
        there = whole and Path(f"{path}{FORMATS[args.format]}").exists() and not args.again
        text = "there already, " if there else ""
        try:
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                if args.format == "pt2":
                    text = "there already" if there else export_one(name, folder, args.dtype, args.limit)
                elif not whole:
                    raise FileNotFoundError(f"{path}.nodes.json (export it as pt2 first)")
                else:
                    if not there:
                        text = export_onnx(name, folder, args.dtype, args.limit, args.format)
                    text += check_onnx(name, folder, args.format)
        except Skipped as skipped:
            text = f"skipped: {skipped}"
        except Exception as error:
            failed.append(name)
            text = f"FAILED: {reason(error)}"
            for leftover in folder.glob(file_stem(name) + ".*") if args.format == "pt2" else []:
                leftover.unlink()
        print(f"{name}: {text} ({time.monotonic() - started:.0f} s)", flush=True)
    print(f"failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def chosen(only: str | None) -> list[str]:
    if not only:
        return names()
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        sys.exit(f"error: unknown: {', '.join(unknown)} (see check_zoo.py list)")
    return wanted


def run(command: list[str], timeout: float):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout)


def complaint(done) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[0].strip() if lines else f"exit status {done.returncode}, nothing on stderr"


def described(convscope: str, model: Path, size: str, metadata: dict, timeout: float) -> list[dict]:
    """The layers in the order of the network: their names, and the node's name where convscope says it."""
    if LAYERS in metadata:
        told = json.loads(metadata[LAYERS])
        return [{"name": k, **v} for k, v in told.items()] if isinstance(told, dict) else told
    done = run([convscope, "layers", "--json", "--model", str(model), "--size", size, "--offline"], timeout)
    if done.returncode != 0:
        raise ValueError(f"`layers --json` says: {complaint(done)}")
    return json.loads(done.stdout)["layers"]


def squeezed(shape) -> list[int]:
    return [n for n in shape if n != 1]


def tolerance(name: str, node: dict, dtype: str) -> float:
    if dtype == "f64":
        return TOLERANCE_F64_LOOSE if name in LOOSE else TOLERANCE_F64
    return max(TOLERANCE_F32, 4 * node.get("gap", 0.0) / (node["largest"] or 1.0))


def distance(got: np.ndarray, want: np.ndarray, node: dict) -> float:
    """The largest difference, relative to the largest value of the node."""
    got, want = got.astype(np.float64).ravel(), want.ravel()
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite]) or not np.isfinite(got[finite]).all():
        return float("inf")
    return float(np.abs(got[finite] - want[finite]).max(initial=0.0) / (node["largest"] or 1.0))


class Matching:
    """Finds the node of each layer: by its name in the file, else the next one with such values."""

    def __init__(self, name: str, nodes: list[dict], expected, dtype: str) -> None:
        self.name, self.expected, self.dtype = name, expected, dtype
        self.by_name = {n["node"]: n for n in nodes}
        written = set(expected.keys())
        self.nodes = [n for n in nodes if n["node"] in written and "largest" in n]
        self.used, self.next = set(), 0

    def gap(self, got: np.ndarray, node: dict) -> float:
        return distance(got, self.expected.get_tensor(node["node"]), node)

    def find(self, layer: dict, got: np.ndarray) -> tuple[float | None, str]:
        """The gap, and what is wrong (empty if nothing is)."""
        file_name = layer.get(FILE_NAME)
        if file_name is not None:
            node = self.by_name.get(file_name)
            if node is None:
                return None, f"there is no node {file_name}"
            if node not in self.nodes:
                return None, ""
            if squeezed(node["shape"]) != squeezed(got.shape):
                return None, f"{list(got.shape)} where {file_name} is {node['shape']}"
            self.used.add(file_name)
            gap = self.gap(got, node)
            limit = tolerance(self.name, node, self.dtype)
            return gap, "" if gap <= limit else f"{gap:.1e} off {file_name} ({node['target']}), allowed {limit:.0e}"
        best = None
        order = [*range(self.next, len(self.nodes)), *range(self.next)]
        # A layer may be a second part of a node: a mean and the vector of it.
        for fresh in (True, False):
            for i in order:
                node = self.nodes[i]
                if (node["node"] in self.used) == fresh:
                    continue
                for form in forms(got, node["shape"]):
                    gap = self.gap(form, node)
                    if gap <= tolerance(self.name, node, self.dtype):
                        self.used.add(node["node"])
                        self.next = i + 1 if fresh else self.next
                        return gap, ""
                    if best is None or gap < best[0]:
                        best = (gap, node["node"])
        if best is None:
            return None, f"no node is {list(got.shape)}"
        return best[0], f"{best[0]:.1e} off the nearest node, {best[1]}"


def forms(got: np.ndarray, shape: list[int]):
    """The value as a node of this shape may have it: as it is, with its channels behind, under other extents."""
    if squeezed(shape) == squeezed(got.shape):
        yield got
    if got.ndim == 4:
        behind = got.transpose(0, 2, 3, 1)
        if squeezed(shape) == squeezed(behind.shape):
            yield behind
    if int(np.prod(shape)) == got.size and squeezed(shape) != squeezed(got.shape):
        yield got.reshape(shape)


def compare_one(stem: str, folder: Path, convscope: str, dtype: str, timeout: float, form: str) -> dict:
    from safetensors import safe_open

    name = {file_stem(n): n for n in names()}.get(stem, stem)
    path = folder / stem
    nodes = json.loads(Path(f"{path}.nodes.json").read_text())
    row = {"network": name, "nodes": len(nodes), "layers": 0, "gap": None, "verdict": "ok", "text": ""}
    x = np.load(f"{path}.npy")
    size = f"{x.shape[2]}x{x.shape[3]}"
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "layers.safetensors"
        model = Path(f"{path}{FORMATS[form]}")
        try:
            done = run([convscope, "export", f"{path}.npy", "--model", str(model), "--layers", "all", "--dtype", dtype,
                        "--device", "cpu", "--offline", "-o", str(out)], timeout)
        except subprocess.TimeoutExpired:
            return row | {"verdict": "timed out", "text": f"after {timeout:.0f} s"}
        if done.returncode != 0:
            crashed = done.returncode < 0 or done.returncode == 101
            return row | {"verdict": "crashed" if crashed else "refused", "text": complaint(done)}
        with safe_open(out, "np") as got, safe_open(f"{path}.expected.safetensors", "np") as expected:
            try:
                layers = described(convscope, model, size, got.metadata() or {}, timeout)
            except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
                return row | {"verdict": "differs", "text": f"the list of layers: {error}"}
            keys = set(got.keys()) - {"input"}
            matching = Matching(name, nodes, expected, dtype)
            wrong = []
            listed = {layer["name"] for layer in layers}
            for layer in layers + [{"name": key} for key in sorted(keys - listed)]:
                if layer["name"] not in keys:
                    if layer["name"] != "input":
                        wrong.append(f"{layer['name']}: listed, not exported")
                    continue
                if form != "pt2":
                    layer = {"name": layer["name"]}
                gap, fault = matching.find(layer, got.get_tensor(layer["name"]))
                if gap is not None and not fault:
                    row["layers"] += 1
                    row["gap"] = max(gap, row["gap"] or 0.0)
                if fault and not layer["name"].endswith(PARTS[form].get(name, "no part")):
                    wrong.append(f"{layer['name']}: {fault}")
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return row | {"verdict": "differs", "text": f"at {wrong[0]}{more}"}
    if not keys:
        return row | {"verdict": "differs", "text": "no layers"}
    notes = []
    if row["layers"] < len(keys):
        notes.append(f"{len(keys) - row['layers']} layers not checked, as no value is written for them")
    last = matching.nodes[-1]["node"]
    if last not in matching.used:
        notes.append(f"the last node, {last}, is no layer")
    row["text"] = "; ".join(notes)
    return row


def compare(args) -> int:
    folder = Path(args.folder)
    present = {p.name.removesuffix(".nodes.json") for p in folder.glob("*.nodes.json")}  # written last
    present = {stem for stem in present if (folder / f"{stem}{FORMATS[args.format]}").exists()}
    wanted = [file_stem(name) for name in chosen(args.only)]
    stems = [stem for stem in wanted if stem in present]
    if not args.only:
        stems += sorted(present - set(wanted))
    if not stems:
        sys.exit(f"error: {folder}: none of these networks is there (check_zoo.py export writes them)")
    print("| network | nodes | layers | worst gap | verdict |\n|---|--:|--:|--:|---|")
    rows = []
    for stem in stems:
        row = compare_one(stem, folder, args.convscope, args.dtype, args.timeout, args.format)
        rows.append(row)
        gap = "" if row["gap"] is None else f"{row['gap']:.1e}"
        verdict = f"{row['verdict']}: {row['text']}" if row["text"] else row["verdict"]
        verdict = verdict.replace("|", "\\|")
        print(f"| {row['network']} | {row['nodes']} | {row['layers']} | {gap} | {verdict} |", flush=True)
    count = {v: sum(r["verdict"] == v for r in rows) for v in ["ok", "refused", "differs", "timed out", "crashed"]}
    worst = max((r["gap"] for r in rows if r["gap"] is not None), default=0.0)
    nodes, layers = sum(r["nodes"] for r in rows), sum(r["layers"] for r in rows)
    print(f"| {len(rows)} networks | {nodes} | {layers} | {worst:.1e} | "
          + ", ".join(f"{n} {v}" for v, n in count.items() if n) + " |")
    absent = [stem for stem in wanted if stem not in present]
    if absent:
        print(f"\nNot in {folder}: {', '.join(absent) if len(absent) <= 20 else f'{len(absent)} networks'}")
    return 1 if count["differs"] or count["crashed"] or count["timed out"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    one = modes.add_parser("export", help="write the networks")
    one.add_argument("folder")
    one.add_argument("--only", metavar="NAME,NAME")
    one.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    one.add_argument("--format", choices=list(FORMATS), default="pt2")
    one.add_argument("--again", action="store_true", help="write also what is there already")
    one.add_argument("--limit", type=float, default=1e9, metavar="MB", help="skip networks with larger weights")
    two = modes.add_parser("compare", help="run convscope on what export wrote")
    two.add_argument("folder")
    two.add_argument("convscope", help="the program")
    two.add_argument("--only", metavar="NAME,NAME")
    two.add_argument("--dtype", choices=["f32", "f64"], default="f32")
    two.add_argument("--format", choices=list(FORMATS), default="pt2")
    two.add_argument("--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help="per network")
    modes.add_parser("list", help="print the names")
    args = parser.parse_args()
    if args.mode == "list":
        print("\n".join(names()))
        return 0
    return export(args) if args.mode == "export" else compare(args)


if __name__ == "__main__":
    sys.exit(main())
