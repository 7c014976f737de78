#!/usr/bin/env python3
"""Write what the explanation methods are compared with, into `tests/fixtures/`.

    pip install torch torchvision safetensors numpy scipy captum grad-cam
    python3 tools/make_explanations.py [--out tests/fixtures]

Reads the networks and inputs that `make_fixtures.py` wrote (net_<case>, acts_<case>). Everything is
computed here in float64 by the definitions of `numerics.md`, then held against captum and
pytorch-grad-cam (`library` in explain.json says how close they came), then repeated in float32.

explain_<case>.safetensors  the tensors below; more than 1000 values are stored in float32, the rest
                            in float64; scalars have shape [1]. grad-cam.layer4.top.map, the map that is
                            judged, is rounded to float32 first and stored in float64: its plateaus
                            would else differ by float64's noise, where they should tie
explain.json                classes and seeds of each case, the maps that are all zeros, how many pixels
                            ROAD keeps, and by tensor name the largest max|f32 - f64| / max|f64|
                            over twelve float32 runs of PyTorch (`gaps`)

Cases basic, bottleneck, wide, grouped, gradients of the sum over the batch of the logit of `top`:
  grad.<node>                          input, relu, layer1 .. layer4, shaped like the node
Cases basic and bottleneck also, [h, w] being the layer's size and [H, W] the input's:
  <method>.<layer>.<class>.raw         [h, w], the weighted sum, before any ReLU
  <method>.<layer>.<class>.map         [H, W], in 0..1; of class `other` only at layer2 and layer4
  <method>.<seed>                      [3, H, W], saliency, guided-backprop, deconvnet, for the seeds
                                       top, channel, unit; for top alone: integrated-gradients,
                                       smoothgrad, occlusion
  guided-grad-cam.<layer>.top          [3, H, W], layer3 and layer4
  integrated-gradients.score_input, .score_baseline    the logit of top at the input and at zero
  smoothgrad.noise                     [4, 3, H, W], what is added (already times sigma)
  knockout.<change>                    [classes], zero, half, mean
  knockout.<change>.grad               [3, H, W], half, mean
  judge.kernel, judge.blurred          [11, 11], [3, H, W]
  judge.<curve>, judge.<curve>.area    deletion, insertion, of the softmax probability
  judge.sigmoid.<curve>, ....area      the same, of the probability of an independent label
  judge.road.most, judge.road.least    [9], change of the logit at percentiles 10, 20 .. 90
  judge.road, judge.road.imputed       the score; the picture at percentile 50, most relevant first
Case basic also:
  inversion.x, inversion.gradient      [3, H, W]
  inversion.loss                       weighted sum of .feature, .tv and .alpha (those unweighted)
  spearman.a, spearman.b, spearman     two vectors with ties, and their rank correlation
"""

import argparse
import contextlib
import copy
import json
import math
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Callable

import numpy as np
import scipy.stats
import torch
import torch.nn.functional as F
from captum.attr import (
    Deconvolution,
    GuidedBackprop,
    GuidedGradCam,
    IntegratedGradients,
    Occlusion,
    Saliency,
)
from make_fixtures import CASES, build
from pytorch_grad_cam import (
    AblationCAM,
    EigenCAM,
    GradCAM,
    GradCAMElementWise,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.metrics.perturbation_confidence import (
    PerturbationConfidenceMetric,
    RemoveLeastRelevantFirst,
    RemoveMostRelevantFirst,
)
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import load_file, save_file
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

GRADIENTS = ["basic", "bottleneck", "wide", "grouped"]
# Class `other`, the channel of layer2 and the unit (channel, y, x) of layer3 that are seeds too.
EXPLAINED = {
    "basic": {"other": 9, "channel": 3, "unit": (3, 1, 2)},  # (5, 1, 2) is inactive
    "bottleneck": {"other": 3, "channel": 3, "unit": (5, 2, 1)},  # its layer3 is 3x2
}
STAGES = ["layer1", "layer2", "layer3", "layer4"]
OTHER_MAPS = ["layer2", "layer4"]
STEPS = 50
SIGMA, SAMPLES = 0.15, 4
WINDOW, STRIDE = (5, 6), (2, 3)
KNOCKED, KNOCKED_CHANNELS = "layer2.0.conv2", [1, 4]  # its input is the node layer2.0.relu
JUDGED = "grad-cam.layer4.top.map"
PERCENTILES = [10, 20, 30, 40, 50, 60, 70, 80, 90]
TV_WEIGHT, ALPHA_WEIGHT = 1e-3, 1e-4

Nodes = dict[str, Tensor]
Seed = Callable[[Nodes], Tensor]  # from a run's nodes to one number a picture

# ---------------------------------------------------------------- networks


def run(net: nn.Module, x: Tensor, first: str = "input") -> Nodes:
    """The nodes from `first` on, whose value is `x`."""
    nodes = {first: x}
    if first == "input":
        nodes["relu"] = net.relu(net.bn1(net.conv1(x)))
        x = net.maxpool(nodes["relu"])
        first = "layer0"
    for stage in STAGES[int(first[-1]):]:
        x = nodes[stage] = net.get_submodule(stage)(x)
    nodes["fc"] = net.fc(net.avgpool(x).flatten(1))
    return nodes


class ReluRule(torch.autograd.Function):
    """ReLU with another backward: g * (g > 0), and for guided backprop * (x > 0)."""

    @staticmethod
    def forward(ctx, x: Tensor, guided: bool) -> Tensor:
        ctx.save_for_backward(x)
        ctx.guided = guided
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g: Tensor):
        (x,) = ctx.saved_tensors
        g = g * (g > 0)
        return (g * (x > 0) if ctx.guided else g), None


