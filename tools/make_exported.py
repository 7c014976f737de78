#!/usr/bin/env python3
"""Write the fixtures of networks that torch.export saved: tests/fixtures/exported.

    pip install torch numpy
    python3 tools/make_exported.py

Of each network NAME.pt2, its input NAME.npy and NAME.json, in float64:

nodes      for every node of the graph, in its order, its shape, its largest magnitude and the sum of its values
           times cos(0.1 i)
outputs    the same of the outputs
gradients  the same of the gradients of such a sum of the first output: with respect to the input, and to every node
           that the input changes and that changes that output. Nodes are those of the program without calls in place

Networks have seeded random weights. What a trace says about the files of the machine is taken out; most programs also
lack what they say of the values between calls, to be smaller.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
from check_zoo import own_networks
from exported_networks import (
    Activations,
    Arithmetic,
    Attention,
    Blocks,
    Convolutions,
    Heads,
    Norms,
    Pools,
    Resizes,
    Segmenter,
    Tables,
)
from torch import Tensor, nn

# Its maxima tie: rounding decides who gets their gradients.
TIED = "small"
OUT = Path(__file__).parent.parent / "tests/fixtures/exported"


def measured(net: nn.Module) -> nn.Module:
    """With random parameters where they start as constants, and batch norms that have seen something."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d)) and module.track_running_stats:
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    for parameter in net.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.2, 1.2)
    return net.eval()


def is_value(node: torch.fx.Node, value: object) -> bool:
    return node.op == "call_function" and isinstance(value, Tensor) and value.is_floating_point()


class Recorder(torch.fx.Interpreter):
    """Keeps the facts of every value when it is made, before a call in place changes it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.nodes = []

    def run_node(self, node: torch.fx.Node) -> object:
        value = super().run_node(node)
        if is_value(node, value):
            self.nodes.append({"node": node.name, **facts(value)})
        return value


class Keeper(torch.fx.Interpreter):
    """Keeps every value that the input changes, for its gradient."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__(module)
        self.values = {}

    def run_node(self, node: torch.fx.Node) -> object:
        value = super().run_node(node)
        if node.op == "get_attr":
            return value.detach()
        if is_value(node, value) and value.requires_grad:
            value.retain_grad()
            self.values[node.name] = value
        return value


def weighted(value: Tensor) -> Tensor:
    flat = value.flatten()
    return (flat * torch.cos(0.1 * torch.arange(flat.numel(), dtype=flat.dtype))).sum()


def facts(value: Tensor) -> dict:
    value = value.detach().double()
    return {"shape": list(value.shape), "largest": value.abs().max().item(), "sum": weighted(value).item()}


def first(outputs: Tensor | tuple | list) -> Tensor:
    return outputs if isinstance(outputs, Tensor) else outputs[0]


def gradients(program: torch.export.ExportedProgram, net: nn.Module, x: Tensor) -> list[dict]:
    """Facts of the gradients of the first output; the input's is held against differences of the network's own."""
    keeper = Keeper(program.run_decompositions({}).module())
    x = x.clone().requires_grad_()
    weighted(first(keeper.run(x))).backward()
    with torch.no_grad():
        length = x.grad.norm()
        step = 1e-6 * x.grad / length
        rise = (weighted(first(net(x + step))) - weighted(first(net(x - step)))) / 2e-6
    assert (rise / length - 1).abs() < 1e-6
    values = {"input": x} | keeper.values
    return [{"node": name, **facts(value.grad)} for name, value in values.items() if value.grad is not None]


