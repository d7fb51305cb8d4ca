"""Pair sequences in one .npz file, small enough to ship.

Keys (F = frames of all takes one after the other, N = takes):
    rotations     int16 [P, F, 24, 3]  axis-angle in units of pi / 32767; the first is world from pelvis, others
                                       parent-relative. The rounding error is below 0.006 degrees.
    pelvis        float32 [P, F, 3]    metres, z up, floor at 0
    betas         float32 [N, P, 10]   of the body named in `body`
    foot_contact  uint8 [P, F, 4]      0..255, ankles then toe joints, left first
    hand_contact  uint8 [F, 2, 2]      0..255, hand of person 0 (left, right) against hand of person 1
    starts        int32 [N + 1]        first frame of each take, and F
    names, texts, splits  str [N]      fps  float32 [N]      body, acknowledgement  str []
"""

import pathlib
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.data.schema import PairSequence, Split
from sm_jax.errors import UserError
from sm_jax.types import Motion

SALSA = pathlib.Path(__file__).parent / "assets" / "salsa.npz"
_UNIT = np.pi / 32767


def load_salsa(split: Split | None = None) -> list[PairSequence]:
    """The packaged salsa takes (30 fps, on the body "open-low"), all or those of one split."""
    return [sequence for sequence in load(SALSA) if split in (None, sequence.split)]


def save(path: pathlib.Path, sequences: Sequence[PairSequence], body: str, acknowledgement: str) -> None:
    """Write the sequences, replacing the file only once the new one is complete."""
    rotations = [np.concatenate([s.motion.global_orient[:, :, None], s.motion.body_pose], axis=2) for s in sequences]
    axis_angle = Rotation.from_matrix(np.concatenate(rotations, axis=1).reshape(-1, 3, 3)).as_rotvec()
    frames = [s.motion.pelvis.shape[1] for s in sequences]
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        rotations=np.round(axis_angle / _UNIT).astype(np.int16).reshape(2, sum(frames), 24, 3),
        pelvis=np.concatenate([s.motion.pelvis for s in sequences], axis=1).astype(np.float32),
        betas=np.stack([s.motion.betas for s in sequences]).astype(np.float32),
        foot_contact=np.round(255 * np.concatenate([s.foot_contact for s in sequences], axis=1)).astype(np.uint8),
        hand_contact=np.round(255 * np.concatenate([s.hand_contact for s in sequences])).astype(np.uint8),
        starts=np.cumsum([0, *frames]).astype(np.int32),
        names=np.array([s.name for s in sequences]),
        texts=np.array([s.text for s in sequences]),
        splits=np.array([s.split for s in sequences]),
        fps=np.array([s.fps for s in sequences], np.float32),
        body=np.array(body),
        acknowledgement=np.array(acknowledgement),
    )
    partial.replace(path)


def load(path: pathlib.Path) -> list[PairSequence]:
    """Read the sequences of a file that `save` wrote. Raises UserError when there is none or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {key: file[key] for key in file.files}
        axis_angle = data["rotations"].reshape(-1, 3) * _UNIT
        starts = data["starts"]
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file; make it with experiments/0_prepare_data.py") from error
    except Exception as error:  # numpy and zipfile report damage in half a dozen ways
        raise UserError(f"{path}: not a file of pair sequences, or damaged ({error}); make it again") from error
    rotations = Rotation.from_rotvec(axis_angle).as_matrix().astype(np.float32).reshape(2, -1, 24, 3, 3)
    return [_take(data, rotations, i, slice(starts[i], starts[i + 1])) for i in range(len(starts) - 1)]


def _take(data: dict[str, np.ndarray], rotations: np.ndarray, i: int, span: slice) -> PairSequence:
    motion = Motion(
        global_orient=rotations[:, span, 0],
        body_pose=rotations[:, span, 1:],
        pelvis=data["pelvis"][:, span],
        betas=data["betas"][i],
    )
    return PairSequence(
        name=str(data["names"][i]),
        motion=motion,
        foot_contact=data["foot_contact"][:, span].astype(np.float32) / 255,
        hand_contact=data["hand_contact"][span].astype(np.float32) / 255,
        fps=float(data["fps"][i]),
        text=str(data["texts"][i]),
        split=str(data["splits"][i]),  # pyright: ignore[reportArgumentType]
    )