class RuledRelu(nn.Module):
    def __init__(self, guided: bool) -> None:
        super().__init__()
        self.guided = guided

    def forward(self, x: Tensor) -> Tensor:
        return ReluRule.apply(x, self.guided)


def with_rule(net: nn.Module, guided: bool) -> nn.Module:
    """A copy whose ReLUs propagate backwards by guided backprop's or deconvnet's rule."""
    net = copy.deepcopy(net)
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU):
                setattr(module, name, RuledRelu(guided))
    return net


class Seeded(nn.Module):
    """A network whose output is a seed instead of the logits: one number a picture."""

    def __init__(self, net: nn.Module, seed: Seed) -> None:
        super().__init__()
        self.net, self.seed = net, seed

    def forward(self, x: Tensor) -> Tensor:
        return self.seed(run(self.net, x))


def seeds(facts: dict) -> dict[str, Seed]:
    """The scalars that are explained. `facts`: the case's row in explain.json."""
    top = facts["top"]
    found: dict[str, Seed] = {"top": lambda nodes: nodes["fc"][:, top]}
    if "unit" in facts:
        channel, (c, y, x) = facts["channel"], facts["unit"]
        found["channel"] = lambda nodes: nodes["layer2"][:, channel].sum((1, 2))
        found["unit"] = lambda nodes: nodes["layer3"][:, c, y, x]
    return found


def gradient(net: nn.Module, x: Tensor, seed: Seed, at: list[str]) -> list[Tensor]:
    """Gradient of the seed, summed over the batch, with respect to the nodes `at`."""
    nodes = run(net, x.detach().clone().requires_grad_())
    return list(torch.autograd.grad(seed(nodes).sum(), [nodes[name] for name in at]))


# ---------------------------------------------------------------- class activation maps


def stretch(cam: Tensor) -> Tensor:
    cam = cam - cam.min()
    return cam / (1e-7 + cam.max())


def final_map(raw: Tensor, size: tuple) -> Tensor:
    """ReLU, min-max, bilinear (half-pixel centres) to the input's size, min-max again."""
    cam = stretch(raw.clamp(min=0))[None, None]
    return stretch(F.interpolate(cam, size, mode="bilinear", align_corners=False)[0, 0])


def gradient_cams(a: Tensor, g: Tensor) -> dict[str, Tensor]:
    """The methods that need activations and gradients [c, h, w] alone; their raw maps."""

    def weighted(weights: Tensor) -> Tensor:
        return (weights[:, None, None] * a).sum(0)

    total = a.sum((1, 2), keepdim=True)
    alpha = torch.where(g != 0, g**2 / (2 * g**2 + total * g**3 + 1e-6), 0)
    return {
        "grad-cam": weighted(g.mean((1, 2))),
        "grad-cam++": weighted((g.clamp(min=0) * alpha).sum((1, 2))),
        "hirescam": (g * a).sum(0),
        "layer-cam": (g.clamp(min=0) * a).sum(0),
        "xgrad-cam": weighted((g * a / (total + 1e-7)).sum((1, 2))),
        "grad-cam-elementwise": (g * a).clamp(min=0).sum(0),
    }


