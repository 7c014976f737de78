#!/usr/bin/env python3
"""Compare the tables of `docs/models.md` with the classes of the installed timm and transformers.

    pip install timm transformers torch torchvision
    python3 tools/check_config_fields.py

The tables are those of `src/source/repo_config/` (a test holds the page to the source). Exits 1 and says what is missing
when a field, a network of timm's `resnet.py`, or a default of an image processor is not as the tables say.
"""

import dataclasses
import inspect
import re
import sys
from pathlib import Path

import timm
import torch
import transformers
from timm.models._pretrained import PretrainedCfg
from timm.models._registry import _model_to_module
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import nn
from transformers.processing_utils import ImagesKwargs

ROOT = Path(__file__).parent.parent
failures = []


def check(fine: bool, what: str) -> None:
    if not fine:
        failures.append(what)


def tables() -> dict:
    """title -> {name in the first column: what the second column says}."""
    page = (ROOT / "docs/models.md").read_text()
    page = page.split("<!-- fields:")[1].split("<!-- end of fields -->")[0]
    found = {}
    for part in page.split("\n### ")[1:]:
        title, rows = part.split("\n", 1)
        found[title] = {
            name: what.strip()
            for names, what in re.findall(r"^\| (`.*?) \| (.*) \|$", rows, re.M)
            for name in re.findall(r"`([^`]+)`", names)
        }
    return found


def all_there(title: str, names, of: str) -> None:
    table = TABLES[title]
    for name in names:
        check(name in table, f"{title}: no row for {name} of {of}")


def fields_of_timm() -> None:
    constructor = set(inspect.signature(ResNet.__init__).parameters) - {"self"}
    all_there("`model_args` of timm", constructor, "timm's ResNet")
    factory = {
        name
        for name, parameter in inspect.signature(timm.create_model).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and name != "model_name"
    }
    all_there("`model_args` of timm", factory, "timm.create_model")
    all_there("`pretrained_cfg` of timm", (f.name for f in dataclasses.fields(PretrainedCfg)), "PretrainedCfg")
    saved = {"architecture", "num_classes", "num_features", "global_pool", "label_names", "label_descriptions"}
    all_there("`config.json`", saved | {"model_args", "pretrained_cfg"}, "timm's save_config_for_hf")
    # The defaults that `timm.rs` states.
    default = PretrainedCfg()
    check(default.input_size == (3, 224, 224) and default.interpolation == "bicubic", "timm: other defaults")
    check(default.crop_pct == 0.875 and default.crop_mode == "center", "timm: other crop")


def fields_of_transformers() -> None:
    for kind in (transformers.ResNetConfig, transformers.TimmWrapperConfig):
        of = kind.__name__
        all_there("`config.json`", (f.name for f in dataclasses.fields(kind)), of)
        all_there("`config.json`", kind().to_dict(), of)
    all_there("`preprocessor_config.json`", ImagesKwargs.__annotations__, "ImagesKwargs")


# ---------------------------------------------------------------- networks


def is_plain(net: ResNet) -> bool:
    """Whether a timm ResNet computes what torchvision's does: the same modules in the same places."""
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d, nn.Linear, nn.Identity, nn.Sequential, BasicBlock, Bottleneck)
    pools = (type(net.global_pool), nn.AdaptiveAvgPool2d, nn.Flatten, ResNet)
    plain = all(type(part) in kinds + pools for part in net.modules())
    stem = isinstance(net.conv1, nn.Conv2d) and net.conv1.kernel_size == (7, 7) and net.conv1.stride == (2, 2)
    pool = isinstance(net.maxpool, nn.MaxPool2d) and (net.maxpool.kernel_size, net.maxpool.stride) == (3, 2)
    if not (plain and stem and pool and net.global_pool.pool_type == "avg"):
        return False
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        for block in stage:
            shortcut = block.downsample
            strided = block.conv2 if isinstance(block, Bottleneck) else block.conv1
            if shortcut is not None and not (
                len(shortcut) == 2 and isinstance(shortcut[0], nn.Conv2d) and shortcut[0].kernel_size == (1, 1)
                and shortcut[0].stride == strided.stride
            ):
                return False
            if block.se is not None or not isinstance(block.aa, nn.Identity) or block.stride != strided.stride[0]:
                return False
    norms = [part for part in net.modules() if isinstance(part, nn.BatchNorm2d)]
    return all(norm.eps == 1e-5 for norm in norms)


