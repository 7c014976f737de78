#!/usr/bin/env bash
# Renders the pictures of docs/methods.md: docs/methods/<method>.png, one for each method, with the built-in network and
# the built-in photos. The commands are those of the page; change them in both places.
# CONVSCOPE=/path/to/convscope takes that program and builds none. tools/render_methods.sh cam dream-class makes these only.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -z ${CONVSCOPE:-} ]]; then
    cargo build --release
    CONVSCOPE=$PWD/target/release/convscope
fi
# Settings of one's own would change the pictures.
XDG_CONFIG_HOME=$(mktemp -d)
export XDG_CONFIG_HOME
trap 'rm -r "$XDG_CONFIG_HOME"' EXIT

out=docs/methods wanted=" $* "
mkdir -p "$out"

shot() {
    local name=$1
    shift
    if [[ $wanted == "  " || $wanted == *" $name "* ]]; then
        "$CONVSCOPE" "$@" -o "$out/$name.png"
    fi
}
explain() {
    local method=$1 photo=$2
    shift 2
    shot "$method" explain "builtin:$photo" --method "$method" "$@"
}

explain cam china.jpg
explain grad-cam rocket.jpg
explain grad-cam++ china.jpg --layer layer3
explain hirescam china.jpg --layer layer3
explain layer-cam china.jpg --layer layer2
explain xgrad-cam china.jpg --layer layer2
explain grad-cam-elementwise rocket.jpg --layer layer2
explain eigen-cam rocket.jpg --layer layer3
explain score-cam china.jpg --layer layer3
explain ablation-cam china.jpg --layer layer2
explain saliency china.jpg
explain smoothgrad chelsea.png
explain integrated-gradients china.jpg --map
explain guided-backprop china.jpg
explain deconvnet china.jpg --layer layer1 --channel 1
explain guided-grad-cam chelsea.png
explain occlusion chelsea.png

shot knock-out explain builtin:china.jpg --layer layer3 --knock-out layer3:98,24
layers=layer1,layer2,layer3,layer4
shot invert-china invert builtin:china.jpg --layers $layers --size 128
shot invert-rocket invert builtin:rocket.jpg --layers $layers --size 128
# Noise cannot be compressed: 160x160 would be over the limit.
shot dream-channel dream --layer layer3 --channel 98 --size 128
shot dream-class dream --class church --size 128
shot dream dream builtin:rocket.jpg --layer layer3

# What a page may weigh: 60 kB a picture, 170 kB a strip of five, 1.3 MB together.
total=0
for picture in "$out"/*.png; do
    size=$(wc -c <"$picture")
    total=$((total + size))
    most=60000
    if [[ $picture == */invert-* ]]; then
        most=170000
    fi
    if ((size > most)); then
        echo "$picture has $size bytes" >&2
        exit 1
    fi
done
echo "$total bytes in $out"
if ((total > 1300000)); then
    echo "$out has more than 1.3 MB" >&2
    exit 1
fi
