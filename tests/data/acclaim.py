"""Writes Acclaim files of a figure with CMU's bones, whose motion is known."""

import pathlib

import numpy as np
from scipy.spatial.transform import Rotation

# bone: parent, direction at rest (y up, facing +z, legs astride by 20 degrees), length in file units
_LEFT = {
    "lhipjoint": ("root", (0.6, -0.75, 0.3), 2.4), "lfemur": ("lhipjoint", (0.34202, -0.93969, 0), 7.2),
    "ltibia": ("lfemur", (0.34202, -0.93969, 0), 7.4), "lfoot": ("ltibia", (0.0667, -0.1829, 0.9809), 2.4),
    "ltoes": ("lfoot", (0, 0, 1), 1.2), "lclavicle": ("thorax", (0.94, 0.33, -0.08), 3.5),
    "lhumerus": ("lclavicle", (1, 0, 0), 5), "lradius": ("lhumerus", (1, 0, 0), 3.4),
    "lwrist": ("lradius", (1, 0, 0), 1.7), "lhand": ("lwrist", (1, 0, 0), 0.7), "lfingers": ("lhand", (1, 0, 0), 0.6),
}  # fmt: skip
_MIDDLE = {
    "lowerback": ("root", (0, 1, 0), 2), "upperback": ("lowerback", (0, 1, 0), 2),
    "thorax": ("upperback", (0, 1, 0), 2), "lowerneck": ("thorax", (0, 1, 0), 1.7),
    "upperneck": ("lowerneck", (0, 1, 0), 1.7), "head": ("upperneck", (0, 1, 0), 2),
}  # fmt: skip
_RIGHT = {
    "r" + name[1:]: ("r" + parent[1:] if parent in _LEFT else parent, (-d[0], d[1], d[2]), length)
    for name, (parent, d, length) in _LEFT.items()
}
BONES = _MIDDLE | _LEFT | _RIGHT
INCHES = 0.0254 / 0.45
_AXES = {name: np.random.default_rng(i).uniform(-180, 180, 3) for i, name in enumerate(BONES)}


def write_asf(path: pathlib.Path) -> None:
    rows = [":version 1.10", ":units", "  mass 1.0", "  length 0.45", "  angle deg", ":root"]
    rows += ["  order TX TY TZ RX RY RZ", "  axis XYZ", "  position 0 0 0", "  orientation 0 0 0", ":bonedata"]
    words = lambda values: " ".join(f"{x:.9g}" for x in values)  # noqa: E731
    for i, (name, (_, direction, length)) in enumerate(BONES.items(), 1):
        rows += ["begin", f"id {i}", f"name {name}", f"direction {words(direction)}", f"length {length}"]
        rows += [f"axis {words(_AXES[name])} XYZ", "dof rx ry rz", "limits (-1 1)", "(-1 1)", "(-1 1)", "end"]
    rows += [":hierarchy", "begin"]
    for parent in ("root", *BONES):
        if children := [name for name, bone in BONES.items() if bone[0] == parent]:
            rows.append(" ".join([parent, *children]))
    path.write_text("\n".join([*rows, "end", ""]))


def write_amc(path: pathlib.Path, root: np.ndarray, turns: dict[str, np.ndarray]) -> None:
    """root: [T, 3] metres.  turns: bone (or "root") -> [T, 3, 3] parent from bone; others do not turn."""
    rows = ["#!OML:ASF", ":FULLY-SPECIFIED", ":DEGREES"]
    angles = {}
    for name in ("root", *BONES):
        C = np.eye(3) if name == "root" else Rotation.from_euler("xyz", _AXES[name], degrees=True).as_matrix()
        local = turns.get(name, np.tile(np.eye(3), (len(root), 1, 1)))
        angles[name] = Rotation.from_matrix(C.T @ local @ C).as_euler("xyz", degrees=True)
    for t in range(len(root)):
        rows.append(str(t + 1))
        for name, values in angles.items():
            numbers = [*(root[t] / INCHES), *values[t]] if name == "root" else values[t]
            rows.append(" ".join([name, *(f"{x:.9g}" for x in numbers)]))
    path.write_text("\n".join([*rows, ""]))


def bone_ends(root: np.ndarray, turns: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Ends [T, 3] in metres and world rotations [T, 3, 3] of the bones, worked out on their own."""
    x, R = {"root": root}, {"root": turns["root"]}
    todo = list(BONES)
    while todo:
        name = todo.pop(0)
        parent, direction, length = BONES[name]
        if parent not in x:
            todo.append(name)
            continue
        R[name] = R[parent] @ turns.get(name, np.eye(3))
        bone = np.array(direction, float) / np.linalg.norm(direction) * length * INCHES
        x[name] = x[parent] + R[name] @ bone
    return x, R
