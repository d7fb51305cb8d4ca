"""CMU motion as the motion prediction papers pass it around: text, a frame a line, 117 numbers separated by commas.

The root's position in the database's unit, then 38 exponential maps, those of cgspeed's MotionBuilder hierarchy with
the ends of its chains, which never turn. They follow the row-vector convention of the H3.6M toolbox: each is the
inverse of the turn of its bone. The files name no skeleton; the papers play all of them on one. The first line is a
T-pose. (Li et al., "Convolutional Sequence to Sequence Model for Human Dynamics", CVPR 2018; frame rate 120, as flights
show.)
"""

import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap.asf import Skeleton
from sm_jax.errors import UserError

FPS = 120.0
COLUMNS = 117
_LEG = ("hipjoint", "femur", "tibia", "foot", "toes")
_ARM = ("clavicle", "humerus", "radius", "wrist", "hand", "fingers")
# The ASF bone that each exponential map turns; None for an end.
_BONES = (
    "root", *(f"l{bone}" for bone in _LEG), None, *(f"r{bone}" for bone in _LEG), None,
    "lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head", None,
    *(f"l{bone}" for bone in _ARM), None, "lthumb", None, *(f"r{bone}" for bone in _ARM), None, "rthumb", None,
)  # fmt: skip


def read_motion(path: pathlib.Path, skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Rotations [T, N, 3, 3] parent from bone (the root's: world) of a CMU skeleton and root [T, 3] in metres, y up.

    Raises UserError when the file is damaged or is no such text.
    """
    try:
        values = np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a text of exponential maps ({error}); fetch it again") from error
    if values.shape[1] != COLUMNS or len(values) < 2 or not np.isfinite(values).all():
        raise UserError(
            f"{path}: {values.shape[1]} numbers in {len(values)} lines; {COLUMNS} finite ones a line are wanted, "
            "root and 38 exponential maps"
        )
    values = values[1:]
    turns = Rotation.from_rotvec(-values[:, 3:].reshape(-1, 3)).as_matrix().reshape(len(values), -1, 3, 3)
    rotations = np.tile(np.eye(3), (len(values), len(skeleton.names), 1, 1))
    for number, bone in enumerate(_BONES):
        if bone in skeleton.names:
            rotations[:, skeleton.names.index(bone)] = turns[:, number]
    return rotations, values[:, :3] * skeleton.metre
