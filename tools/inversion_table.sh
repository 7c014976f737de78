#!/usr/bin/env bash
# Measures what feature inversion brings back at each depth of the built-in network, and writes the table into
# docs/methods.md, between its two marks. About a quarter of a minute on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

table=$(mktemp)
trap 'rm -f "$table"' EXIT
cargo run --release --quiet --example rebuild -- table >"$table"
sed -i -e "/<!-- inversion table -->/,/<!-- end of inversion table -->/{
    /<!-- inversion table -->/r $table
    /<!-- .*inversion table -->/!d
}" docs/methods.md