def without_traces(data: bytes, whole: bool) -> str:
    program = json.loads(data)
    program.pop("guards_code", None)
    graph = program["graph_module"]["graph"]
    for node in graph["nodes"]:
        for key in ("stack_trace", "from_node"):
            node["metadata"].pop(key, None)
        stack = node["metadata"].get("nn_module_stack", "").replace("own_networks.<locals>.", "")
        # As if each network were written in the script that exports it.
        node["metadata"]["nn_module_stack"] = stack.replace("exported_networks.", "__main__.")
    if not whole:
        given = {value["as_tensor"]["name"] for value in graph["inputs"]}
        graph["tensor_values"] = {name: of for name, of in graph["tensor_values"].items() if name in given}
        del program["graph_module"]["module_call_graph"]
        for node in graph["nodes"]:
            del node["is_hop_single_tensor_return"], node["metadata"]["torch_fn"]
    return compact(program)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def write(
    name: str, net: nn.Module, size: tuple[int, int], core: bool = False, whole: bool = False, known: bool = True
) -> Tensor:
    """The program, its input, and if `known` what PyTorch computes; gives the input.

    If not `whole`, the program lacks what it says of calls and their values besides, to be smaller.
    """
    x = torch.randn(1, 3, *size)
    program = torch.export.export(net, (x,))
    if core:
        program = program.run_decompositions()
    write_program(name, program, whole)
    np.save(OUT / f"{name}.npy", x.numpy())
    if known:
        expected = computed(net.double(), x.double(), core, name != TIED)
        net.float()
        (OUT / f"{name}.json").write_text(compact(expected))
    return x


def write_program(name: str, program: torch.export.ExportedProgram, whole: bool) -> None:
    saved = io.BytesIO()
    torch.export.save(program, saved)
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(OUT / f"{name}.pt2", "w") as new:
        for entry in old.namelist():
            inside = entry.split("/", 1)[1]
            if inside.startswith("data/sample_inputs"):
                continue
            data = old.read(entry)
            if inside == "models/model.json":
                data = without_traces(data, whole)
            if inside == "data/weights/model_weights_config.json" and not whole:
                data = compact(json.loads(data))
            if inside == ".data/serialization_id":
                data = b"0" * len(data)  # half of it is random
            new.writestr(zipfile.ZipInfo(f"{name}/{inside}"), data)


def write_dynamic(name: str, net: nn.Module, traced: tuple[int, int], size: tuple[int, int]) -> None:
    """A program whose batch, rows and columns may change, with an input of another size and what comes of it."""
    free = {axis: torch.export.Dim.AUTO for axis in (0, 2, 3)}
    program = torch.export.export(net, (torch.randn(2, 3, *traced),), dynamic_shapes=(free,))
    write_program(name, program, whole=True)
    x = torch.randn(1, 3, *size)
    np.save(OUT / f"{name}.npy", x.numpy())
    with torch.no_grad():
        output = net.double()(x.double())
    (OUT / f"{name}.json").write_text(compact({"nodes": [], "outputs": [facts(output)]}))


def computed(net: nn.Module, x: Tensor, core: bool, differentiable: bool) -> dict:
    program = torch.export.export(net, (x,))
    if core:
        program = program.run_decompositions()
    recorder = Recorder(program.module())
    outputs = recorder.run(x)
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    expected = {"nodes": recorder.nodes, "outputs": [facts(value) for value in outputs]}
    return expected | ({"gradients": gradients(program, net, x)} if differentiable else {})


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


def check_size() -> None:
    total = sum(file.stat().st_size for file in OUT.iterdir())
    print(f"{OUT.name}: {total / 1e6:.2f} MB")
    assert total < 2e6


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    small, heads = measured(own_networks()["small"]()), measured(Heads())
    write("small", small, (33, 38))
    write("blocks", measured(Blocks()), (24, 32), whole=True)
    write("heads", heads, (24, 16), whole=True)
    write("heads_core", heads, (24, 16), core=True, whole=True)
    older_layouts("heads")
    for family in (Activations, Pools, Resizes, Norms, Convolutions, Arithmetic):
        torch.manual_seed(5)
        write(family.__name__.lower(), measured(family()), (10, 12))
    torch.manual_seed(5)
    write("attention", measured(Attention()), (4, 5), whole=True)
    torch.manual_seed(5)
    write("tables_core", measured(Tables()), (6, 7), core=True)
    torch.manual_seed(5)
    write_dynamic("dynamic", measured(Segmenter()), (24, 32), (19, 26))
    check_size()


if __name__ == "__main__":
    main()