def eigen_cam(a: Tensor) -> Tensor:
    """Projection on the first right singular vector; correlates positively with the mean over channels.

    The library leaves the sign to the SVD.
    """
    rows = a.flatten(1).T
    rows = rows - rows.mean(0)
    raw = rows @ torch.linalg.svd(rows).Vh[0]
    mean = a.mean(0).flatten()
    agreement = torch.corrcoef(torch.stack([raw, mean]))[0, 1]
    assert agreement.abs() > 0.05, agreement
    return (raw * agreement.sign()).reshape(a.shape[1:])


def score_cam(net: nn.Module, x: Tensor, a: Tensor, seed: Seed) -> Tensor:
    """Weights: softmax over the channels' logits. (The library rounds logits and weights to float32.)"""
    masks = F.interpolate(a[None], x.shape[2:], mode="bilinear", align_corners=True)[0]
    low, high = masks.amin((1, 2), keepdim=True), masks.amax((1, 2), keepdim=True)
    masks = (masks - low) / (high - low + 1e-8)
    weights = torch.softmax(seed(run(net, x * masks[:, None])), 0)
    return (weights[:, None, None] * a).sum(0)


def ablation_cam(net: nn.Module, a: Tensor, stage: str, seed: Seed) -> Tensor:
    """Weights: (logit - logit with the channel set to 0) / logit.

    The library computes the weights in float32, and where a layer's minimum is not exactly 0 it
    writes a large negative number instead of 0; 0 is written here always.
    """
    channels = len(a)
    ablated = a.repeat(channels, 1, 1, 1)
    ablated[range(channels), range(channels)] = 0
    logit = seed(run(net, a[None], stage))
    weights = (logit - seed(run(net, ablated, stage))) / logit
    return (weights[:, None, None] * a).sum(0)


def cams(net: nn.Module, x: Tensor, facts: dict) -> Nodes:
    """`<method>.<layer>.<class>.raw` and `.map`."""
    raw = {}
    for name in ("top", "other"):
        number = facts[name]

        def seed(nodes: Nodes, number: int = number) -> Tensor:
            return nodes["fc"][:, number]

        grads = dict(zip(STAGES, gradient(net, x, seed, STAGES)))
        with torch.no_grad():
            nodes = run(net, x)
            for stage in STAGES:
                a = nodes[stage][0]
                found = gradient_cams(a, grads[stage][0])
                if name == "top":
                    found["eigen-cam"] = eigen_cam(a)
                    found["score-cam"] = score_cam(net, x, a, seed)
                    found["ablation-cam"] = ablation_cam(net, a, stage, seed)
                if stage == "layer4":
                    found["cam"] = (net.fc.weight[number][:, None, None] * a).sum(0)
                raw |= {f"{method}.{stage}.{name}": value for method, value in found.items()}
    tensors = {}
    for name, value in raw.items():
        _, stage, of = name.split(".")
        tensors[f"{name}.raw"] = value
        if of == "top" or stage in OTHER_MAPS:
            tensors[f"{name}.map"] = final_map(value, x.shape[2:])
    return tensors


# ---------------------------------------------------------------- gradients to the input


def integrated_gradients(net: nn.Module, x: Tensor, seed: Seed) -> Nodes:
    """50 steps of Gauss-Legendre from the zero tensor. (captum rounds the weights to float32.)"""
    points, weights = (torch.from_numpy(v).to(x)[:, None, None, None]
                       for v in np.polynomial.legendre.leggauss(STEPS))
    grads = gradient(net, x * (points + 1) / 2, seed, ["input"])[0]
    with torch.no_grad():
        scores = [seed(run(net, value)) for value in (x, torch.zeros_like(x))]
    return {
        "integrated-gradients.top": x[0] * (grads * weights / 2).sum(0),
        "integrated-gradients.score_input": scores[0],
        "integrated-gradients.score_baseline": scores[1],
    }


@torch.no_grad()
def occlusion(net: nn.Module, x: Tensor, seed: Seed) -> Tensor:
    """Drop of the logit, averaged over the windows that cover a pixel.

    Windows start at multiples of the stride, ceil((side - window) / stride) + 1 of them a side:
    the last one reaches the border and is cut there if it would stick out.
    """
    size = x.shape[2:]
    starts = [range(0, math.ceil((n - w) / s) * s + 1, s) for n, w, s in zip(size, WINDOW, STRIDE)]
    windows = []
    for top in starts[0]:
        for left in starts[1]:
            windows.append(torch.zeros(size))
            windows[-1][top:top + WINDOW[0], left:left + WINDOW[1]] = 1
    windows = torch.stack(windows).to(x)
    drops = seed(run(net, x)) - seed(run(net, x * (1 - windows[:, None])))
    drop = (drops[:, None, None] * windows).sum(0) / windows.sum(0)
    return drop.expand(3, *size)


