"""Harmony4D (Khirodkar, Song et al., NeurIPS 2024): two people who wrestle, dance, fence, hug; SMPL from many cameras.

    ROOT/train|test/NN_ACTIVITY/NNN_ACTIVITY/processed_data/smpl/00001.npy, …
        a dictionary: person (aria01, aria02) -> global_orient [3], body_pose [69], transl [3], betas [10],
        joints [45, 3], vertices [6890, 3]

Layout: jyuntins/harmony4d and what its users' code reads; published in no document. Assumed, since no file says it:
20 frames a second (as of EgoHumans, made with the same tools), a world with z up (that of the Aria glasses). Pictures
are fisheye and no evaluation on them is published: they are not read. In a frame without a person the motion is
interpolated, and not valid.
"""

import logging
import pathlib
from functools import partial
from typing import Any

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.data.schema import PairRecording, Split
from sm_jax.data.sources.recordings import (
    FoundRecording,
    content_of,
    in_world,
    landmarks,
    local_rotations,
    numbers,
)
from sm_jax.errors import UserError
from sm_jax.motion import resample

_LOGGER = logging.getLogger(__name__)

FPS = 20.0
ACKNOWLEDGEMENT = "Harmony4D: Khirodkar et al., A Video Dataset for In-The-Wild Close Human Interactions, NeurIPS 2024."
_HEAD, _FEET = JOINTS.index("head"), [JOINTS.index(f"{side}_foot") for side in ("left", "right")]


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The sequences below a folder. bodies: not needed, joints and meshes are in the files. Raises UserError if there
    is none."""
    del bodies
    found = []
    splits: tuple[Split, ...] = ("train", "test")
    for split in splits:
        for folder in sorted(root.glob(f"{split}/*/*/processed_data/smpl")):
            name = f"harmony4d_{folder.parents[2].name}_{folder.parents[1].name}"
            found.append(FoundRecording(name, split, partial(read, folder, name, split)))
    if not found:
        raise UserError(
            f"{root}: no train|test/ACTIVITY/SEQUENCE/processed_data/smpl there; give the folder with train and test"
        )
    return found


def read(folder: pathlib.Path, name: str, split: Split) -> PairRecording:
    """One sequence. Raises UserError for files that are not laid out as above, or show other than two people."""
    files = sorted(path for path in folder.glob("*.npy") if path.stem.isdigit())
    if not files:
        raise UserError(f"{folder}: no 00001.npy there; unpack the sequence's processed_data")
    frames = [_frame(path) for path in files]
    people = sorted({person for frame in frames for person in frame})
    if len(people) != 2:
        raise UserError(f"{folder}: people {', '.join(people) or 'none'}, expected two")
    valid = np.array([[person in frame for frame in frames] for person in people])
    seen = [[frame[person] for frame in frames if person in frame] for person in people]
    at = [np.interp(np.arange(len(files)), np.flatnonzero(there), np.arange(there.sum())) for there in valid]
    local = [local_rotations(np.array([frame["pose"] for frame in found]).reshape(-1, 24, 3)) for found in seen]
    R = in_world(np.stack([resample.read_rotations(*person) for person in zip(local, at, strict=True)]))
    places = [np.array([frame["joints"] for frame in found]) for found in seen]
    joints = np.stack([resample.read_points(*person) for person in zip(places, at, strict=True)])
    motion = landmarks(name, joints, R, "z", fps=FPS, split=split, valid=valid)
    if np.median(joints[:, :, _HEAD, 2] - joints[:, :, _FEET, 2].min(axis=2)) < 0:
        _LOGGER.warning("%s: heads are below feet: expected z to point up, found that it does not", folder)
    return PairRecording(
        source="harmony4d",
        landmarks=motion,
        frames=np.array([int(path.stem) for path in files]),
        valid=valid,
        meshes=lambda: np.array(
            [
                [found[nearest]["vertices"] for nearest in np.round(position).astype(int)]
                for found, position in zip(seen, at, strict=True)
            ]
        ),
    )


def _frame(path: pathlib.Path) -> dict[str, dict[str, np.ndarray]]:
    content = content_of(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds a {type(content).__name__}, expected a dictionary of people")
    return {str(person): _person(path, values) for person, values in content.items()}


def _person(path: pathlib.Path, values: Any) -> dict[str, np.ndarray]:
    pose = [numbers(path, values, "global_orient", 3), numbers(path, values, "body_pose", 69)]
    return {
        "pose": np.concatenate(pose),
        "joints": numbers(path, values, "joints", None, 3)[: len(JOINTS)],
        "vertices": numbers(path, values, "vertices", None, 3),
    }
