#!/usr/bin/env python3
"""Write what explanations of networks that are no ResNets are compared with, into tests/fixtures/exported.

    pip install torch torchvision timm safetensors numpy scipy captum grad-cam
    python3 tools/make_exported_explanations.py

Of six narrow networks of torchvision's and timm's own classes NAME.pt2 and NAME.npy, as `make_exported.py` writes
them, with seeded random weights and measured batch norms. Everything is computed here in float64 by the definitions
(see make_explanations.py), of the logit of the top class, then held against captum and pytorch-grad-cam.

explanations.safetensors  more than 1000 values are stored in float32, the rest in float64
  <network>/<method>          [3, H, W], saliency, guided-backprop, integrated-gradients (50 steps of Gauss-Legendre
                              from zero)
  <network>/<method>/<layer>  [h, w], grad-cam, hirescam, layer-cam: the weighted sum, before any ReLU
explanations.json         per network its top class, the logit, its layers, and how many ReLUs it has, functional ones
                          too (without any, guided-backprop is saliency); how close the libraries came (`library`)
"""

import copy
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from importlib.metadata import version
from typing import Callable

import numpy as np
import torch
from captum.attr import GuidedBackprop, IntegratedGradients, Saliency
from check_zoo import measure, randomize
from make_explanations import CAM_CLASSES, STEPS, distance, gradient_cams, rounded, stored, with_rule, write_json
from make_exported import OUT, check_size, write
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import save_file
from timm.models.convnext import ConvNeXt
from torch import Tensor, nn
from torchvision.models.densenet import DenseNet
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.shufflenetv2 import ShuffleNetV2
from torchvision.models.squeezenet import Fire, SqueezeNet
from torchvision.ops.misc import Conv2dNormActivation

SIZE = (36, 40)
CLASSES = 10
CAMS = ["grad-cam", "hirescam", "layer-cam"]
CAPTUM = {  # and how far it may be from float64: integrated gradients round their weights to float32
    "saliency": (Saliency, {"abs": False}, 1e-12),
    "guided-backprop": (GuidedBackprop, {}, 1e-12),
    "integrated-gradients": (IntegratedGradients, {"n_steps": STEPS, "method": "gausslegendre"}, 1e-6),
}

# ---------------------------------------------------------------- networks


def mobilenet_v2() -> nn.Module:
    net = MobileNetV2(CLASSES, 0.25, [[1, 32, 1, 1], [3, 48, 2, 2]], round_nearest=4)
    net.features[-1] = Conv2dNormActivation(12, 32, 1, activation_layer=nn.ReLU6)
    net.classifier[1] = nn.Linear(32, CLASSES)
    return net


def mobilenet_v3() -> nn.Module:
    blocks = [
        InvertedResidualConfig(8, 3, 8, 8, True, "RE", 2, 1, 1),
        InvertedResidualConfig(8, 5, 24, 8, True, "HS", 1, 1, 1),
    ]
    return MobileNetV3(blocks, 24, num_classes=CLASSES)


def densenet() -> nn.Module:
    return DenseNet(6, (2, 2), 8, bn_size=2, num_classes=CLASSES)


def shufflenet_v2() -> nn.Module:
    net = ShuffleNetV2([2, 1, 1], [8, 16, 16, 16, 32], CLASSES)
    net.stage3, net.stage4 = nn.Identity(), nn.Identity()
    return net


def squeezenet() -> nn.Module:
    net = SqueezeNet(num_classes=CLASSES)
    net.features = nn.Sequential(
        nn.Conv2d(3, 12, 3, stride=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True),
        Fire(12, 6, 12, 12), Fire(24, 8, 12, 12), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(24, 8, 16, 16),
    )
    net.classifier[1] = nn.Conv2d(32, CLASSES, 1)
    return net


def convnext() -> nn.Module:
    net = ConvNeXt(num_classes=CLASSES, depths=(1, 2, 1, 1), dims=(8, 12, 12, 12))
    net.stages = net.stages[:2]
    return net


@dataclass
class Case:
    """A network, and the layers whose class activation maps are made: one in the middle, the last with a map."""

    build: Callable[[], nn.Module]
    seed: int  # of those that give a clear top class
    layers: list[str]


CASES = [
    Case(mobilenet_v2, 8, ["features.2.conv.3", "features.4.2"]),
    Case(densenet, 3, ["features.transition1.conv", "features.norm5"]),
    Case(shufflenet_v2, 0, ["stage2.0.branch1.4", "conv5.2"]),
    Case(mobilenet_v3, 3, ["features.1.block.0.2", "features.3.2"]),
    Case(squeezenet, 4, ["features.4.expand3x3_activation", "classifier.2"]),
    Case(convnext, 7, ["stages.1.downsample.1", "stages.1.blocks.1.mlp.fc2"]),
]
CHANNELS_LAST = {"stages.1.blocks.1.mlp.fc2"}


