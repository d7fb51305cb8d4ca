"""Hi4D (Yin et al., CVPR 2023): 20 pairs in close contact, SMPL fitted to 4D scans, eight calibrated cameras, 30 fps.

    ROOT/pairXX/ACTION/meta.npz                    start, end, genders, contact_ids, mono_cam
                       smpl/000XXX.npz             betas [2, 10], body_pose [2, 69], global_orient [2, 3],
                                                   transl [2, 3], joints_3d [2, 24, 3], verts [2, 6890, 3]
                       cameras/rgb_cameras.npz     ids [8], intirnsics [8, 3, 3] (the files spell it so),
                                                   extrinsics [8, 3, 4], dist_coeffs [8, 5]
                       images/CAMERA/000XXX.jpg

Layout: `dataset.md` of yifeiyin04/Hi4D. The world is y up, as its viewer shows it; extrinsics are camera from world.
Pictures are 940 x 1280 and distorted a little (`dist_coeffs`), which cameras here leave out.

BUDDI splits by pair; its `train_val_test_split.npz` (entries train, val, test: numbers of pairs as two digits) is not
published. Where a file of that name lies in ROOT it is used; else pairs whose number ends in 3 or 8 are val, in 4 or 9
test, which is nobody's split but ours.
"""

import pathlib
from functools import partial
from typing import Any

import numpy as np

from sm_jax.data.schema import PairRecording, Pictures, Split
from sm_jax.data.sources.recordings import (
    Z_UP,
    FoundRecording,
    all_there,
    boxes,
    camera_of,
    content_of,
    in_world,
    landmarks,
    local_rotations,
    numbers,
)
from sm_jax.errors import UserError

FPS = 30.0
SIZE = (940, 1280)
SPLIT_FILE = "train_val_test_split.npz"
ACKNOWLEDGEMENT = "Hi4D: Yin et al., 4D Instance Segmentation of Close Human Interaction, CVPR 2023."
_UP = "y"


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The sequences below a folder. bodies: not needed, joints and meshes are in the files.

    Raises UserError if there is none.
    """
    del bodies
    folders = sorted(path.parent for path in root.glob("pair*/*/meta.npz"))
    if not folders:
        raise UserError(f"{root}: no pairXX/ACTION/meta.npz there; give the folder with Hi4D's pairs, unpacked")
    splits, found = _splits(root), []
    for folder in folders:
        pair, name = folder.parent.name.removeprefix("pair"), f"hi4d_{folder.parent.name}_{folder.name}"
        split = splits.get(pair, own_split(pair))
        found.append(FoundRecording(name, split, partial(read, folder, name, split)))
    return found


def own_split(pair: str) -> Split:
    """Our split of a pair's number, where there is no published one."""
    return "val" if pair[-1] in "38" else "test" if pair[-1] in "49" else "train"


def read(folder: pathlib.Path, name: str, split: Split) -> PairRecording:
    """One sequence. Raises UserError for files that are not laid out as above."""
    meta = content_of(folder / "meta.npz")
    first, last = (int(numbers(folder / "meta.npz", meta, key)) for key in ("start", "end"))
    if not 0 <= first <= last:
        raise UserError(f"{folder / 'meta.npz'}: frames from `start` {first} to `end` {last}, expected some")
    frames = np.arange(first, last + 1)
    poses = [_frame(folder / "smpl" / f"{frame:06d}.npz") for frame in frames]
    vectors = np.stack([np.concatenate([pose["global_orient"], pose["body_pose"]], axis=1) for pose in poses], axis=1)
    joints = np.stack([pose["joints_3d"] for pose in poses], axis=1)
    R = in_world(local_rotations(vectors.reshape(2, len(frames), 24, 3)))
    motion = landmarks(name, joints, R, _UP, fps=FPS, split=split)
    touching = numbers(folder / "meta.npz", meta, "contact_ids", None) if np.size(meta.get("contact_ids", ())) else ()
    return PairRecording(
        source="hi4d",
        landmarks=motion,
        frames=frames,
        valid=np.ones((2, len(frames)), bool),
        annotated=tuple(int(frame) - first for frame in touching if first <= frame <= last),
        pictures=_pictures(folder, frames, motion.positions),
        meshes=lambda: np.stack([pose["verts"] for pose in poses], axis=1) @ Z_UP[_UP].T,
    )


_SHAPES = {
    "global_orient": (2, 3),
    "body_pose": (2, 69),
    "joints_3d": (2, 24, 3),
    "verts": (2, None, 3),
}


def _frame(path: pathlib.Path) -> dict[str, np.ndarray]:
    content = content_of(path)
    return {key: numbers(path, content, key, *shape) for key, shape in _SHAPES.items()}


def _pictures(folder: pathlib.Path, frames: np.ndarray, joints: np.ndarray) -> tuple[Pictures, ...]:
    """Of every camera whose pictures are on disk."""
    if not (folder / "images").is_dir():
        return ()
    path = folder / "cameras" / "rgb_cameras.npz"
    content = content_of(path)
    ids = numbers(path, content, "ids", None).astype(int)
    K = numbers(path, content, "intirnsics", len(ids), 3, 3)
    extrinsics = numbers(path, content, "extrinsics", len(ids), 3, 4)
    found = []
    for i, number in enumerate(ids):
        files = all_there([folder / "images" / str(number) / f"{frame:06d}.jpg" for frame in frames])
        if files:
            camera = camera_of(K[i], extrinsics[i, :, :3], extrinsics[i, :, 3], SIZE, _UP, len(frames))
            found.append(Pictures(name=str(number), camera=camera, files=files, boxes=boxes(camera, joints)))
    return tuple(found)


def _splits(root: pathlib.Path) -> dict[str, Split]:
    """Pair's number -> split, of BUDDI's file."""
    path = root / SPLIT_FILE
    if not path.is_file():
        return {}
    content: dict[str, Any] = content_of(path)
    names: tuple[Split, ...] = ("train", "val", "test")
    if missing := [name for name in names if name not in content]:
        raise UserError(f"{path}: `{missing[0]}` is missing (there are {', '.join(map(str, content))})")
    return {f"{int(pair):02d}": name for name in names for pair in np.ravel(content[name])}