def attributions(net: nn.Module, x: Tensor, facts: dict, noise: Tensor) -> Nodes:
    """`<method>.<seed>`, [3, H, W]."""
    found, scalars = {}, seeds(facts)
    guided, deconvnet = with_rule(net, True), with_rule(net, False)
    for method, of in (("saliency", net), ("guided-backprop", guided), ("deconvnet", deconvnet)):
        for name, seed in scalars.items():
            found[f"{method}.{name}"] = gradient(of, x, seed, ["input"])[0][0]
    top = scalars["top"]
    found |= integrated_gradients(net, x, top)
    found["occlusion.top"] = occlusion(net, x, top)
    found["smoothgrad.top"] = gradient(net, x + noise.to(x), top, ["input"])[0].mean(0)
    nodes = run(net, x)
    for stage in ("layer3", "layer4"):
        cam = gradient_cams(nodes[stage][0], gradient(net, x, top, [stage])[0][0])["grad-cam"]
        cam = F.interpolate(cam.clamp(min=0)[None, None], x.shape[2:], mode="bilinear", align_corners=False)
        found[f"guided-grad-cam.{stage}.top"] = found["guided-backprop.top"] * cam[0, 0]
    return found


# ---------------------------------------------------------------- knock-out and inversion


def change(value: Tensor, how: str) -> Tensor:
    """The node's value with `KNOCKED_CHANNELS` set to 0, halved, or made their own spatial mean."""
    value = value.clone()
    chosen = value[:, KNOCKED_CHANNELS]
    mean = chosen.mean((2, 3), keepdim=True).expand_as(chosen)
    value[:, KNOCKED_CHANNELS] = {"zero": 0 * chosen, "half": 0.5 * chosen, "mean": mean}[how]
    return value


def knockout(net: nn.Module, x: Tensor, facts: dict) -> Nodes:
    """Logits after the change; the gradient passes through the factor and through the mean."""
    found, seed = {}, seeds(facts)["top"]
    for how in ("zero", "half", "mean"):
        hook = net.get_submodule(KNOCKED).register_forward_pre_hook(
            lambda _, args, how=how: (change(args[0], how),)
        )
        with torch.no_grad():
            found[f"knockout.{how}"] = net(x)[0]
        if how != "zero":
            found[f"knockout.{how}.grad"] = gradient(net, x, seed, ["input"])[0][0]
        hook.remove()
    return found


def inversion(net: nn.Module, x: Tensor, start: Tensor) -> Nodes:
    """|Phi - Phi0|^2 / |Phi0|^2 + 1e-3 TV + 1e-4 sum x^6 at layer2, and its gradient at `start`.

    TV = sum (dx^2 + dy^2)^(beta / 2), beta = 2, over channels and pixels; forward differences, 0 in
    the last column and the last row.
    """
    with torch.no_grad():
        target = run(net, x)["layer2"]
    at = start.to(x)[None].requires_grad_()
    feature = ((run(net, at)["layer2"] - target) ** 2).sum() / (target**2).sum()
    dx = F.pad(at[..., :, 1:] - at[..., :, :-1], (0, 1))
    dy = F.pad(at[..., 1:, :] - at[..., :-1, :], (0, 0, 0, 1))
    tv, alpha = (dx**2 + dy**2).sum(), (at**6).sum()
    loss = feature + TV_WEIGHT * tv + ALPHA_WEIGHT * alpha
    return {
        "inversion.loss": loss, "inversion.feature": feature,
        "inversion.tv": tv, "inversion.alpha": alpha,
        "inversion.gradient": torch.autograd.grad(loss, at)[0][0],
    }


# ---------------------------------------------------------------- all of it, in any precision


def explain(net: nn.Module, x: Tensor, facts: dict, given: Nodes) -> Nodes:
    """Everything but the judging. `given`: the random tensors, float32."""
    at = ["input", "relu", *STAGES]
    grads = gradient(net, x, seeds(facts)["top"], at)
    found = {f"grad.{name}": value for name, value in zip(at, grads)}
    if facts["name"] in EXPLAINED:
        found |= cams(net, x, facts)
        found |= attributions(net, x, facts, given["smoothgrad.noise"])
        found |= knockout(net, x, facts)
    if facts["name"] == "basic":
        found |= inversion(net, x, given["inversion.x"])
    return {name: value.detach().reshape(value.shape or (1,)) for name, value in found.items()}


