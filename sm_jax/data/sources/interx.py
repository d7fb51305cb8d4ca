"""Inter-X (Xu et al., CVPR 2024): 11,388 interactions of two people of 40 actions, SMPL-X at 120 fps, with texts.

    ROOT/motions/NAME/P1.npz, P2.npz    root_orient [T, 3], pose_body [T, 21, 3], pose_lhand and pose_rhand
                                        [T, 15, 3], trans [T, 3], betas [1, 10], gender
    ROOT/texts/NAME.txt                 a sentence a line
    ROOT/splits/train.txt, val.txt, test.txt    names, a line each; also in ROOT

Layout: liangxuy/Inter-X. The world is y up. Bodies are SMPL-X of the person's gender: joints need SMPLX_MALE,
SMPLX_FEMALE or SMPLX_NEUTRAL. A sentence does not always say which person is P1.
"""

import pathlib
from collections.abc import Callable
from functools import cache, partial

import numpy as np

from sm_jax.data.schema import PairRecording, Split
from sm_jax.data.sources.interhuman import SPLITS, list_of
from sm_jax.data.sources.recordings import (
    BODY_JOINTS,
    FoundRecording,
    RestJoints,
    array_of,
    body_file,
    content_of,
    folder_of,
    in_world,
    joints_of,
    landmarks,
    lines_of,
    local_rotations,
    numbers,
    rest_joints_of,
)
from sm_jax.errors import UserError

FPS = 120.0
GENDERS = ("male", "female", "neutral")
ACKNOWLEDGEMENT = "Inter-X: Xu et al., Inter-X, CVPR 2024 (non-commercial)."


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The interactions that the lists of splits name. bodies: folder with SMPL-X files. Raises UserError where lists,
    motion or bodies are missing."""
    folder = folder_of(root, "Inter-X", "motions")
    lists: dict[Split, tuple[str, ...]] = {split: list_of(root, split) for split in SPLITS}
    if not any(lists.values()):
        raise UserError(f"{root}: no train.txt, val.txt or test.txt below splits; put Inter-X's lists there")
    load = cache(lambda gender: rest_joints_of(body_file(bodies, "smplx", gender, "Inter-X")))
    return [
        FoundRecording(f"interx_{name}", split, partial(read, root, name, load, f"interx_{name}", split))
        for split, names in lists.items()
        for name in names
        if (folder / name).is_dir()
    ]


def read(root: pathlib.Path, folder: str, load: Callable[[str], RestJoints], name: str, split: Split) -> PairRecording:
    """One interaction, cut to the shorter. load: the SMPL-X body of a gender. Raises UserError for files that are not
    laid out as above."""
    people = [_person(root / "motions" / folder / f"{person}.npz", load) for person in ("P1", "P2")]
    n = min(len(R) for R, _ in people)
    R, joints = (np.stack([person[part][:n] for person in people]) for part in (0, 1))
    texts = lines_of(root / "texts" / f"{folder}.txt")
    return PairRecording(
        source="interx",
        landmarks=landmarks(name, joints, R, "y", fps=FPS, split=split, texts=texts),
        frames=np.arange(n),
        valid=np.ones((2, n), bool),
    )


def _person(path: pathlib.Path, load: Callable[[str], RestJoints]) -> tuple[np.ndarray, np.ndarray]:
    """Rotations [T, 24, 3, 3] and joints [T, 24, 3] in the file's world."""
    content = content_of(path)
    root = numbers(path, content, "root_orient", None, 3)
    n = len(root)
    pose = array_of(path, "`pose_body`", np.reshape(content.get("pose_body", ()), (n, -1)), n, 3 * (BODY_JOINTS - 1))
    trans = numbers(path, content, "trans", n, 3)
    betas = np.ravel(numbers(path, content, "betas", 1, None))
    gender = str(content.get("gender"))
    if gender not in GENDERS:
        raise UserError(f"{path}: `gender` is {gender!r}, expected one of {', '.join(GENDERS)}")
    R = in_world(local_rotations(np.concatenate([root, pose], axis=1).reshape(n, BODY_JOINTS, 3)))
    return R, joints_of(load(gender), betas, R, trans)