def prepared(net: nn.Module) -> nn.Module:
    """With weights that let no activation die, and batch norms that have seen something."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    with torch.no_grad():
        randomize(net)
        measure(net, (1, 3, *SIZE))
    return net.eval()


def without_calls_in_place(net: nn.Module) -> nn.Module:
    """A copy in float64 for hooks: nothing is computed in place, and every ReLU is a module."""
    net = copy.deepcopy(net).double()
    for module in net.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    if isinstance(net, DenseNet):
        parts = OrderedDict(features=net.features, relu=nn.ReLU(), pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
        return nn.Sequential(parts | {"classifier": net.classifier}).eval()
    return net


# ---------------------------------------------------------------- explanations


def maps(value: Tensor, layer: str) -> Tensor:
    return value.permute(0, 3, 1, 2) if layer in CHANNELS_LAST else value


def gradients(net: nn.Module, x: Tensor, top: int, layers: list[str]) -> tuple[Tensor, dict[str, tuple]]:
    """The gradient of the logit, summed over the batch, to the input; values and gradients of layers [C, h, w]."""
    values, hooks = {}, []
    for name in layers:
        def keep(_, args: tuple, value: Tensor, name: str = name) -> None:
            values[name] = value

        hooks.append(net.get_submodule(name).register_forward_hook(keep))
    x = x.detach().clone().requires_grad_()
    logit = net(x)[:, top].sum()
    for hook in hooks:
        hook.remove()
    own, *inner = torch.autograd.grad(logit, [x, *(values[name] for name in layers)])
    found = {name: (maps(values[name], name)[0].detach(), maps(g, name)[0]) for name, g in zip(layers, inner)}
    return own, found


def explained(net: nn.Module, x: Tensor, top: int, layers: list[str]) -> dict[str, Tensor]:
    own, inner = gradients(net, x, top, layers)
    points, weights = (torch.from_numpy(v)[:, None, None, None] for v in np.polynomial.legendre.leggauss(STEPS))
    along, _ = gradients(net, x * (points + 1) / 2, top, [])
    found = {
        "saliency": own[0],
        "guided-backprop": gradients(with_rule(net, True), x, top, [])[0][0],
        "integrated-gradients": x[0] * (along * weights / 2).sum(0),
    }
    for layer, (value, gradient) in inner.items():
        cams = gradient_cams(value, gradient)
        found |= {f"{method}/{layer}": cams[method] for method in CAMS}
    return found


def library(net: nn.Module, x: Tensor, top: int, exact: dict[str, Tensor]) -> dict[str, float]:
    """Largest distance of captum and pytorch-grad-cam by method."""
    found = {}
    for method, (make, options, tolerance) in CAPTUM.items():
        theirs = make(net).attribute(x.clone(), target=top, **options)[0].detach()
        found[method] = distance(theirs, exact[method])
        assert found[method] < tolerance, f"{method}: captum is {found[method]:.1e} away"
    for name, own in exact.items():
        method, _, layer = name.partition("/")
        if not layer:
            continue
        make, tolerance = CAM_CLASSES[method]
        cam = make(net, [net.get_submodule(layer)], reshape_transform=lambda value, layer=layer: maps(value, layer))
        kept, plain = [], cam.get_cam_image

        def keep(*args, plain=plain, kept=kept) -> np.ndarray:
            kept.append(plain(*args))
            return kept[0]

        cam.get_cam_image = keep
        cam(x, [ClassifierOutputTarget(top)])
        off = distance(torch.from_numpy(kept[0][0]), own)
        assert off < tolerance, f"{name}: the library is {off:.1e} away"
        found[method] = max(found.get(method, 0.0), off)
    return found


def write_case(case: Case) -> tuple[dict, dict[str, Tensor], dict[str, float]]:
    """The network; its row, what is stored, the libraries' distances."""
    torch.manual_seed(case.seed)
    name, net = case.build.__name__, prepared(case.build())
    x = write(name, net, SIZE, known=False).double()
    plain = without_calls_in_place(net)
    with torch.no_grad():
        logits = plain(x)[0]
        assert torch.equal(net.double()(x)[0], logits)
    top = int(logits.argmax())
    assert (logits > logits[top] - 0.1).sum() == 1
    exact = explained(plain, x, top, case.layers)
    relus = sum(isinstance(module, nn.ReLU) for module in plain.modules())
    assert torch.equal(exact["guided-backprop"], exact["saliency"]) == (relus == 0)
    for key, value in exact.items():
        assert value.isfinite().all() and (value != 0).double().mean() > 0.5, f"{name}/{key} vanishes"
    row = {"name": name, "top": top, "logit": logits[top].item(), "layers": case.layers, "relus": relus}
    tensors = {f"{name}/{key}": stored(key, value) for key, value in exact.items()}
    return row, tensors, rounded(library(plain, x, top, exact))


def main() -> None:
    torch.set_num_threads(1)
    for message in ("Setting backward hooks on ReLU", "Input Tensor 0 did not already"):
        warnings.filterwarnings("ignore", message=message)
    rows, tensors, distances = [], {}, {}
    for case in CASES:
        row, found, near = write_case(case)
        rows.append(row)
        tensors |= found
        distances[row["name"]] = near
        print(f"{row['name']}: largest distance of a library {max(near.values()):.1e}")
    packages = ("torch", "torchvision", "timm", "captum", "grad-cam", "numpy", "safetensors")
    save_file(tensors, OUT / "explanations.safetensors")
    (OUT / "explanations.safetensors").chmod(0o644)  # safetensors writes for the owner alone
    write_json(OUT / "explanations.json", {
        "script": "tools/make_exported_explanations.py", "versions": {name: version(name) for name in packages},
        "networks": rows, "library": distances,
    })
    check_size()


if __name__ == "__main__":
    main()
