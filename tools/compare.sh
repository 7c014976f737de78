#!/usr/bin/env bash
# One table: convscope against PyTorch, ONNX Runtime, pytorch-grad-cam and captum, all of it measured now, on this machine.
#
#   pip install torch torchvision safetensors onnx onnxruntime onnxscript grad-cam captum pillow
#   cargo build --release --bin convscope --example roofline
#   tools/compare.sh                      # ResNet-18, -50 and -101
#   tools/compare.sh resnet50             # only this one
#
# Every number is the least of RUNS runs (30) after two that do not count, each kind of work in a process of its own, with
# THREADS threads (2). The networks have random weights (tools/make_random_resnet.py), written to WEIGHTS (a temporary
# folder). A machine shared with others gives other numbers every minute: so every pair is measured ROUNDS times (3) in
# turn, and the least of each side counts. `rate` is 2 x multiply-adds / time over the rate of one product of two 2048 x 2048
# matrices, by PyTorch or by the crate gemm, whichever is faster.
set -euo pipefail
cd "$(dirname "$0")/.."
networks=("$@")
[ ${#networks[@]} -gt 0 ] || networks=(resnet18 resnet50 resnet101)
runs=${RUNS:-30} threads=${THREADS:-2} rounds=${ROUNDS:-3}
weights=${WEIGHTS:-$(mktemp -d)}
photo=assets/photos/chelsea.png
results=$(mktemp)
trap 'rm -f "$results"' EXIT
convscope=target/release/convscope

note() { # network side: reads JSON lines
    sed "s/^{/{\"network\": \"$1\", \"side\": \"$2\", /" >> "$results"
}

each_run() { # a line for each run in the object that bench prints
    python3 -c 'import json, sys; [print(json.dumps(run)) for run in json.load(sys.stdin)["runs"]]'
}

first_map() { # network weights
    python3 - "$convscope" "$2" "$photo" "$threads" <<'PY'
import json, subprocess, sys, tempfile, time
program, weights, photo, threads = sys.argv[1:]
least = float("inf")
with tempfile.TemporaryDirectory() as folder:
    command = [program, "maps", photo, "--model", weights, "--layer", "layer1", "--channels", "0",
               "--threads", threads, "-o", folder + "/map.png"]
    for _ in range(5):
        since = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        least = min(least, time.perf_counter() - since)
print(json.dumps({"work": "first-map", "min_ms": 1e3 * least}))
PY
}

for network in "${networks[@]}"; do
    file=$weights/$network.safetensors
    [ -f "$file" ] || python3 tools/make_random_resnet.py "$network" "$file" > /dev/null
    for _ in $(seq "$rounds"); do
        python3 -W ignore tools/peers.py "$network" "$file" product --threads "$threads" --runs 10 2> /dev/null | note "$network" theirs
        for work in forward forward-all grad-cam guided-backprop inversion-step; do
            $convscope bench "$photo" --model "$file" --work $work --runs "$runs" --threads "$threads" --json | each_run | note "$network" ours
            python3 -W ignore tools/peers.py "$network" "$file" $work --threads "$threads" --runs "$runs" 2> /dev/null | note "$network" theirs
        done
        target/release/examples/roofline product | note "$network" ours
        first_map "$network" "$file" | note "$network" ours
        python3 -W ignore tools/peers.py "$network" "$file" first-map --threads "$threads" --runs 1 2> /dev/null | note "$network" theirs
    done
done

python3 - "$results" "${networks[@]}" <<'PY'
import json, os, platform, sys

lines = [json.loads(line) for line in open(sys.argv[1])]
networks = sys.argv[2:]


def least(network, side, work, field="min_ms"):
    return min(line[field] for line in lines
               if (line["network"], line["side"], line["work"]) == (network, side, work))


def most(network, work):
    return max(line["gflops"] for line in lines
               if (line["network"], line["side"], line["work"]) == (network, "ours", work))


product = max(line["gflops"] for line in lines if line["work"] == "product")
model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
print(f"{model}, {os.cpu_count()} cores; a product of two 2048 x 2048 matrices: {product:.0f} GFLOP/s\n")

ROWS = [
    ("forward, every node captured", "rate", None, None),
    ("the same", "PyTorch with hooks", "forward", "forward"),
    ("the same", "ONNX Runtime, every node an output", "forward", "forward-all"),
    ("forward, every node written out", "ONNX Runtime, every node an output", "forward-all", "forward-all"),
    ("Grad-CAM at layer4", "pytorch-grad-cam", "grad-cam", "grad-cam"),
    ("guided backprop", "captum", "guided-backprop", "guided-backprop"),
    ("one inversion step from layer3", "PyTorch", "inversion-step", "inversion-step"),
    ("start to first map", "a Python script", "first-map", "first-map"),
]
print("| work | against | " + " | ".join(networks) + " |")
print("|---" * (2 + len(networks)) + "|")
for name, peer, ours, theirs in ROWS:
    cells = []
    for network in networks:
        if ours is None:
            cells.append(f"{most(network, 'forward') / product:.2f}")
        else:
            a, b = least(network, "ours", ours), least(network, "theirs", theirs)
            cells.append(f"{a / b:.2f} ({a:.1f} / {b:.1f} ms)")
    print(f"| {name} | {peer} | " + " | ".join(cells) + " |")
cells = []
for network in networks:
    a, b = (least(network, side, "forward", "peak_bytes") / 1e6 for side in ("ours", "theirs"))
    cells.append(f"{a / b:.2f} ({a:.0f} / {b:.0f} MB)")
print("| memory of a capture | PyTorch with hooks | " + " | ".join(cells) + " |")
PY
