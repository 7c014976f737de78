#!/usr/bin/env bash
# The parity tests of the engine on NEON, under emulation, on an x86 machine.
#
#   rustup target add aarch64-unknown-linux-gnu
#   apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
#   tools/test_neon.sh [TEST...]
#
# Without the screen; a test's name or a part of it narrows what runs.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/neon}
[ $# -gt 0 ] || set -- convolutions windows networks gradients edits memory
cargo test --locked --target aarch64-unknown-linux-gnu --no-default-features --test parity -- "$@"
