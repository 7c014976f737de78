#!/usr/bin/env python3
"""Write a full-size torchvision ResNet with random weights and measured batch-norm statistics.

    pip install torch torchvision safetensors
    python3 tools/make_random_resnet.py resnet50 /tmp/resnet50.safetensors

For trying convscope on a network of real size, and for timing, where no trained weights can be
had. The running statistics are those of three passes over noise, so that values stay of order one
from the first layer to the last.
"""

import argparse

import torch
import torchvision
from safetensors.torch import save_file

NETWORKS = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "wide_resnet50_2", "wide_resnet101_2", "resnext50_32x4d", "resnext101_32x8d",
]


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("out", help="the .safetensors file to write")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    net = torchvision.models.get_model(args.network, weights=None)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the plain mean over the passes
    net.train()
    for _ in range(3):
        net(torch.randn(4, 3, 160, 160))
    tensors = {name: value.contiguous() for name, value in net.state_dict().items()}
    save_file(tensors, args.out, {"format": "pt"})


if __name__ == "__main__":
    main()