def distance(value: Tensor, exact: Tensor) -> float:
    """max|value - exact| / max|exact|; where the reference is all zeros, max|value|."""
    assert value.shape == exact.shape
    largest = exact.abs().max().item()
    return (value.double() - exact).abs().max().item() / (largest or 1.0)


def float32_gaps(net: nn.Module, x: Tensor, facts: dict, given: Nodes, exact: Nodes) -> dict:
    """The largest distance of twelve float32 runs of PyTorch, by tensor name.

    As is, oneDNN off, channels last; eight with the input and one with the weights moved by rounding.
    """
    last = copy.deepcopy(net).to(memory_format=torch.channels_last)
    runs = [(net, x, True), (net, x, False), (last, x.to(memory_format=torch.channels_last), True)]
    generator = torch.Generator().manual_seed(7)

    def moved(value: Tensor) -> Tensor:
        noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        return (value.double() * (1 + 6e-8 * noise)).float()

    runs += [(net, moved(x), True) for _ in range(8)]
    other = copy.deepcopy(net)
    for parameter in other.parameters():
        parameter.data = moved(parameter.data)
    runs.append((other, x, True))
    gaps = dict.fromkeys(exact, 0.0)
    for of, at, onednn in runs:
        flags = contextlib.nullcontext() if onednn else torch.backends.mkldnn.flags(enabled=False)
        with flags:
            found = explain(of, at, facts, given)
        assert list(found) == list(exact)
        for name, value in found.items():
            assert value.dtype == torch.float32, name
            gaps[name] = max(gaps[name], distance(value, exact[name]))
    return gaps


# ---------------------------------------------------------------- the libraries

# Name, class, and how far the library may be from float64: three of them round to float32 inside.
CAM_CLASSES = {
    "grad-cam": (GradCAM, 1e-12), "grad-cam++": (GradCAMPlusPlus, 1e-12), "hirescam": (HiResCAM, 1e-12),
    "layer-cam": (LayerCAM, 1e-12), "xgrad-cam": (XGradCAM, 1e-12),
    "grad-cam-elementwise": (GradCAMElementWise, 1e-12), "eigen-cam": (EigenCAM, 1e-6),
    "score-cam": (ScoreCAM, 1e-6), "ablation-cam": (AblationCAM, 1e-3),
}


def against_grad_cam(net: nn.Module, x: Tensor, facts: dict, exact: Nodes) -> dict:
    """Largest distance of pytorch-grad-cam by method, of raw maps and of final ones."""
    found = {}
    for name in exact:
        if not name.endswith(".raw") or name.startswith("cam."):
            continue
        method, stage, of, _ = name.split(".")
        make, tolerance = CAM_CLASSES[method]
        cam = make(net, [net.get_submodule(stage)[-1]])
        kept = []
        plain = cam.get_cam_image

        def keep(*args, plain=plain, kept=kept, flipped=method == "eigen-cam", exact=exact[name]):
            raw = plain(*args)
            if flipped and (raw[0] * exact.numpy()).sum() < 0:  # an arbitrary sign
                raw = -raw
            kept.append(torch.from_numpy(raw[0]))
            return raw

        cam.get_cam_image = keep
        final = cam(x, [ClassifierOutputTarget(facts[of])])[0]
        off = distance(kept[0], exact[name])
        assert off < tolerance, f"{name}: the library is {off:.1e} away"
        found[f"{method}.raw"] = max(found.get(f"{method}.raw", 0.0), off)
        if name[:-4] + ".map" in exact:
            off = distance(torch.from_numpy(final), exact[name[:-4] + ".map"])
            assert off < max(1e-5, tolerance), f"{name[:-4]}.map: the library is {off:.1e} away"
            found[f"{method}.map"] = max(found.get(f"{method}.map", 0.0), off)
    return found


