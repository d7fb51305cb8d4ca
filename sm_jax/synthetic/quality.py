"""What can go wrong with made-up motion, in numbers."""

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import sdf, smpl
from sm_jax.body.skeleton import FOOT_JOINTS
from sm_jax.data.schema import PairSequence
from sm_jax.energies.limits import HYPEREXTENSION, LARGEST_ANGLE, flexion
from sm_jax.geometry import safe
from sm_jax.geometry.rotations import matrix_to_axis_angle
from sm_jax.motion.frames import pad_motion
from sm_jax.synthetic.verify import gaps, vertices
from sm_jax.text.rules.phrases import parse_contacts
from sm_jax.types import Motion


@jax.jit
def _poses(body: smpl.Body, motion: Motion) -> tuple[jax.Array, ...]:
    posed = smpl.pose(body, motion)
    field = jax.tree.map(lambda x: x[::-1], sdf.pose_field(body, posed))
    depth = -sdf.signed_distance(smpl.surface_points(body, posed), field)
    angle = safe.norm(matrix_to_axis_angle(motion.body_pose))
    beyond = jnp.max(angle - jnp.asarray(LARGEST_ANGLE, jnp.float32)[None, None], axis=-1)
    backwards = jnp.max(-flexion(motion.body_pose), axis=-1) - HYPEREXTENSION
    return jnp.asarray(posed.joints), depth.max(axis=(0, 2)), jnp.maximum(beyond, backwards)


def quality(body: smpl.Body, sequence: PairSequence) -> dict[str, np.ndarray]:
    """Numbers of a sequence, each an array over what it is measured on.

    skate: mm/s of feet that stand (contact above a half).  depth: mm that the deepest surface point of a frame lies in
    the other person, negative outside.  gap: mm between the skins of regions in touch.  limits: degrees that the worst
    joint of a person is beyond its range.  acceleration: m/s^2 of joints.  read: whether the parser reads a contact's
    regions in one of the sentences, in {0, 1}.
    """
    frames = sequence.motion.pelvis.shape[1]
    joints, depth, beyond = (np.asarray(x) for x in _poses(body, pad_motion(sequence.motion)))
    joints, depth, beyond = joints[:, :frames], depth[:frames], beyond[:, :frames]
    feet = np.linalg.norm(np.diff(joints[:, :, FOOT_JOINTS, :2], axis=1), axis=-1) * sequence.fps
    skins = vertices(body, sequence.motion)
    said = [{frozenset((touch.region_a, touch.region_b)) for touch in parse_contacts(text)} for text in sequence.texts]
    read = [any({c.region_a, c.region_b} in pairs for pairs in said) for c in sequence.contacts]
    return {
        "skate": 1e3 * feet[sequence.foot_contact[:, 1:] > 0.5],
        "depth": 1e3 * depth,
        "gap": 1e3 * np.concatenate([gaps(body, skins, c) for c in sequence.contacts] or [np.zeros(0)]),
        "limits": np.degrees(np.maximum(beyond, 0.0)).ravel(),
        "acceleration": (np.linalg.norm(np.diff(joints, n=2, axis=1), axis=-1) * sequence.fps**2).ravel(),
        "read": np.array(read, float),
    }
