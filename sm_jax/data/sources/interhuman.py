"""InterHuman (Liang et al., InterGen, IJCV 2024): 7,779 interactions of two people with three sentences each, 30 fps.

    ROOT/motions_processed/person1/N.npy, person2/N.npy    [T, 492]: places of 62 joints, of which the first 22 are
                                                           SMPL's, then parent-relative 6D rotations of 51
    ROOT/annots/N.txt                                      a sentence a line
    ROOT/train.txt, val.txt, test.txt, ignore_list.txt     numbers, a line each; also below ROOT/split

Layout: InterGen's `datasets/interhuman.py` and `utils/preprocess.py`. The world is z up. The root's rotation is not in
the files, and the bodies are SMPL-H: places alone are taken, and fitted. A sentence speaks of "one" and "the other",
and does not say which of them is person1.
"""

import pathlib
from functools import partial

import numpy as np

from sm_jax.assets.arrays import Unreadable, read_npy
from sm_jax.data.schema import PairRecording, Split
from sm_jax.data.sources.recordings import BODY_JOINTS, FoundRecording, array_of, folder_of, landmarks, lines_of
from sm_jax.errors import UserError

FPS = 30.0
COLUMNS = 62 * 3 + 51 * 6
SPLITS: tuple[Split, ...] = ("train", "val", "test")
ACKNOWLEDGEMENT = "InterHuman: Liang et al., InterGen, IJCV 2024 (CC BY-NC-SA 4.0, no redistribution)."


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The interactions that the lists of splits name. bodies: not needed. Raises UserError where lists or motion are
    missing."""
    del bodies
    folder = folder_of(root, "InterHuman", "motions_processed", "person1")
    lists: dict[Split, tuple[str, ...]] = {split: list_of(root, split) for split in SPLITS}
    if not any(lists.values()):
        raise UserError(f"{root}: no train.txt, val.txt or test.txt there, nor below split; put the lists there")
    ignored = set(lines_of(root / "ignore_list.txt"))
    return [
        FoundRecording(f"interhuman_{number}", split, partial(read, root, number, f"interhuman_{number}", split))
        for split, numbers in lists.items()
        for number in numbers
        if number not in ignored and (folder / f"{number}.npy").is_file()
    ]


def list_of(root: pathlib.Path, split: Split) -> tuple[str, ...]:
    """The names that a data set's list of a split holds, wherever it lies below ROOT."""
    for folder in (root, root / "split", root / "splits"):
        if found := lines_of(folder / f"{split}.txt"):
            return found
    return ()


def read(root: pathlib.Path, number: str, name: str, split: Split) -> PairRecording:
    """One interaction. Raises UserError for files that are not laid out as above."""
    people = [_places(root / "motions_processed" / person / f"{number}.npy") for person in ("person1", "person2")]
    n = min(map(len, people))
    joints = np.stack([places[:n] for places in people])
    texts = lines_of(root / "annots" / f"{number}.txt")
    return PairRecording(
        source="interhuman",
        landmarks=landmarks(name, joints, None, "z", fps=FPS, split=split, texts=texts),
        frames=np.arange(n),
        valid=np.ones((2, n), bool),
    )


def _places(path: pathlib.Path) -> np.ndarray:
    try:
        values = read_npy(path)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; unpack InterHuman's motions_processed of both people") from error
    except Unreadable as error:
        raise UserError(f"{path}: damaged or no array ({error}); fetch it again") from error
    return array_of(path, "its array", values, None, COLUMNS)[:, : 3 * BODY_JOINTS].reshape(-1, BODY_JOINTS, 3)
