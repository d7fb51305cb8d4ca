"""CHI3D (Fieraru et al., CVPR 2020): pairs in staged contact, SMPL-X of both, four cameras, 50 fps.

    ROOT/train/sNN/smplx/ACTION.json                     transl [2, T, 3], global_orient [2, T, 1, 3, 3],
                                                         body_pose [2, T, 21, 3, 3], betas [2, T, 10], hands, face
                   camera_parameters/CAMERA/ACTION.json  extrinsics R [3, 3], T [1, 3]; intrinsics_wo_distortion f, c
                   videos/CAMERA/ACTION.mp4              900 x 900
                   interaction_contact_signature.json    ACTION -> fr_id, the one frame whose contact is annotated

Layout: sminchisescu-research/imar_vision_datasets_tools and BUDDI's `chi3d.py`. The world is z up; a point x is at
R (x - T) before the camera. Person 0 wears markers. Bodies are SMPL-X, neutral: joints need SMPLX_NEUTRAL. The folder
`test` holds no motion. BUDDI validates on s03, which is val here; there is no test split. The frame rate stands in no
file; that of the laboratory's other sets, 50, is assumed.
"""

import pathlib
from functools import partial

import numpy as np

from sm_jax.data.schema import PairRecording, Pictures, Split
from sm_jax.data.sources.recordings import (
    FoundRecording,
    RestJoints,
    body_file,
    boxes,
    camera_of,
    checked_rotations,
    content_of,
    folder_of,
    in_world,
    joints_of,
    landmarks,
    numbers,
    padded_rotations,
    rest_joints_of,
)
from sm_jax.errors import UserError

FPS = 50.0
SIZE = (900, 900)
VAL = ("s03",)
ACKNOWLEDGEMENT = "CHI3D: Fieraru et al., Three-Dimensional Reconstruction of Human Interactions, CVPR 2020."
_UP = "z"


def find(root: pathlib.Path, bodies: pathlib.Path | None = None) -> list[FoundRecording]:
    """The sequences below ROOT/train. bodies: folder with SMPLX_NEUTRAL. Raises UserError if there is none."""
    train = folder_of(root, "CHI3D", "train")
    files = sorted(train.glob("s*/smplx/*.json"))
    if not files:
        raise UserError(f"{train}: no sNN/smplx/ACTION.json there; unpack CHI3D's SMPL-X parameters")
    body = rest_joints_of(body_file(bodies, "smplx", "neutral", "CHI3D"))
    found = []
    for path in files:
        subject = path.parts[-3]
        name, split = f"chi3d_{subject}_{path.stem.replace(' ', '_')}", "val" if subject in VAL else "train"
        found.append(FoundRecording(name, split, partial(read, path, body, name, split)))
    return found


def read(path: pathlib.Path, body: RestJoints, name: str, split: Split) -> PairRecording:
    """One sequence of both people. Raises UserError for files that are not laid out as above."""
    content = content_of(path)
    trans = numbers(path, content, "transl", 2, None, 3)
    n = trans.shape[1]
    turns = [
        numbers(path, content, "global_orient", 2, n, 1, 3, 3),
        numbers(path, content, "body_pose", 2, n, 21, 3, 3),
    ]
    local = checked_rotations(path, "`global_orient` or `body_pose`", np.concatenate(turns, axis=2))
    betas = np.median(numbers(path, content, "betas", 2, n, None), axis=1)
    R = in_world(padded_rotations(local))
    joints = np.stack([joints_of(body, *person) for person in zip(betas, R, trans, strict=True)])
    motion = landmarks(name, joints, R, _UP, fps=FPS, split=split)
    return PairRecording(
        source="chi3d",
        landmarks=motion,
        frames=np.arange(n),
        valid=np.ones((2, n), bool),
        annotated=_annotated(path, n),
        pictures=_pictures(path, n, motion.positions),
    )


def _annotated(path: pathlib.Path, n_frames: int) -> tuple[int, ...]:
    """The frame whose contact signature is annotated, where the file with them is there."""
    annotations = path.parents[1] / "interaction_contact_signature.json"
    if not annotations.is_file():
        return ()
    content = content_of(annotations)
    if path.stem not in content:
        return ()
    frame = int(numbers(annotations, content[path.stem], "fr_id"))
    if not 0 <= frame < n_frames:
        raise UserError(f"{annotations}: `fr_id` of {path.stem} is {frame}, expected one of its {n_frames} frames")
    return (frame,)


def _pictures(path: pathlib.Path, n_frames: int, joints: np.ndarray) -> tuple[Pictures, ...]:
    subject, found = path.parents[1], []
    for video in sorted(subject.glob(f"videos/*/{path.stem}.mp4")):
        file = subject / "camera_parameters" / video.parent.name / path.with_suffix(".json").name
        content = content_of(file)
        outer, inner = content.get("extrinsics"), content.get("intrinsics_wo_distortion")
        R, T = numbers(file, outer, "R", 3, 3), numbers(file, outer, "T", 1, 3)[0]
        f, c = (numbers(file, inner, key, 1, 2)[0] for key in ("f", "c"))
        K = np.array([[f[0], 0, c[0]], [0, f[1], c[1]], [0, 0, 1]])
        camera = camera_of(K, R, -R @ T, SIZE, _UP, n_frames)
        found.append(Pictures(name=video.parent.name, camera=camera, files=(video,), boxes=boxes(camera, joints)))
    return tuple(found)
