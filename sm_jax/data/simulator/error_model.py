"""How much a monocular front-end errs, in named numbers.

The values are those of the real front-end on the four-view clip, made by `python -m experiments.studies.simulator_fit`
and rounded, except where a comment says otherwise. A clip's errors are larger or smaller by a factor of its own: the
fit is to the median clip, and the factor's spread stands for the clips that are worse.
"""

import dataclasses

import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.body.skeleton import JOINTS


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class BoneErrors:
    """Standard deviations in degrees of the bones that start at the joints of these names. trunk: pelvis and spine.
    head: neck and head.  tip: foot and hand."""

    trunk: float
    head: float
    collar: float
    hip: float
    knee: float
    ankle: float
    shoulder: float
    elbow: float
    wrist: float
    tip: float

    def by_joint(self) -> jax.Array:
        """Radians [J]."""
        groups = {"neck": "head", "foot": "tip", "hand": "tip", "pelvis": "trunk"}
        names = [name.split("_")[-1] for name in JOINTS]
        names = ["trunk" if name.startswith("spine") else groups.get(name, name) for name in names]
        return jnp.radians(jnp.stack([jnp.float32(getattr(self, name)) for name in names]))


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class RotationErrors:
    """Of seen bones: depth, towards or away from the camera, of those that lie in the picture plane; plane, in the
    picture plane; twist, about themselves.
    hidden: of bones that are not seen, in any direction.
    slow, fast: relative sizes of the parts that last a second and a fifth of one, about; tremble: of what changes from
    frame to frame.  drawn: how far a fit to keypoints has drawn seen arms and legs back to where the picture shows
    them."""

    depth: BoneErrors = BoneErrors(
        trunk=13.3,
        head=17.6,
        collar=13.3,
        hip=15.2,
        knee=25.4,
        ankle=25.4,
        shoulder=30.7,
        elbow=27.8,
        wrist=23.9,
        tip=15.9,
    )
    plane: BoneErrors = BoneErrors(
        trunk=4.18, head=8.26, collar=6.17, hip=0.5, knee=0.5, ankle=0.5, shoulder=0.5, elbow=4.94, wrist=5.95, tip=4.94
    )
    twist: BoneErrors = BoneErrors(
        trunk=3, head=6, collar=3, hip=6, knee=5, ankle=5, shoulder=10, elbow=12, wrist=10, tip=2
    )
    hidden: BoneErrors = BoneErrors(
        trunk=8.31,
        head=11.1,
        collar=9.23,
        hip=13.8,
        knee=15.7,
        ankle=11.1,
        shoulder=18.5,
        elbow=23.1,
        wrist=18.5,
        tip=7.39,
    )
    slow: float = 0.9
    fast: float = 0.272
    tremble: float = 0.0802
    drawn: float = 1.0


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PlacementErrors:
    """own_shape: share of a person's betas that is found, the rest being the mean body's.  shape: standard deviation of
    betas.  Relative errors of the depth beyond those that follow from a body's size: shared by both people and of one
    person over the clip, drift over a second, shake over some frames.  across: metres across the line of sight."""

    own_shape: float = 0.514
    shape: float = 0.4
    shared: float = 0.01
    own: float = 0.01
    drift: float = 0.0232
    shake: float = 0.00986
    across: float = 0.0154


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class KeypointErrors:
    """Doubt is one minus confidence: medians over seen and over hidden keypoints, and its spread in logarithms.
    In body heights: steady and jitter, errors of a sure keypoint that last, and that change with every frame; they grow
    by the factor 1 + doubtful * doubt.  hidden: additional error of hidden keypoints.  jumps: share of those that land
    on the other person.  followed: how much of the estimate's error in the picture the keypoints share, since it was
    fitted to them."""

    doubt: float = 0.0826
    hidden_doubt: float = 0.247
    doubt_spread: float = 1.37
    steady: float = 0.003
    jitter: float = 0.00178
    doubtful: float = 4.0
    hidden: float = 0.142
    jumps: float = 0.06
    followed: float = 0.389


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ErrorModel:
    """rotation, placement, keypoint: errors of the median clip.  quality: spread, in logarithms, of the factor by which
    a clip is worse or better (not fitted: a guess at what close contact and bad pictures do)."""

    rotation: RotationErrors = RotationErrors()
    placement: PlacementErrors = PlacementErrors()
    keypoint: KeypointErrors = KeypointErrors()
    quality: float = 0.4
