#!/usr/bin/env python3
"""Time what others take for the work of `convscope bench`, on the same weights, input size and threads.

    pip install torch torchvision safetensors onnx onnxruntime onnxscript grad-cam captum pillow
    python3 tools/peers.py resnet50 /tmp/resnet50.safetensors forward --threads 2 --runs 10

One kind of work for each process, so that memory is that work's own. Prints one JSON object for each peer:
`peer work min_ms median_ms peak_bytes`. `peak_bytes` is VmHWM less VmRSS just before the first run.

  forward          PyTorch with a forward hook on every leaf module, whose outputs are all kept
  forward-all      ONNX Runtime, every node an output
  grad-cam         pytorch-grad-cam at layer4, from the input tensor to the map at the input's size
  guided-backprop  captum's GuidedBackprop to the input
  inversion-step   PyTorch: forward to layer3, the loss of `convscope invert`, backward, Adam's step
  product          PyTorch: one product of two float32 matrices of 2048 x 2048; also prints its GFLOP/s
  first-map        a script that loads the weights, runs a photo and writes one map as a picture, start to end
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

WORKS = ["forward", "forward-all", "grad-cam", "guided-backprop", "inversion-step", "product", "first-map"]


def memory(field: str) -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))


def timed(peer: str, work: str, runs: int, step, extra=None) -> None:
    before = memory("VmRSS:")
    seconds = []
    for _ in range(runs + 2):
        since = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - since)
    # The first two warm up, as in `convscope bench`.
    seconds = sorted(seconds[2:])
    result = {
        "peer": peer,
        "work": work,
        "min_ms": 1e3 * seconds[0],
        "median_ms": 1e3 * seconds[len(seconds) // 2],
        "peak_bytes": memory("VmHWM:") - before,
    }
    result.update(extra(seconds[0]) if extra else {})
    print(json.dumps(result))


def network(name: str, weights: str):
    import torchvision
    from safetensors.torch import load_file

    model = getattr(torchvision.models, name)(weights=None)
    model.load_state_dict(load_file(weights), strict=False)
    return model.eval()


def forward(model, x, runs: int) -> None:
    import torch

    kept = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda _m, _i, out, name=name: kept.__setitem__(name, out))

    def step() -> None:
        kept.clear()
        with torch.no_grad():
            model(x)

    timed("pytorch", "forward", runs, step)


def forward_all(model, x, runs: int, threads: int) -> None:
    import onnx
    import onnxruntime
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        torch.onnx.export(model, x, path, dynamo=False, opset_version=17)
        graph = onnx.load(path)
    outputs = {output.name for output in graph.graph.output}
    for node in graph.graph.node:
        for name in node.output:
            if name not in outputs:
                graph.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feed = {session.get_inputs()[0].name: x.numpy()}
    timed("onnxruntime", "forward-all", runs, lambda: session.run(None, feed))


def grad_cam(model, x, runs: int) -> None:
    from pytorch_grad_cam import GradCAM

    with GradCAM(model=model, target_layers=[model.layer4]) as cam:
        timed("pytorch-grad-cam", "grad-cam", runs, lambda: cam(input_tensor=x, targets=None))


def guided_backprop(model, x, runs: int) -> None:
    import torch
    from captum.attr import GuidedBackprop

    for module in model.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    top = int(model(x).argmax())
    method = GuidedBackprop(model)
    timed("captum", "guided-backprop", runs, lambda: method.attribute(x.requires_grad_(), target=top))


def inversion_step(model, x, runs: int) -> None:
    import torch

    for parameter in model.parameters():
        parameter.requires_grad_(False)
    layers = [model.conv1, model.bn1, model.relu, model.maxpool, model.layer1, model.layer2, model.layer3]
    features = torch.nn.Sequential(*layers)
    with torch.no_grad():
        wanted = features(x)
        norm = wanted.square().sum()
    picture = (0.1 * torch.randn_like(x)).requires_grad_()
    adam = torch.optim.Adam([picture], lr=0.1)

    def step() -> None:
        adam.zero_grad()
        error = (features(picture) - wanted).square().sum() / norm
        across = picture[..., :, 1:] - picture[..., :, :-1]
        down = picture[..., 1:, :] - picture[..., :-1, :]
        variation = across.square().sum() + down.square().sum()
        (error + 1e-6 * variation + 1e-9 * picture.pow(6).sum()).backward()
        adam.step()

    timed("pytorch", "inversion-step", runs, step)


def product(runs: int) -> None:
    import torch

    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    gflops = lambda seconds: {"gflops": 2 * 2048**3 / seconds / 1e9}
    timed("pytorch", "product", runs, lambda: torch.mm(a, b), gflops)


FIRST_MAP = """
import sys
import torch, torchvision
from PIL import Image
from safetensors.torch import load_file
torch.set_num_threads(int(sys.argv[4]))
model = getattr(torchvision.models, sys.argv[1])(weights=None)
model.load_state_dict(load_file(sys.argv[2]), strict=False)
model.eval()
prepare = torchvision.transforms.Compose([
    torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor(),
    torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
x = prepare(Image.open(sys.argv[3]).convert("RGB"))[None]
seen = {}
model.layer1.register_forward_hook(lambda _m, _i, out: seen.update(map=out[0, 0]))
with torch.no_grad():
    model(x)
grey = seen["map"] - seen["map"].min()
Image.fromarray((255 * grey / (grey.max() + 1e-7)).byte().numpy()).save(sys.argv[5])
"""


def first_map(name: str, weights: str, photo: str, threads: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", FIRST_MAP, name, weights, photo, str(threads),
                   os.path.join(folder, "map.png")]
        timed("python script", "first-map", runs, lambda: subprocess.run(command, check=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", help="torchvision's name: resnet50")
    parser.add_argument("weights", help="its .safetensors file; tools/make_random_resnet.py writes one")
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--photo", default="assets/photos/chelsea.png")
    args = parser.parse_args()
    if args.work == "first-map":
        first_map(args.network, args.weights, args.photo, args.threads, args.runs)
        return
    import torch

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    if args.work == "product":
        product(args.runs)
        return
    model, x = network(args.network, args.weights), torch.randn(1, 3, 224, 224)
    if args.work == "forward":
        forward(model, x, args.runs)
    elif args.work == "forward-all":
        forward_all(model, x, args.runs, args.threads)
    elif args.work == "grad-cam":
        grad_cam(model, x, args.runs)
    elif args.work == "guided-backprop":
        guided_backprop(model, x, args.runs)
    else:
        inversion_step(model, x, args.runs)


if __name__ == "__main__":
    main()
