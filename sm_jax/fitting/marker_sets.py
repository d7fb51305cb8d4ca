"""Where on the body the markers of the usual sets sit: Vicon's Plug-in Gait, CMU's 41 markers and their relatives."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from sm_jax.body.skeleton import JOINTS
from sm_jax.body.smpl import Body
from sm_jax.errors import UserError

# Label -> the SMPL joint whose bone carries the marker, and roughly where it sits from that joint: metres, an adult's
# T-pose with y up that faces +z, left = +x. Left and middle; right ones mirror the left.
_LEFT = {
    "LFHD": ("head", (0.07, 0.09, 0.07)), "LBHD": ("head", (0.07, 0.09, -0.09)),
    "LSHO": ("left_collar", (0.14, 0.05, -0.02)), "LUPA": ("left_shoulder", (0.14, 0.05, 0.0)),
    "LELB": ("left_shoulder", (0.275, 0.05, 0.0)), "LELM": ("left_shoulder", (0.275, -0.05, 0.0)),
    "LFRM": ("left_elbow", (0.12, 0.05, 0.0)), "LWRA": ("left_elbow", (0.245, 0.0, 0.05)),
    "LWRB": ("left_elbow", (0.245, 0.0, -0.05)), "LFIN": ("left_wrist", (0.09, 0.03, 0.0)),
    "LASI": ("pelvis", (0.12, 0.08, 0.1)), "LPSI": ("pelvis", (0.04, 0.08, -0.08)),
    "LFWT": ("pelvis", (0.12, 0.1, 0.1)), "LBWT": ("pelvis", (0.07, 0.1, -0.08)),
    "LTHI": ("left_hip", (0.08, -0.25, 0.0)), "LKNE": ("left_hip", (0.08, -0.43, 0.0)),
    "LKNM": ("left_hip", (-0.04, -0.43, 0.0)), "LTIB": ("left_knee", (0.08, -0.2, 0.0)),
    "LANK": ("left_knee", (0.07, -0.44, -0.01)), "LANM": ("left_knee", (-0.02, -0.43, -0.01)),
    "LHEE": ("left_ankle", (0.0, -0.05, -0.07)), "LTOE": ("left_ankle", (0.01, -0.03, 0.13)),
    "LMT1": ("left_ankle", (-0.03, -0.05, 0.13)), "LMT5": ("left_ankle", (0.06, -0.06, 0.1)),
}  # fmt: skip
_MIDDLE = {
    "ARIEL": ("head", (0.0, 0.17, 0.0)), "C7": ("spine3", (0.0, 0.3, -0.04)), "T10": ("spine3", (0.0, 0.06, -0.06)),
    "CLAV": ("spine3", (0.0, 0.23, 0.1)), "STRN": ("spine3", (0.0, 0.06, 0.14)),
    "RBAC": ("spine3", (-0.09, 0.15, -0.08)), "SACR": ("pelvis", (0.0, 0.05, -0.09)),
}  # fmt: skip
_OTHER_NAMES = {
    "LFRA": "LFRM", "RFRA": "RFRM", "LSHN": "LTIB", "RSHN": "RTIB", "RBAK": "RBAC", "LMT": "LTOE", "RMT": "RTOE",
    "LWRI": "LWRA", "RWRI": "RWRA", "LUPR": "LUPA", "RUPR": "RUPA", "LKNI": "LKNM", "RKNI": "RKNM",
}  # fmt: skip
SITES = (
    _LEFT
    | {f"R{label[1:]}": (joint.replace("left", "right"), (-x, y, z)) for label, (joint, (x, y, z)) in _LEFT.items()}
    | _MIDDLE
)
_LEAST = 12  # markers: with fewer, limbs are without any


@dataclasses.dataclass(frozen=True, kw_only=True)
class MarkerSet:
    """Markers and where they are thought to sit. labels: M of them.  column: [M] where each stands in the source.
    joint: [M] SMPL joint that carries it.  offset: [M, 3] metres from that joint, in its frame."""

    labels: tuple[str, ...]
    column: np.ndarray
    joint: np.ndarray
    offset: np.ndarray


def place(
    body: Body, labels: Sequence[str], sites: Mapping[str, tuple[str, tuple[float, float, float]]] | None = None
) -> MarkerSet:
    """The labels that are known, each put on the skin of the body's mean shape nearest to its site.

    labels: as the recording names them; an actor's name before a colon does not count.  sites: of labels of one's own,
    label -> (SMPL joint, metres from it in the T-pose). Raises UserError if too few are known.
    """
    table = SITES | {label.upper(): site for label, site in (sites or {}).items()}
    plain = [label.split(":")[-1].upper() for label in labels]
    named = [_OTHER_NAMES.get(label, label) if label not in table else label for label in plain]
    column = [i for i, label in enumerate(named) if label in table]
    if len(column) < _LEAST:
        raise UserError(
            f"only {len(column)} of the markers {', '.join(labels)} are of a known set; name at least {_LEAST} as "
            f"Plug-in Gait does ({', '.join(list(SITES)[:6])}, ...)"
        )
    joint = np.array([JOINTS.index(table[named[i]][0]) for i in column])
    rest = np.asarray(body.joint_template)[joint]
    vertices = np.asarray(body.v_template)
    point = rest + np.array([table[named[i]][1] for i in column])
    nearest = np.linalg.norm(vertices[None] - point[:, None], axis=-1).argmin(axis=1)
    return MarkerSet(
        labels=tuple(labels[i] for i in column),
        column=np.array(column),
        joint=joint,
        offset=(vertices[nearest] - rest).astype(np.float32),
    )