def against_captum(net: nn.Module, x: Tensor, facts: dict, exact: Nodes) -> dict:
    """Largest distance of captum by method."""
    results = {}
    for name, seed in seeds(facts).items():
        seeded = Seeded(net, seed)
        results[f"saliency.{name}"] = Saliency(seeded).attribute(x.clone(), abs=False)
        results[f"guided-backprop.{name}"] = GuidedBackprop(seeded).attribute(x.clone())
        results[f"deconvnet.{name}"] = Deconvolution(seeded).attribute(x.clone())
    top = facts["top"]
    results["integrated-gradients.top"] = IntegratedGradients(net).attribute(
        x.clone(), target=top, n_steps=STEPS, method="gausslegendre")
    results["occlusion.top"] = Occlusion(net).attribute(
        x.clone(), (3, *WINDOW), (3, *STRIDE), target=top, baselines=0)
    for stage in ("layer3", "layer4"):
        results[f"guided-grad-cam.{stage}.top"] = GuidedGradCam(net, net.get_submodule(stage)).attribute(
            x.clone(), target=top, interpolate_mode="bilinear")
    found = {}
    for name, value in results.items():
        off, method = distance(value[0].detach(), exact[name]), name.split(".")[0]
        # These two multiply by float32 weights inside.
        tolerance = 1e-6 if method in ("integrated-gradients", "occlusion") else 1e-12
        assert off < tolerance, f"{name}: captum is {off:.1e} away"
        found[method] = max(found.get(method, 0.0), off)
    return found


# ---------------------------------------------------------------- is it true


@torch.no_grad()
def curves(net: nn.Module, x: Tensor, order: Tensor, blurred: Tensor, top: int) -> Nodes:
    """Deletion and insertion of RISE: `step` pixels at a time, from none changed to all.

    (RISE itself takes equal pixels in no defined order, the higher index first as a rule.)
    """
    pixels = order.numel()
    step = math.ceil(pixels / 224)
    found = {}
    for name, start, end in (("deletion", x, torch.zeros_like(x)), ("insertion", blurred[None], x)):
        picture, scores = start.clone(), {"": [], "sigmoid.": []}
        for i in range(math.ceil(pixels / step) + 1):
            if i > 0:
                chosen = order[(i - 1) * step:i * step]
                picture.flatten(2)[:, :, chosen] = end.flatten(2)[:, :, chosen]
            logits = net(picture)[0]
            scores[""].append(torch.softmax(logits, 0)[top])
            scores["sigmoid."].append(torch.sigmoid(logits)[top])
        assert torch.equal(picture, end)
        for kind, score in scores.items():
            score = torch.stack(score)
            found[f"judge.{kind}{name}"] = score
            area = (score.sum() - score[0] / 2 - score[-1] / 2) / (len(score) - 1)
            found[f"judge.{kind}{name}.area"] = area.reshape(1)
    return found


def impute(x: Tensor, kept: Tensor) -> Tensor:
    """ROAD's linear imputer without noise: pixels that are not `kept` [H, W] get new values.

    Each missing pixel shall be the weighted mean of those of its 8 neighbours that lie inside the
    picture, missing or not: weight 1/6 for the four that share an edge, 1/12 for the four diagonal
    ones, divided by the sum of the weights inside. One linear system, the same for all channels:
    for missing i with neighbours n:   -(sum of w_n inside) x_i + sum over missing n of w_n x_n
                                          = -(sum over kept n of w_n x_n).
    If nothing is kept (the map is 0 in more than p percent), the system is singular and its right
    side 0: the picture is all zeros then, as the library's solver answers too. The library rounds
    the solution to float32.
    """
    if not kept.any():
        return torch.zeros_like(x)
    a, b = NoisyLinearImputer.setup_sparse_system(
        kept.numpy().astype(np.float32), x[0].numpy(), NoisyLinearImputer().weighting)
    solution = torch.from_numpy(np.linalg.solve(a.toarray(), b))
    picture = x.clone()
    picture.flatten(2)[0, :, ~kept.flatten()] = solution.T
    return picture


