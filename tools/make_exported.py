#!/usr/bin/env python3
"""Write the fixtures of networks that torch.export saved: tests/fixtures/exported.

    pip install torch numpy
    python3 tools/make_exported.py

Of each network NAME.pt2, its input NAME.npy and NAME.json: for every node of the graph, in its order, its
shape, its largest magnitude and the sum of its values times cos(0.1 i), in float64, and the same of the outputs.
Networks have seeded random weights. What a trace says about the files of the machine is taken out.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from check_zoo import own_networks
from torch import nn

OUT = Path(__file__).parent.parent / "tests/fixtures/exported"


class Blocks(nn.Module):
    """Parts of known families: ShuffleNet, MobileNet, ConvNeXt, Res2Net, ResNet with standardized weights."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(12)
        self.expand = nn.Conv2d(6, 6, 1, groups=2)
        self.dw = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.reduce = nn.Conv2d(12, 4, 1)
        self.widen = nn.Conv2d(4, 12, 1)
        self.conv7 = nn.Conv2d(12, 12, 7, padding=3, groups=12)
        self.norm = nn.LayerNorm(12, eps=1e-6)
        self.fc1 = nn.Linear(12, 24)
        self.fc2 = nn.Linear(24, 12)
        self.gamma = nn.Parameter(torch.rand(12) + 0.5)
        self.standard = nn.Parameter(torch.randn(8, 12, 3, 3))
        self.gain = nn.Parameter(torch.rand(8, 1, 1, 1) + 0.5)
        self.eca = nn.Conv1d(1, 1, 3, padding=1, bias=False)
        self.up = nn.PixelShuffle(2)
        self.head = nn.Conv2d(4, 5, 1)

    def forward(self, x):
        x = F.relu6(self.bn(self.stem(x)))
        a, b = x.chunk(2, 1)
        b = F.leaky_relu(self.dw(self.expand(b)), 0.2)
        x = torch.cat([a, b], 1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
        gate = self.widen(F.silu(self.reduce(x.mean((2, 3), keepdim=True)))).sigmoid()
        x = x * gate
        y = self.norm(self.conv7(x).permute(0, 2, 3, 1))
        y = self.gamma * self.fc2(F.gelu(self.fc1(y)))
        x = x + y.permute(0, 3, 1, 2)
        parts = torch.split(x, [3, 4, 5], 1)
        x = torch.cat([parts[0], parts[1] * 2 - 1, parts[2].clamp(-0.5, 0.5)], 1)
        weight = F.batch_norm(self.standard.reshape(1, 8, -1), None, None, training=True, momentum=0.0)
        x = F.conv2d(x, weight.reshape_as(self.standard) * self.gain, padding=1)
        line = self.eca(x.mean((2, 3)).view(n, 1, -1)).sigmoid().view(n, -1, 1, 1)
        x = x * line.expand_as(x)
        x = self.up(torch.cat([x, x.square()], 1))
        x = F.interpolate(x, scale_factor=0.5, mode="bicubic")
        x = torch.stack([x, x.abs().sqrt()], 1).amax(1)
        return self.head(x[:, :, 1:, ::2]).mean((2, 3))


class Heads(nn.Module):
    """In place, shared weights, a transposed convolution, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.shared = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.down = nn.MaxPool2d(2)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2)
        self.mask = nn.Conv2d(16, 3, 1)
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        x = self.relu(self.conv(x))
        low = self.relu(self.shared(self.shared(self.down(x))))
        low += self.down(x)
        low.mul_(0.5)
        mask = self.mask(torch.cat([x, self.up(low)], 1))
        return self.fc(F.adaptive_avg_pool2d(low, 1).flatten(1)), mask


def measured(net: nn.Module) -> nn.Module:
    """With random parameters where they start as constants, and batch norms that have seen something."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    for parameter in net.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.2, 1.2)
    return net.eval()


class Recorder(torch.fx.Interpreter):
    def __init__(self, module) -> None:
        super().__init__(module)
        self.nodes = []

    def run_node(self, node):
        value = super().run_node(node)
        if node.op == "call_function" and isinstance(value, torch.Tensor) and value.is_floating_point():
            self.nodes.append({"node": node.name, **facts(value)})
        return value


def facts(value: torch.Tensor) -> dict:
    flat = value.detach().double().flatten()
    weights = torch.cos(0.1 * torch.arange(flat.numel(), dtype=torch.float64))
    return {"shape": list(value.shape), "largest": flat.abs().max().item(), "sum": (flat * weights).sum().item()}


def without_traces(data: bytes) -> str:
    program = json.loads(data)
    program.pop("guards_code", None)
    for node in program["graph_module"]["graph"]["nodes"]:
        for key in ("stack_trace", "from_node"):
            node["metadata"].pop(key, None)
        stack = node["metadata"].get("nn_module_stack", "")
        node["metadata"]["nn_module_stack"] = stack.replace("own_networks.<locals>.", "")
    return json.dumps(program, separators=(",", ":"))


def write(name: str, net: nn.Module, size: tuple[int, int], core: bool = False) -> None:
    x = torch.randn(1, 3, *size)
    program = torch.export.export(net, (x,))
    if core:
        program = program.run_decompositions()
    saved = io.BytesIO()
    torch.export.save(program, saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(OUT / f"{name}.pt2", "w") as new:
        for entry in old.namelist():
            inside = entry.split("/", 1)[1]
            if inside.startswith("data/sample_inputs"):
                continue
            data = old.read(entry)
            if inside == "models/model.json":
                data = without_traces(data)
            new.writestr(zipfile.ZipInfo(f"{name}/{inside}"), data)
    np.save(OUT / f"{name}.npy", x.numpy())
    wide = torch.export.export(net.double(), (x.double(),))
    if core:
        wide = wide.run_decompositions()
    recorder = Recorder(wide.module())
    outputs = recorder.run(x.double())
    net.float()
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    expected = {"nodes": recorder.nodes, "outputs": [facts(value) for value in outputs]}
    (OUT / f"{name}.json").write_text(json.dumps(expected, separators=(",", ":")))


def older_layouts(name: str) -> None:
    """The same program as PyTorch 2.1 and 2.6 laid it out."""
    with zipfile.ZipFile(OUT / f"{name}.pt2") as archive:
        text = archive.read(f"{name}/models/model.json")
        config = json.loads(archive.read(f"{name}/data/weights/model_weights_config.json"))["config"]
        state = {}
        for key, payload in config.items():
            sizes = [size["as_int"] for size in payload["tensor_meta"]["sizes"]]
            dtype = {5: np.int64, 7: np.float32}[payload["tensor_meta"]["dtype"]]
            data = archive.read(f"{name}/data/weights/{payload['path_name']}")
            state[key] = torch.from_numpy(np.frombuffer(data, dtype).reshape(sizes).copy())
    pickled = io.BytesIO()
    torch.save(state, pickled)
    with zipfile.ZipFile(OUT / f"{name}_2_1.pt2", "w") as new:
        new.writestr(zipfile.ZipInfo("serialized_exported_program.json"), text)
        new.writestr(zipfile.ZipInfo("serialized_state_dict.pt"), pickled.getvalue())
    with zipfile.ZipFile(OUT / f"{name}_2_6.pt2", "w") as new:
        new.writestr(zipfile.ZipInfo(f"{name}/models/model.json"), text)
        new.writestr(zipfile.ZipInfo(f"{name}/data/weights/model.pt"), pickled.getvalue())


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    small, heads = measured(own_networks()["small"]()), measured(Heads())
    write("small", small, (33, 38))
    write("blocks", measured(Blocks()), (32, 40))
    write("heads", heads, (24, 16))
    write("heads_core", heads, (24, 16), core=True)
    older_layouts("heads")
    total = sum(file.stat().st_size for file in OUT.iterdir())
    print(f"{OUT}: {total / 1e6:.2f} MB")
    assert total < 2e6


if __name__ == "__main__":
    main()
