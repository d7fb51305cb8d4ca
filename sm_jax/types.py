"""The structures that cross module borders, and the legend of every shape letter.

Shape letters, used in every docstring:
    B batch   P = 2 people   T frames   J = 24 SMPL joints   K = 23 keypoints   V vertices   F faces
    S surface points   D state features   L text tokens   R = 14 body regions (22 with sides)   N betas

Units are metres, seconds, radians and pixels. Rotations are matrices inside the package, axis-angle only in files.
A *world* frame is z up. A *camera* frame is OpenCV's: x right, y down, z forward. `R_a_b` takes vectors of b to a.

All structures are frozen pytrees, batch-polymorphic: any number of leading axes may stand before the shapes given.
`Description` alone lives on the host, since it holds strings.
"""

import dataclasses
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass

Array = jax.Array | np.ndarray
Side = Literal["left", "right"]


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Camera:
    """A pinhole camera without distortion, x_camera = R x_world + t.

    K: [3, 3] intrinsics in pixels.  R: [T, 3, 3] and t: [T, 3] camera from world, per frame.
    image_size: [2] width and height in pixels.
    """

    K: Array
    R: Array
    t: Array
    image_size: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Motion:
    """Two people's SMPL motion in one world.

    global_orient: [P, T, 3, 3] world from pelvis.  body_pose: [P, T, 23, 3, 3] joint from parent (parent-relative).
    pelvis: [P, T, 3] position of the *pelvis joint* in the world. It is not SMPL's `trans`, which depends on the
    body (`trans` = pelvis - rest pelvis).  betas: [P, N] one shape per person.
    """

    global_orient: Array
    body_pose: Array
    pelvis: Array
    betas: Array

    @property
    def rotations(self) -> Array:
        """All rotations [P, T, J, 3, 3], the root's first."""
        xp = np if isinstance(self.body_pose, np.ndarray) else jnp
        return xp.concatenate([self.global_orient[..., None, :, :], self.body_pose], axis=-3)


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Observation:
    """What was seen of two people over a clip at one constant frame rate.

    keypoints: [P, T, K, 2] pixels.  keypoint_confidence: [P, T, K] in [0, 1], zero where nothing was seen.
    motion: the raw initial estimate (finite everywhere, meaningless where visibility is zero).
    visibility: [P, T, J] in [0, 1], how far each joint of `motion` rests on evidence.
    camera: shared by both people.  fps: [] frames per second.  frame_index: [T] position in the source video.
    frame_mask: [T] in {0, 1}, zero on frames that were not seen and stand there to fill up a length.
    """

    keypoints: Array
    keypoint_confidence: Array
    motion: Motion
    visibility: Array
    camera: Camera
    fps: Array
    frame_index: Array
    frame_mask: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class TextEmbedding:
    """A sentence as the networks read it. tokens: [L, 384].  mask: [L] in {0, 1}.  pooled: [384]. All zero means no
    text."""

    tokens: Array
    mask: Array
    pooled: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the networks see of one window, in static shapes. Each person's entries stand in that person's own view
    of the pair frame (`motion.pair_frame`), so that swapping the people swaps the arrays and nothing else.

    estimate: [P, T, D] normalised state of the gap-filled initial estimate.
    visibility: [P, T, J].  evidence: [P, T, K, 4] ray residual (observed minus estimate, [3]) times confidence,
    and the confidence.  camera: [P, T, 9] camera position and the first two rows of its rotation.
    placement: [P, T, 3, 3] what a step in camera terms does to the normalised pelvis; its columns are steps of
    `conditions.ACROSS` to the right and down in the picture, and of `conditions.DEPTH` times the distance along the
    line of sight.  error_scale: [P] logarithm of how large the estimate's errors are beside the usual ones.
    rest_joints: [P, J, 3] rest joints relative to their parents (metres; the pelvis row is zero).
    text: of the clip.  frame_mask: [T] in {0, 1}, zero on padding.
    """

    estimate: Array
    visibility: Array
    evidence: Array
    camera: Array
    placement: Array
    error_scale: Array
    rest_joints: Array
    text: TextEmbedding
    frame_mask: Array


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class ContactTargets:
    """C contact constraints between the two people in static shapes, what the contact energy pulls together.

    mask_a: [C, 22] in {0, 1} the regions (`skeleton.SIDED_REGIONS`) of person 0 that may touch, alternatives where a
    side is unspecified.  mask_b: [C, 22] those of person 1. A constraint's distance in a frame is the (soft) minimum
    over all points of the allowed regions.  weight: [C, T] confidence in [0, 1], zero outside its span and in unused
    rows (whose masks are zero too).
    """

    mask_a: Array
    mask_b: Array
    weight: Array


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contact:
    """Two body regions touch over a span of frames (`start` inclusive, `end` exclusive), counted in what it is said of:
    in the frames of the video, of a training sequence, of an observation alone.

    region_a belongs to person `person_a`, region_b to the other. A side of None means either side.
    """

    region_a: str
    region_b: str
    side_a: Side | None = None
    side_b: Side | None = None
    person_a: int = 0
    start: int = 0
    end: int
    confidence: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Phase:
    """What happens over a part of the clip: frames from `start`, inclusive, to `end`, exclusive."""

    text: str
    start: int = 0
    end: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Description:
    """What the two people do, in words, step by step and as contacts, and who said so (`rules`, `text`, a model's
    name)."""

    text: str
    phases: tuple[Phase, ...] = ()
    contacts: tuple[Contact, ...] = ()
    source: str
