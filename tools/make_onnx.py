#!/usr/bin/env python3
"""Write the networks of exported_networks.py as ONNX files: tests/fixtures/onnx.

    pip install torch onnx onnxscript numpy
    python3 tools/make_onnx.py

NAME.onnx is what torch.onnx.export writes today (dynamo=True), NAME.script.onnx what it wrote before
(dynamo=False, opset 17); their weights are inside. The networks and their weights are those of
tests/fixtures/exported: NAME.npy there is the input, NAME.json what PyTorch computes. norms_beside.onnx has
its weights in norms_beside.data. What a trace says about the files of the machine is taken out.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from exported_networks import Activations, Arithmetic, Attention, Convolutions, Norms
from make_exported import measured

ROOT = Path(__file__).parent.parent / "tests/fixtures"
OUT = ROOT / "onnx"
FAMILIES = (Activations, Arithmetic, Attention, Convolutions, Norms)
KEPT = ("pkg.torch.onnx.name_scopes",)


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key in KEPT]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
        node.doc_string = ""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    for initializer in model.graph.initializer:
        del initializer.metadata_props[:]
    return model


def write(name: str, net: torch.nn.Module, x: torch.Tensor, beside: bool = False) -> None:
    for suffix, dynamo in (("", True), (".script", False)):
        file = io.BytesIO()
        try:
            if dynamo:
                torch.onnx.export(net, (x,), dynamo=True, verbose=False).save(str(OUT / "whole.onnx"))
                model = onnx.load(str(OUT / "whole.onnx"))
                for left in OUT.glob("whole.onnx*"):
                    left.unlink()
            else:
                torch.onnx.export(net, (x,), file, dynamo=False, opset_version=17)
                model = onnx.load_from_string(file.getvalue())
        except Exception as error:  # an exporter that cannot is no matter of ours
            print(f"{name}{suffix}: not exported: {str(error).splitlines()[0][:100]}")
            continue
        onnx.save(without_traces(model), str(OUT / f"{name}{suffix}.onnx"))
        if beside and dynamo:
            onnx.save(model, str(OUT / f"{name}_beside.onnx"), save_as_external_data=True,
                      location=f"{name}_beside.data", size_threshold=0)


def main() -> None:
    warnings.simplefilter("ignore")
    OUT.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        name = family.__name__.lower()
        torch.manual_seed(5)
        net = measured(family())
        x = torch.from_numpy(np.load(ROOT / f"exported/{name}.npy"))
        write(name, net, x, beside=name == "norms")
    total = sum(file.stat().st_size for file in OUT.iterdir())
    print(f"{OUT.name}: {total / 1e6:.2f} MB")
    assert total < 2e6


if __name__ == "__main__":
    main()