@torch.no_grad()
def road(net: nn.Module, x: Tensor, cam: Tensor, facts: dict) -> tuple[Nodes, float]:
    """ROADCombined without noise, and the distance of the library's own.

    Percentile p keeps about p percent of the pixels and imputes the rest:
    most relevant first:  kept where  m < percentile(m, p),           m the map, in float64;
    least relevant first: kept where  1 - m < percentile(1 - m, p),   1 - m computed in float64.
    Strictly below, so pixels that tie with the threshold are all imputed. The percentile is
    numpy's: s sorted, n values, v = (n - 1) * (p / 100) in float64, i = floor(v), t = v - i:
    s[i] + t (s[i+1] - s[i]), computed for t >= 0.5 as s[i+1] - (1 - t)(s[i+1] - s[i]).
    The score of one percentile is the logit of the imputed picture minus the photo's.
    """
    logit = net(x)[0, facts["top"]]
    found, off = {}, 0.0
    targets = [ClassifierOutputTarget(facts["top"])]
    for name, remove in (("most", RemoveMostRelevantFirst), ("least", RemoveLeastRelevantFirst)):
        ranked = cam if name == "most" else 1 - cam
        changes = []
        for p in PERCENTILES:
            kept = ranked < np.percentile(ranked.numpy(), p)
            facts.setdefault(f"road_kept_{name}", []).append(int(kept.sum()))
            picture = impute(x, kept)
            if (name, p) == ("most", 50):
                found["judge.road.imputed"] = picture[0]
            changes.append(net(picture)[0, facts["top"]] - logit)
            metric = PerturbationConfidenceMetric(remove(p, NoisyLinearImputer(noise=0)))
            # The library's imputer takes float32 alone; the input is float32 anyway.
            theirs = metric(x.float(), cam[None].numpy(), targets, lambda value: net(value.double()))[0]
            off = max(off, abs(theirs - changes[-1].item()) / logit.item())
        found[f"judge.road.{name}"] = torch.stack(changes)
    assert off < 1e-5, off
    score = (found["judge.road.least"].mean() - found["judge.road.most"].mean()) / 2
    return found | {"judge.road": score.reshape(1)}, off


def judge(net: nn.Module, x: Tensor, cam: Tensor, facts: dict) -> tuple[Nodes, float]:
    """Deletion, insertion and ROAD of a map [H, W]. Among equal pixels the lower index comes first."""
    order = torch.argsort(cam.flatten(), descending=True, stable=True)
    # RISE's kernel (which it rounds to float32): scipy's filter on a delta, mirrored at the borders.
    delta = np.zeros((11, 11))
    delta[5, 5] = 1
    kernel = torch.from_numpy(gaussian_filter(delta, 5))
    blurred = F.conv2d(x[0][:, None], kernel[None, None], padding=5)[:, 0]  # zeros outside
    found = {"judge.kernel": kernel, "judge.blurred": blurred}
    found |= curves(net, x, order, blurred, facts["top"])
    scores, off = road(net, x, cam, facts)
    return found | scores, off


def spearman() -> Nodes:
    rng = np.random.default_rng(11)
    a = rng.integers(-6, 6, 40) / 4
    b = np.round(0.7 * a + rng.normal(0, 0.5, 40), 1)
    assert len(set(a)) < 20 and len(set(b)) < 35
    found = {"spearman.a": a, "spearman.b": b, "spearman": np.array([scipy.stats.spearmanr(a, b).statistic])}
    return {name: torch.from_numpy(value) for name, value in found.items()}


# ---------------------------------------------------------------- files


def check(exact: Nodes, acts: Nodes, facts: dict) -> None:
    """What must hold among the references themselves."""
    assert torch.equal(exact["saliency.top"], exact["grad.input"][0])
    for of in ("top", "other"):  # with global average pooling and one linear layer
        pixels = exact[f"cam.layer4.{of}.raw"].numel()
        for method in ("grad-cam", "hirescam"):
            summed = exact[f"{method}.layer4.{of}.raw"] * pixels
            assert distance(summed, exact[f"cam.layer4.{of}.raw"]) < 1e-12
    for name, value in exact.items():
        assert value.isfinite().all(), name
        if not name.endswith(".map"):
            assert value.abs().max() > 1e-6, f"{name} vanishes"
    knocked = acts["layer2.0.relu"][0, KNOCKED_CHANNELS]
    assert (knocked.amax((1, 2)) > 0).any()
    total = exact["integrated-gradients.top"].sum()
    rise = (exact["integrated-gradients.score_input"] - exact["integrated-gradients.score_baseline"]).item()
    facts["completeness_error"] = float(f"{abs(total - rise) / abs(rise):.3e}")
    facts["empty_maps"] = [name for name, value in exact.items() if name.endswith(".map") and not value.any()]


def stored(name: str, value: Tensor) -> Tensor:
    """The precision a tensor is stored in: see the top of this file."""
    small = value.numel() <= 1000 or name == JUDGED
    return value.to(torch.float64 if small else torch.float32).contiguous().clone()


