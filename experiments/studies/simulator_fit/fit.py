"""Moments of the simulator matched to the front-end's: each number of the error model is set by one statistic."""

import dataclasses
from collections.abc import Callable
from typing import Any

from sm_jax.data.simulator.error_model import BoneErrors, ErrorModel

# Bones whose errors one statistic sets.
_GROUPS = {"trunk": ("trunk", "head", "collar"), "thigh": ("hip",), "shin": ("knee", "ankle"),
           "upper_arm": ("shoulder",), "forearm": ("elbow", "wrist", "tip")}  # fmt: skip
# What is adjusted, and the statistic by which; the names of the model's parts are joined by dots.
PAIRS = {
    **{f"rotation.depth.{name}": f"{bone}_along_mm" for bone, names in _GROUPS.items() for name in names},
    **{f"rotation.plane.{name}": f"{bone}_across_mm" for bone, names in _GROUPS.items() for name in names},
    **{f"rotation.hidden.{field.name}": "hidden_bones_mm" for field in dataclasses.fields(BoneErrors)},
    "rotation.fast": "change_in_5_frames_mm",
    "rotation.tremble": "jitter_error",
    "rotation.drawn": "estimate_in_picture",
    "placement.own_shape": "scale_percent",
    "placement.drift": "depth_drift_percent",
    "placement.shake": "depth_shake_percent",
    "placement.across": "across_drift_mm",
    "keypoint.doubt": "doubt_clear",
    "keypoint.hidden_doubt": "doubt_hidden",
    "keypoint.doubt_spread": "doubt_spread",
    "keypoint.steady": "residual",
    "keypoint.jitter": "keypoint_tremble",
    "keypoint.doubtful": "doubtful_keypoints",
    "keypoint.hidden": "unsure_keypoints",
    "keypoint.followed": "sure_keypoints",
}
_FALLING = {"placement.own_shape", "rotation.drawn"}  # the statistic falls where these grow
_LIMITS = {
    **dict.fromkeys((name for name in PAIRS if ".plane." in name), (0.5, 10.0)),
    "rotation.fast": (0.05, 0.8),
    "rotation.drawn": (0.2, 1.0),
    "placement.own_shape": (0.2, 0.9),
    "keypoint.steady": (0.003, 0.02),
    "keypoint.doubtful": (0.0, 4.0),
    "keypoint.followed": (0.2, 1.0),
    "keypoint.hidden_doubt": (0.2, 2.0),
}
_LEAST, _MOST = 0.6, 1.6  # change of a number in one round


def fit(
    measure: Callable[[ErrorModel, int], dict[str, float]], model: ErrorModel, wanted: dict[str, float], rounds: int
) -> ErrorModel:
    """Multiply each number by the ratio of its wanted and its measured statistic, to a falling power, in rounds.

    measure: statistics of a model, and the number of the round (for other random numbers).
    """
    for turn in range(rounds):
        found, power = measure(model, turn), 0.8 if turn < rounds // 2 else 0.4
        for name, statistic in PAIRS.items():
            ratio = min(max((wanted[statistic] / max(found[statistic], 1e-9)) ** power, _LEAST), _MOST)
            value = get(model, name) * (1.0 / ratio if name in _FALLING else ratio)
            low, high = _LIMITS.get(name, (0.0, float("inf")))
            model = put(model, name, min(max(value, low), high))
    return model


def get(tree: Any, name: str) -> float:
    """The number of a dotted name."""
    for part in name.split("."):
        tree = getattr(tree, part)
    return tree


def put(tree: Any, name: str, value: float) -> Any:
    """The tree with another number under a dotted name."""
    first, _, rest = name.partition(".")
    return dataclasses.replace(tree, **{first: put(getattr(tree, first), rest, value) if rest else value})


def rounded(tree: Any) -> Any:
    """Numbers to three digits."""
    parts = ((field.name, getattr(tree, field.name)) for field in dataclasses.fields(tree))
    return type(tree)(**{n: rounded(v) if dataclasses.is_dataclass(v) else float(f"{v:.3g}") for n, v in parts})
