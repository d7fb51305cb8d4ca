"""Renames the layers of weights files that were trained before the layers got the field's names.

    python tools/convert_weights.py out/runs/infiller/weights.npz …

Each file is replaced; its numbers and its facts stay as they are, bit for bit, and only its hash changes. What depends
on the hash is made anew: cached windows of a refiner's training, stored rows of an evaluation. A file without former
names is left alone. `sm_jax.nets.weights` says which names they are.
"""

import argparse
import pathlib

import numpy as np

from sm_jax.nets.weights import FORMER_NAMES


def convert(path: pathlib.Path) -> int:
    """Rename the layers in a weights file. Returns how many arrays got another name."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    renamed = {"/".join(FORMER_NAMES.get(part, part) for part in key.split("/")): x for key, x in arrays.items()}
    if len(renamed) < len(arrays):
        raise SystemExit(f"{path}: has layers by former and by present names; train it again")
    count = len(renamed.keys() - arrays.keys())
    if count:
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **renamed)
        partial.replace(path)
    return count


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    for path in parser.parse_args().files:
        print(f"{path}: {convert(path)} arrays renamed")


if __name__ == "__main__":
    main()
