#!/usr/bin/env bash
# Seeds for the fuzz targets, from the fixtures of the tests, into fuzz/corpus/.
set -euo pipefail
cd "$(dirname "$0")/.."

seeds() { # TARGET FILE...: files of at most 64 KiB
    local target=$1
    shift
    mkdir -p "fuzz/corpus/$target"
    find "$@" -type f -size -65 -exec cp {} "fuzz/corpus/$target/" \;
}

seeds checkpoint tests/fixtures/checkpoints
seeds photo tests/fixtures/photos
seeds recognize tests/fixtures/photos tests/fixtures/checkpoints
seeds repo_config tests/fixtures/recipes.json
seeds settings config/default.toml config/labels
seeds hub tests/fixtures/checkpoints/sharded_bin/pytorch_model.bin.index.json
mkdir -p fuzz/corpus/npy
for type in '<f2' '<f4' '>f8' '|u1'; do
    printf "\x93NUMPY\x01\x00\x46\x00%-69s\n%0192d" \
        "{'descr': '$type', 'fortran_order': False, 'shape': (3, 4, 4), }" 0 > "fuzz/corpus/npy/${type#?}.npy"
done
for folder in fuzz/corpus/*; do printf '%s: %s seeds\n' "$folder" "$(find "$folder" -type f | wc -l)"; done
