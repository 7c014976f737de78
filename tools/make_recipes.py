#!/usr/bin/env python3
"""Write what timm and transformers make of the configuration files beside the weights, into `tests/fixtures/`.

    pip install torch torchvision timm transformers safetensors pillow numpy
    python3 tools/make_recipes.py [--out tests/fixtures]

Seeded: the same library versions write the same bytes.

recipes.json          configuration files, the photo, and how near the input must come
recipes.safetensors   the input [1, 3, H, W] that timm's or transformers' own class makes of each (float32)
dilated.safetensors   small timm ResNets: weights, an input, and layers at several output strides
"""

import argparse
import json
from pathlib import Path

import timm
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from timm.models._pretrained import PretrainedCfg
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import nn

TALL, WIDE = "rgb_61x83.png", "rgb_120x75.png"

# The rows are: name, photo, `pretrained_cfg`.
TIMM = [
    ("timm_default", TALL, {"input_size": [3, 16, 16]}),
    *[
        (f"timm_{name}", WIDE, {"input_size": [3, 18, 18], "interpolation": name, "crop_pct": 0.9})
        for name in ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
    ],
    ("timm_lanczos_up", WIDE, {"input_size": [3, 6, 130], "interpolation": "lanczos", "crop_pct": 1.0}),
    ("timm_nearest_up", WIDE, {"input_size": [3, 6, 130], "interpolation": "nearest", "crop_pct": 1.0}),
    ("timm_095", TALL, {"input_size": [3, 17, 17], "crop_pct": 0.95, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}),
    ("timm_one_mean", TALL, {"input_size": [3, 16, 16], "mean": [0.5], "std": [0.25]}),
    ("timm_padded", TALL, {"input_size": [3, 15, 15], "crop_pct": 1.3}),
    ("timm_oblong", WIDE, {"input_size": [3, 13, 20], "crop_pct": 0.9}),
    ("timm_oblong_tall", TALL, {"input_size": [3, 13, 20], "crop_pct": 0.875}),
    ("timm_squash", WIDE, {"input_size": [3, 16, 16], "crop_mode": "squash", "crop_pct": 0.9}),
    ("timm_squash_oblong", TALL, {"input_size": [3, 13, 20], "crop_mode": "squash", "crop_pct": 1.0}),
    ("timm_border", WIDE, {"input_size": [3, 16, 16], "crop_mode": "border", "crop_pct": 1.0}),
    ("timm_border_tall", TALL, {"input_size": [3, 17, 20], "crop_mode": "border", "crop_pct": 0.9, "mean": [0.1, 0.5, 0.9]}),
    ("timm_other_mode", TALL, {"input_size": [3, 16, 16], "crop_mode": "none"}),
]

BIT = {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 20}, "crop_size": 16}
VIT = {"image_processor_type": "ViTImageProcessor"}
EFFICIENT = {"image_processor_type": "EfficientNetImageProcessor", "size": [16, 16]}

# The rows are: name, photo, `preprocessor_config.json`.
TRANSFORMERS = [
    *[(f"bit_filter_{number}", WIDE, {**BIT, "resample": number}) for number in range(6)],
    ("bit_odd", TALL, {**BIT, "size": {"shortest_edge": 21}, "crop_size": {"height": 16, "width": 13}}),
    ("bit_padded", TALL, {**BIT, "crop_size": {"height": 18, "width": 26}}),
    ("bit_padded_odd", TALL, {**BIT, "crop_size": [18, 25]}),
    ("bit_whole", WIDE, {**BIT, "do_center_crop": False}),
    ("bit_within", WIDE, {**BIT, "size": {"shortest_edge": 20, "longest_edge": 25}, "do_center_crop": False}),
    ("bit_within_tall", TALL, {**BIT, "size": {"shortest_edge": 20, "longest_edge": 40}, "do_center_crop": False}),
    ("bit_inside", TALL, {**BIT, "size": {"max_height": 20, "max_width": 30}, "do_center_crop": False}),
    ("bit_unscaled", TALL, {**BIT, "do_resize": False}),
    ("bit_number", TALL, {**BIT, "size": 19}),
    ("bit_square", TALL, {**BIT, "size": 19, "default_to_square": True}),
    ("bit_raw", TALL, {**BIT, "do_rescale": False, "do_normalize": False}),
    ("bit_raw_normalized", TALL, {**BIT, "do_rescale": False, "image_mean": [120, 110, 100], "image_std": [60, 50, 40]}),
    ("bit_unnormalized", TALL, {**BIT, "do_normalize": False}),
    ("bit_half", TALL, {**BIT, "rescale_factor": 1 / 127.5, "image_mean": [1.0] * 3, "image_std": [1.0] * 3}),
    ("vit", WIDE, {**VIT, "size": {"height": 14, "width": 17}}),
    ("vit_fast", TALL, {"image_processor_type": "ViTImageProcessorFast", "size": {"height": 16, "width": 16}, "resample": 3}),
    ("vit_number", TALL, {**VIT, "size": 16}),
    ("vit_cropped", TALL, {**VIT, "size": 20, "do_center_crop": True, "crop_size": 15}),
    ("convnext", TALL, {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 16}}),
    ("convnext_old", WIDE, {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 17, "crop_pct": 0.95, "resample": 2}),
    ("levit", WIDE, {"image_processor_type": "LevitImageProcessor", "size": 15, "crop_size": 15}),
    ("poolformer", TALL, {"image_processor_type": "PoolFormerImageProcessor", "size": 16, "crop_size": 16}),
    ("deit", WIDE, {"image_processor_type": "DeiTImageProcessor", "size": 18, "crop_size": 16}),
    ("clip", WIDE, {"image_processor_type": "CLIPImageProcessor", "size": 16, "crop_size": 16}),
    ("mobilenet_v1", WIDE, {"image_processor_type": "MobileNetV1ImageProcessor", "size": 18, "crop_size": 16}),
    ("mobilevit", TALL, {"image_processor_type": "MobileViTImageProcessor", "size": 18, "crop_size": 16}),
    ("mobilevit_unflipped", TALL, {"image_processor_type": "MobileViTImageProcessor", "size": 18, "crop_size": 16, "do_flip_channel_order": False}),
    ("efficientnet", WIDE, EFFICIENT),
    ("efficientnet_offset", WIDE, {**EFFICIENT, "rescale_factor": 1 / 127.5, "rescale_offset": True, "include_top": False}),
    ("efficientnet_top_only", WIDE, {**EFFICIENT, "do_normalize": False, "image_std": [0.2, 0.3, 0.4]}),
]


