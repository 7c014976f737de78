#!/usr/bin/env bash
# Renders the README's pictures from real sessions, as docs/pictures.tsv lists them, and notes the snapshots of that moment.
# Needs a monospace font (DejaVu Sans Mono is found by itself; else FONT=/path/to/font.ttf).
# CONVSCOPE=/path/to/convscope and SCREENSHOT=/path/to/screenshot take those programs and build none.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${CONVSCOPE:-} || -z ${SCREENSHOT:-} ]]; then
    cargo build --release
    cargo build --release --example screenshot
    CONVSCOPE=$PWD/target/release/convscope SCREENSHOT=$PWD/target/release/examples/screenshot
fi
# Settings of one's own would change the pictures.
XDG_CONFIG_HOME=$(mktemp -d)
export XDG_CONFIG_HOME
list=docs/pictures.tsv new=$(mktemp)
trap 'rm -r "$XDG_CONFIG_HOME" "$new"' EXIT

while IFS= read -r row; do
    if [[ $row != \#* ]]; then
        IFS=$'\x1f' read -r picture keys arguments snapshot _ <<<"${row//$'\t'/$'\x1f'}"
        # shellcheck disable=SC2086
        "$SCREENSHOT" --size 120x40 --scale 1 ${FONT:+--font "$FONT"} --keys "$keys" -o "docs/$picture" -- "$CONVSCOPE" $arguments
        hash=$(sha256sum "tests/snapshots/screens__$snapshot.snap" | cut -d' ' -f1)
        row=$(printf '%s\t%s\t%s\t%s\t%s' "$picture" "$keys" "$arguments" "$snapshot" "$hash")
    fi
    printf '%s\n' "$row" >>"$new"
done <"$list"
cp "$new" "$list"