def write_case(out: Path, case) -> tuple[dict, dict, dict]:
    """One case: its file; its row, its gaps and the libraries' distances."""
    net = build(case)
    net.load_state_dict(load_file(out / f"net_{case.name}.safetensors"))
    acts = load_file(out / f"acts_{case.name}.safetensors")
    x = acts["input"]
    assert x.dtype == torch.float32 and not any(m.inplace for m in net.modules() if isinstance(m, nn.ReLU))
    net = net.eval().requires_grad_(True)
    double = copy.deepcopy(net).double()
    facts = {"name": case.name, "top": int(acts["fc"][0].argmax())}
    generator = torch.Generator().manual_seed(100 + case.seed)
    given = {}
    if case.name in EXPLAINED:
        facts |= EXPLAINED[case.name]
        sigma = SIGMA * (x.max() - x.min())
        given["smoothgrad.noise"] = sigma * torch.randn(SAMPLES, *x.shape[1:], generator=generator)
    if case.name == "basic":
        given["inversion.x"] = 0.5 * torch.randn(x.shape[1:], generator=generator)
    exact = explain(double, x.double(), facts, given)
    with torch.no_grad():
        nodes = run(double, x.double())
    assert all(distance(nodes[name], acts[name]) < 1e-12 for name in ("relu", "fc"))
    gaps = float32_gaps(net, x, facts, given, exact)
    tensors, library = exact | given, {}
    if case.name in EXPLAINED:
        check(exact, acts, facts)
        library = against_captum(double, x.double(), facts, exact)
        library |= against_grad_cam(double, x.double(), facts, exact)
        tensors[JUDGED] = exact[JUDGED].float().double()
        judged, library["road"] = judge(double, x.double(), tensors[JUDGED], facts)
        tensors |= judged
    if case.name == "basic":
        tensors |= spearman()
    save_file({name: stored(name, value) for name, value in tensors.items()},
              out / f"explain_{case.name}.safetensors")
    print(f"{case.name}: {len(tensors)} tensors, largest gap {max(gaps.values()):.1e}")
    return facts, gaps, library


def write_json(path: Path, sections: dict) -> None:
    """Two levels deep, one entry a line."""

    def lines(value, indent: str) -> str:
        if isinstance(value, list) and isinstance(value[0], dict):
            return "[\n" + ",\n".join(f"{indent}  {json.dumps(row)}" for row in value) + f"\n{indent}]"
        if isinstance(value, dict) and len(value) > 1 and len(indent) < 5:
            rows = (f"{indent}  {json.dumps(key)}: {lines(v, indent + '  ')}" for key, v in value.items())
            return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
        return json.dumps(value)

    path.write_text(lines(sections, "") + "\n")


def rounded(values: dict) -> dict:
    return {name: float(f"{value:.2e}") for name, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "tests/fixtures")
    args = parser.parse_args()
    torch.set_num_threads(1)
    for message in ("Setting backward hooks on ReLU", "Input Tensor 0 did not already", "TF32 acceleration"):
        warnings.filterwarnings("ignore", message=message)
    rows, gaps, library = [], {}, {}
    for case in (case for case in CASES if case.name in GRADIENTS):
        facts, gap, near = write_case(args.out, case)
        rows.append(facts)
        gaps[case.name] = rounded(gap)
        if near:
            library[case.name] = rounded(near)
    packages = ("torch", "torchvision", "captum", "grad-cam", "numpy", "scipy", "opencv-python", "safetensors")
    versions = {}
    for name in packages:
        with contextlib.suppress(ModuleNotFoundError):
            versions[name] = version(name)
    settings = {
        "occlusion": {"window": WINDOW, "stride": STRIDE}, "smoothgrad_sigma": SIGMA,
        "knockout": {"node": "layer2.0.relu", "channels": KNOCKED_CHANNELS},
        "inversion": {"layer": "layer2", "tv": TV_WEIGHT, "alpha": ALPHA_WEIGHT, "beta": 2},
        "integrated_gradients_steps": STEPS, "road_percentiles": PERCENTILES,
    }
    write_json(args.out / "explain.json", {
        "script": "tools/make_explanations.py", "versions": versions, "settings": settings,
        "cases": rows, "library": library, "gaps": gaps,
    })
    files = sorted(args.out.glob("explain*"))
    for path in files:
        path.chmod(0o644)  # safetensors writes for the owner alone
        print(f"{path.name}: {path.stat().st_size} bytes")
    total = sum(path.stat().st_size for path in files)
    assert total < 1_600_000, total
    print(f"{total} bytes")


if __name__ == "__main__":
    main()