def with_timm(photo: Image.Image, cfg: dict) -> torch.Tensor:
    """The input that `create_transform` of the resolved configuration makes, as for a model of the hub."""
    cfg = PretrainedCfg(**cfg).to_dict()
    data = timm.data.resolve_data_config(pretrained_cfg=cfg)
    return timm.data.create_transform(**data, is_training=False)(photo)[None]


def processor(cfg: dict, suffix: str):
    """transformers' class for a `preprocessor_config.json`, on one of its backends."""
    kind = cfg.get("image_processor_type") or cfg["feature_extractor_type"]
    kind = kind.replace("FeatureExtractor", "ImageProcessor").removesuffix("Fast")
    return getattr(transformers, kind + suffix)(**cfg)


def with_transformers(photo: Image.Image, cfg: dict):
    """Pixels are Pillow's; where Pillow's backend places a photo elsewhere than the default backend (an odd border), or
    cannot run, those of the default backend. Returns the input, and whether it is Pillow's."""
    try:
        default = processor(cfg, "")(photo, return_tensors="pt")["pixel_values"].float()
    except (NotImplementedError, ValueError, KeyError):
        default = None  # torchvision has no box and no Hamming filter for tensors
    pillow = processor(cfg, "Pil")(photo, return_tensors="pt")["pixel_values"].float()
    if default is None:
        return pillow, True
    assert default.shape == pillow.shape, cfg
    near = (default - pillow).abs().mean() < 0.02 * pillow.std()
    return (pillow, True) if near else (default, False)


def write_recipes(out: Path) -> None:
    rows, tensors = [], {}
    for name, file, cfg in TIMM:
        tensors[name] = with_timm(Image.open(out / "photos" / file).convert("RGB"), cfg)
        rows.append({"name": name, "photo": file, "config": {"pretrained_cfg": cfg}, "pillow": True})
    for name, file, cfg in TRANSFORMERS:
        tensors[name], pillow = with_transformers(Image.open(out / "photos" / file).convert("RGB"), cfg)
        rows.append({"name": name, "photo": file, "preprocessor": cfg, "pillow": pillow})
        if not pillow:
            print(f"{name}: the default backend's")
    save_file({name: t.float().contiguous() for name, t in tensors.items()}, out / "recipes.safetensors")
    (out / "recipes.json").write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


def settle(net: nn.Module) -> nn.Module:
    """Random weights and the batch-norm statistics that noise leaves."""
    for part in net.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.3)
            part.momentum = None
    net.train()(torch.randn(8, 3, 64, 64))
    return net.eval().requires_grad_(False)


def write_dilated(out: Path) -> None:
    torch.manual_seed(7)
    tensors = {}
    for kind, block in (("basic", BasicBlock), ("bottleneck", Bottleneck)):
        options = {"num_classes": 5, "channels": (4, 6, 8, 12), "zero_init_last": False}
        net = settle(ResNet(block, (1, 2, 1, 2), **options))
        weights = {name: value for name, value in net.state_dict().items() if "tracked" not in name}
        x = torch.randn(1, 3, 33, 41)
        tensors.update({f"{kind}/weights/{name}": value.clone() for name, value in weights.items()})
        tensors[f"{kind}/input"] = x
        for stride in (8, 16, 32):
            same = ResNet(block, (1, 2, 1, 2), output_stride=stride, **options)
            same.load_state_dict(net.state_dict())
            same = same.eval().double()
            value = same.conv1(x.double())
            value = same.maxpool(same.act1(same.bn1(value)))
            for layer in ("layer1", "layer2", "layer3", "layer4"):
                value = getattr(same, layer)(value)
            tensors[f"{kind}/{stride}/layer4"] = value.float().contiguous()
            tensors[f"{kind}/{stride}/fc"] = same(x.double()).float()
    save_file(tensors, out / "dilated.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "tests/fixtures")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        write_recipes(arguments.out)
        write_dilated(arguments.out)