def networks() -> None:
    table = TABLES["`architecture` of timm"]
    rust = (ROOT / "src/source/repo_config/architectures.rs").read_text()
    prefixes = re.search(r"const SOURCES.*?=\s*\[(.*?)\]", rust, re.S)[1]
    prefixes = re.findall(r'"(.*?)"', prefixes)
    for name, module in _model_to_module.items():
        if module != "resnet":
            continue
        known = name
        for prefix in prefixes:
            known = known.removeprefix(prefix)
        known = known.removesuffix("_v1b").replace("_v1", "")
        if known == "resnext101_32x48d":  # an old name that timm maps to another network
            continue
        if known not in table:
            check(False, f"architecture: no row for {name}")
            continue
        if known != name:
            continue
        with torch.device("meta"):
            net = None if "pruned" in name else timm.create_model(name)
        runs = table[known] == "runs"
        check((net is not None and is_plain(net)) == runs, f"architecture: {name} is said to be {table[known]}")
        row = re.search(rf'plain\(\s*"{name}",\s*\[([0-9, ]+)\],\s*(true|false),\s*(\d+),?\s*\)', rust)
        if runs and row:
            stages = [len(stage) for stage in (net.layer1, net.layer2, net.layer3, net.layer4)]
            block = net.layer1[0]
            facts = (stages, isinstance(block, Bottleneck), block.conv2.groups)
            said = ([int(n) for n in row[1].split(",")], row[2] == "true", int(row[3]))
            check(facts == said, f"architecture: {name} has {facts}, the source says {said}")
        check(not runs or row is not None, f"architecture: {name} is not in PLAIN")


# ---------------------------------------------------------------- image processors


def constants(text: str) -> dict:
    """The values of `Processor { .. }` expressions, with what `..NAME` inherits."""
    known = {}
    pattern = r"(?:const (\w+): Processor = )?Processor \{(.*?)\n?\s*\}(?=[,;])"
    for name, body in re.findall(pattern, text, re.S):
        own = dict(re.findall(r"(\w+): ((?:\w+::\w+)?(?:\((?:[^()]|\([^()]*\))*\))?[^,()]*)(?:,|$)", body.strip()))
        base = re.search(r"\.\.(\w+)", body)
        values = {**(known[base[1]] if base else {}), **{key: value.strip() for key, value in own.items()}}
        known[name or values["name"].strip('"')] = values
    return known


def processors() -> None:
    table = TABLES["`image_processor_type` of transformers"]
    rust = (ROOT / "src/source/repo_config/processors.rs").read_text()
    rust = rust[rust.index("const HALF"):rust.index("/// The class of that name")]
    known = constants(rust)
    means = {"HALF": ((0.5,) * 3, (0.5,) * 3)}
    for name, one, two in re.findall(r"const (\w+): \(\[f64; 3\], \[f64; 3\]\) =\s*\(\[(.*?)\], \[(.*?)\]\);", rust, re.S):
        if name != "HALF":
            means[name] = tuple(tuple(float(v) for v in part.split(",")) for part in (one, two))
    base = transformers.image_processing_backends.TorchvisionBackend
    for title in table:
        name = title.removesuffix("ImageProcessor")
        kind, said = getattr(transformers, title), known[name]
        size = {"Shortest": lambda n: {"shortest_edge": n}, "Exact": lambda n: {"height": n, "width": n}}
        form, number = re.match(r"Size::(\w+)\(\[?(\d+)", said["size"]).groups()
        crop = re.match(r"\((?:Some\((\d+)\)|None), (true|false)\)", said["crop"])
        expected = {
            "resample": int(said["resample"]),
            "size": size[form](int(number)),
            "default_to_square": said["square"] == "true",
            "crop_size": {"height": int(crop[1]), "width": int(crop[1])} if crop[1] else None,
            "do_center_crop": crop[2] == "true",
            "do_normalize": said["normalizes"] == "true",
            "image_mean": means[said["mean_std"]][0],
            "image_std": means[said["mean_std"]][1],
            "do_resize": True,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
        }
        if "crop_pct" in kind.valid_kwargs.__annotations__:
            expected["crop_pct"] = eval(said["fraction"], {})
        for field, value in expected.items():
            found = getattr(kind, field, None)
            found = tuple(found) if isinstance(found, list) else found
            found = bool(found) if isinstance(value, bool) else found
            check(found == value, f"{title}: {field} is {found} by default, the source says {value}")
        all_there("`preprocessor_config.json`", kind.valid_kwargs.__annotations__, title)
        all_there("`preprocessor_config.json`", kind().to_dict(), title)
        own_scaling = kind.resize is not base.resize
        check(own_scaling == (said["scaling"] != "Scaling::Size"), f"{title}: resize is of another kind")


if __name__ == "__main__":
    TABLES = tables()
    fields_of_timm()
    fields_of_transformers()
    networks()
    processors()
    print(f"timm {timm.__version__}, transformers {transformers.__version__}: {len(failures)} differences")
    sys.exit("\n".join(failures) or 0)
