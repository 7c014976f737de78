#!/usr/bin/env bash
# Prints every string that a user can see, with its file and line, to be read as a whole.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --quiet --locked --test architecture -- --ignored --nocapture every_visible_string | grep '^src/'
