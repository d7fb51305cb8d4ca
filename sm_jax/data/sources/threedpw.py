"""3DPW (von Marcard et al., ECCV 2018): people outdoors before one moving camera, SMPL from IMUs and video, 30 fps.

    ROOT/sequenceFiles/train|validation|test/NAME.pkl
        poses, trans, betas, jointPositions, campose_valid   lists with an entry a person: [N, 72], [N, 3], [10] and
                                                             more, [N, 72], [N]
        genders "m" or "f"; cam_poses [N, 4, 4] camera from world; cam_intrinsics [3, 3]
    ROOT/imageFiles/NAME/image_00000.jpg, …

Layout: the data set's readme. Sequences of one person are passed over. Files say of no axis that it points up: the one
nearest to where people stand is taken. The picture's size is twice the principal point. A frame is valid for a person
where `campose_valid` says that the camera was aligned to them. Meshes need the genders' SMPL_MALE and SMPL_FEMALE.
"""

import logging
import pathlib
from functools import partial
from typing import Any

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.data.schema import PairRecording, Pictures, Split
from sm_jax.data.sources.body_meshes import meshes_of
from sm_jax.data.sources.recordings import (
    Z_UP,
    FoundRecording,
    all_there,
    array_of,
    boxes,
    camera_of,
    content_of,
    folder_of,
    in_world,
    landmarks,
    local_rotations,
    numbers,
)
from sm_jax.errors import UserError

_LOGGER = logging.getLogger(__name__)

FPS = 30.0
FOLDERS: dict[str, Split] = {"train": "train", "validation": "val", "test": "test"}
GENDERS = {"m": "male", "f": "female"}
ACKNOWLEDGEMENT = "3DPW: von Marcard et al., Recovering Accurate 3D Human Pose in the Wild, ECCV 2018."
_ANKLES, _NECK = [JOINTS.index(f"{side}_ankle") for side in ("left", "right")], JOINTS.index("neck")


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The sequences of two people below a folder; every file is opened. bodies: folder with SMPL_MALE and SMPL_FEMALE,
    for meshes alone. Raises UserError if there is none."""
    base = folder_of(root, "3DPW", "sequenceFiles")
    files: list[tuple[pathlib.Path, Split]]
    files = [(path, split) for folder, split in FOLDERS.items() for path in sorted(base.glob(f"{folder}/*.pkl"))]
    two: list[tuple[pathlib.Path, Split]]
    two = [(path, split) for path, split in files if len(_people(path, content_of(path))) == 2]
    if not two:
        raise UserError(f"{base}: no train|validation|test/NAME.pkl of two people there; unpack 3DPW's sequenceFiles")
    _LOGGER.info("3DPW: %d of %d sequences are of two people", len(two), len(files))
    return [
        FoundRecording(f"3dpw_{path.stem}", split, partial(read, path, root, bodies, f"3dpw_{path.stem}", split))
        for path, split in two
    ]


def read(path: pathlib.Path, root: pathlib.Path, bodies: pathlib.Path | None, name: str, split: Split) -> PairRecording:
    """One sequence of two people. Raises UserError for a file that is not laid out as above."""
    content = content_of(path)
    poses = _each(path, content, "poses", None, 72)
    n = len(poses[0])
    joints = _each(path, content, "jointPositions", n, 72).reshape(2, n, 24, 3)
    valid = _each(path, content, "campose_valid", n) > 0
    R = in_world(local_rotations(poses.reshape(2, n, 24, 3)))
    up = up_axis(path, joints)
    motion = landmarks(name, joints, R, up, fps=FPS, split=split)
    genders = [GENDERS.get(str(gender)[:1].lower(), "") for gender in content.get("genders", content.get("gender", ()))]
    if len(genders) != 2 or "" in genders:
        raise UserError(f"{path}: `genders` are {content.get('genders')!r}, expected two of m and f")
    betas = np.stack([np.ravel(person)[:10] for person in content["betas"]])
    turned = Z_UP[up] @ R
    return PairRecording(
        source="3dpw",
        landmarks=motion,
        frames=np.arange(n),
        valid=valid,
        pictures=_pictures(path, content, root, up, motion.positions),
        meshes=None
        if bodies is None
        else partial(meshes_of, bodies, genders, betas, turned, motion.positions[:, :, 0]),
    )


def up_axis(path: pathlib.Path, joints: np.ndarray) -> str:
    """The axis nearest to where necks are from ankles, in the mean. Raises UserError where people do not stand."""
    way = (joints[:, :, _NECK] - joints[:, :, _ANKLES].mean(axis=2)).mean(axis=(0, 1))
    way /= max(float(np.linalg.norm(way)), 1e-9)
    up = max(Z_UP, key=lambda axis: Z_UP[axis][2] @ way)
    if Z_UP[up][2] @ way < 0.8:
        raise UserError(
            f"{path}: `jointPositions` stand along ({', '.join(f'{x:.2f}' for x in way)}), expected an axis among "
            + ", ".join(Z_UP)
        )
    return up


def _people(path: pathlib.Path, content: Any) -> list[Any]:
    if not isinstance(content, dict) or not isinstance(content.get("poses"), list | tuple):
        raise UserError(f"{path}: `poses` is missing or no list with an entry a person")
    return list(content["poses"])


def _each(path: pathlib.Path, content: Any, key: str, *shape: int | None) -> np.ndarray:
    """A list's two entries as one array [2, …]."""
    if key not in content or len(content[key]) != 2:
        found = len(content[key]) if key in content else "no"
        raise UserError(f"{path}: `{key}` has {found} entries, expected one for each of two people")
    both = [array_of(path, f"`{key}` of person {i}", part, *shape) for i, part in enumerate(content[key])]
    if len(both[0]) != len(both[1]):
        raise UserError(f"{path}: `{key}` is of {len(both[0])} and {len(both[1])} frames, expected as many")
    return np.stack(both)


def _pictures(
    path: pathlib.Path, content: Any, root: pathlib.Path, up: str, joints: np.ndarray
) -> tuple[Pictures, ...]:
    n = joints.shape[1]
    files = all_there([root / "imageFiles" / path.stem / f"image_{i:05d}.jpg" for i in range(n)])
    if not files:
        return ()
    K, pose = numbers(path, content, "cam_intrinsics", 3, 3), numbers(path, content, "cam_poses", n, 4, 4)
    size = (round(2 * K[0, 2]), round(2 * K[1, 2]))
    camera = camera_of(K, pose[:, :3, :3], pose[:, :3, 3], size, up, n)
    return (Pictures(name="camera", camera=camera, files=files, boxes=boxes(camera, joints)),)
