#!/usr/bin/env python3
"""Write `config/labels/imagenet.txt`: ImageNet's 1,000 classes in the order of the logits.

    pip install torchvision
    python3 tools/make_labels.py

One class a line: the WordNet id, a space, the name (which may contain spaces). Lines that
start with `#` are comments. Ids come from timm, names from torchvision; timm is fetched into
a temporary folder (without its dependencies) when it is not installed, and only its text
files are read.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from torchvision.models._meta import _IMAGENET_CATEGORIES

HEADER = """\
# ImageNet-1k: WordNet id and name of each class, in the order of the logits (line 1 = class 0).
# Public package data: ids from timm's data/_info/imagenet_synsets.txt (Apache-2.0),
# names from torchvision's models/_meta.py, _IMAGENET_CATEGORIES (BSD-3-Clause).
# Written by tools/make_labels.py.
"""
# torchvision's names for two classes whose WordNet names collide with others or hold a comma.
RENAMED = {"n02012849": "crane bird", "n03710721": "maillot tank suit"}


def read_info(folder: Path) -> tuple:
    """timm's ids in class order, and the WordNet names of each."""
    info = folder / "data" / "_info"
    ids = (info / "imagenet_synsets.txt").read_text().split()
    lines = (info / "imagenet_synset_to_lemma.txt").read_text().splitlines()
    return ids, dict(line.split("\t", 1) for line in lines)


def timm_info() -> tuple:
    """`read_info` of the installed timm, or of one fetched for the occasion."""
    installed = importlib.util.find_spec("timm")
    if installed is not None:
        return read_info(Path(installed.origin).parent)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "timm"]
        subprocess.run(command, check=True)
        return read_info(Path(folder) / "timm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parent.parent / "config/labels/imagenet.txt"
    parser.add_argument("--out", type=Path, default=default)
    args = parser.parse_args()
    ids, lemmas = timm_info()
    names = _IMAGENET_CATEGORIES
    assert len(ids) == len(set(ids)) == len(names) == len(set(names)) == 1000
    # Two sources, one order: each name must be one of the WordNet names of its id.
    for wnid, name in zip(ids, names):
        assert name in lemmas[wnid].split(", ") or RENAMED.get(wnid) == name, (wnid, name)
    lines = [f"{wnid} {name}\n" for wnid, name in zip(ids, names)]
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(HEADER + "".join(lines), encoding="utf-8")
    print(f"{args.out.name}: {len(lines)} classes")


if __name__ == "__main__":
    main()
