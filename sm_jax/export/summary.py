"""`summary.json`: what was done, how long it took, what was seen and what was made up, in plain JSON."""

import dataclasses
import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from sm_jax.assets.files import replacing
from sm_jax.body.io import terms_of
from sm_jax.body.skeleton import JOINTS
from sm_jax.export.npz import MotionFile
from sm_jax.types import Array, Description

_LIMBS = {"arm": ("shoulder", "elbow", "wrist", "hand"), "leg": ("hip", "knee", "ankle", "foot")}
_SIDES = ("left", "right")
PARTS = {
    "head": ("neck", "head"),
    "torso": ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar"),
    **{f"{side}_{limb}": tuple(f"{side}_{name}" for name in _LIMBS[limb]) for limb in _LIMBS for side in _SIDES},
}
CAMERA_MOVES = 0.01  # of the picture's longer side by which the background came to move
# Of the distance under a guessed focal length, between which the true one is as a rule: lenses of 22 to 65 mm before
# full frame are 0.5 to 1.5 diagonals long. `experiments.studies.focal_length` found nothing that tells more.
GUESSED = (0.5, 1.5)
STATURES = 0.06  # relative standard deviation of adults' statures, and with it of a distance
_COMPARED = (
    "before: of the first estimate with its gaps filled; after: of the result; neither is weighted. They pull against"
    " one another, and the result is where their weighted sum is low: one of them may rise."
)


def coverage(visibility: Array, infilled: Array) -> list[dict[str, dict[str, float]]]:
    """Per person and body part, the mean visibility and the share of joints and frames that were infilled.

    visibility, infilled: [P, T, 24]. Each person has the entries `all` and those of PARTS.
    """
    groups = {"all": JOINTS, **PARTS}
    people = []
    for seen, made in zip(np.asarray(visibility, np.float64), np.asarray(infilled, np.float64), strict=True):
        columns = {part: [JOINTS.index(name) for name in names] for part, names in groups.items()}
        people.append({
            part: {"visibility": round(seen[:, c].mean(), 4), "infilled": round(made[:, c].mean(), 4)}
            for part, c in columns.items()
        })  # fmt: skip
    return people


def summarise(
    content: MotionFile,
    description: Description,
    *,
    seconds: Mapping[str, float],
    energies_before: Mapping[str, Any],
    energies_after: Mapping[str, Any],
    energies_meaning: Mapping[str, str],
    share: Array,
    measures: Mapping[str, Any],
    hypotheses: Sequence[Mapping[str, Any]] = (),
    command: str | None = None,
) -> dict[str, Any]:
    """The summary of one reconstruction. seconds: wall time by stage; energies: by name, mean over what they see, and
    what each means: its unit, and where it should go.
    share: [P] of the models' motion in the result.  measures: of how good it looks, in units that a person reads.
    hypotheses: of each, its `total` and its energies.  command: that asked for it, where one did."""
    camera = content.camera
    return {
        "frames": len(content.frame_index),
        "fps": content.fps,
        "body": content.body,
        "body_terms": terms_of(content.body),
        "camera": {
            "focal_px": camera.K[0, 0],
            "principal_point_px": camera.K[:2, 2],
            "image_size": camera.image_size,
            "moving": _moving(content),
            "people_m_away": distances(content),
        },
        "warnings": content.provenance.get("remarks", []),
        "description": description,
        "people": coverage(content.visibility, content.infilled),
        "measures": measures,
        "energies": {
            "compared": _COMPARED,
            "meaning": {name: energies_meaning[name] for name in energies_after},
            "before": energies_before,
            "after": energies_after,
            "hypotheses": hypotheses,
        },
        "share_of_models_motion": share,
        "returned_to_the_estimate": [returned(person, float(kept)) for person, kept in enumerate(np.asarray(share))],
        "seconds": {**seconds, "total": sum(seconds.values())},
        **({} if command is None else {"command": command}),
        "provenance": content.provenance,
    }


def distances(content: MotionFile) -> list[dict[str, float]]:
    """Of each person, the median distance from the camera in metres, and between what it may really be: statures vary,
    and a focal length that is only guessed may be twice too long, or a third too short."""
    R, t = np.asarray(content.camera.R), np.asarray(content.camera.t)
    depth = np.median(np.einsum("tj,ptj->pt", R[:, 2], np.asarray(content.motion.pelvis)) + t[:, 2], axis=1)
    low, high = GUESSED if content.provenance.get("focal_is_heuristic") else (1.0, 1.0)
    return [
        {"median": float(d), "least": float(d * (low - STATURES)), "most": float(d * (high + STATURES))} for d in depth
    ]


def _moving(content: MotionFile) -> bool | None:
    """Whether the camera moves: in the result, or in the pictures as far as these were looked at. None where the result
    takes it as standing and nobody looked."""
    camera, moved = content.camera, content.provenance.get("camera_moved")
    if np.ptp(camera.R, axis=0).max() > 0 or np.ptp(camera.t, axis=0).max() > 0:
        return True
    return None if moved is None else bool(moved > CAMERA_MOVES)


def returned(person: int, share: float) -> str:
    """What became of a person's motion in the last check, in words."""
    if share > 0.999:
        return f"person {person}: no, the models' motion fits the evidence no worse"
    if share < 0.001:
        return f"person {person}: altogether, the models' motion would fit the evidence worse"
    return f"person {person}: by {1 - share:.0%}, all of the models' motion would fit the evidence worse"


def save_summary(path: str | pathlib.Path, summary: Mapping[str, Any]) -> None:
    """Write a summary as JSON, whole or not at all. Arrays and dataclasses become lists and objects, nan and infinity
    null. Raises TypeError for anything else, UserError if the path cannot be written."""
    text = json.dumps(plain(summary), indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """A value in JSON's types; what is not finite becomes None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if isinstance(value, np.generic | np.ndarray | jax.Array):
        return plain(np.asarray(value).tolist())
    raise TypeError(f"{type(value).__name__} has no place in a summary")
