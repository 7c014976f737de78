#!/usr/bin/env bash
# Renders the pictures of the README from real sessions: docs/maps.png, map.png, kernels.png, depth.png, explain.png,
# rebuild.png.
# Needs a monospace font (DejaVu Sans Mono is found by itself; else FONT=/path/to/font.ttf).
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release
shot() {
    local out=$1 keys=$2
    cargo run --release --quiet --example screenshot -- --size 120x40 --scale 1 ${FONT:+--font "$FONT"} \
        --keys "$keys" -o "$out" -- "$PWD/target/release/convscope"
}
shot docs/maps.png 'until:church } } s wait:300 l h wait:300'
shot docs/kernels.png 'until:church 3 wait:400'
shot docs/depth.png 'until:church } } 4 wait:400'
shot docs/explain.png 'until:church 5 wait:600 t t T T wait:400'
shot docs/rebuild.png 'until:church n } } } 6 l l l l l Enter until:iterations, wait:400'
shot docs/map.png 'until:church } } s g Enter c c j j j j j l l l l l l l wait:400'
