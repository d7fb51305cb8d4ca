"""All energies of a motion as one number with a report, each term computed only if it has a weight."""

import dataclasses
from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax.tree_util import register_dataclass

from sm_jax.body import skeleton, smpl
from sm_jax.body.sdf import pose_field
from sm_jax.body.smpl import Body, Posed
from sm_jax.energies.contact import contact
from sm_jax.energies.ground import ground, support_heights
from sm_jax.energies.limits import limits
from sm_jax.energies.penetration import penetration
from sm_jax.energies.prior import prior, shape
from sm_jax.energies.reprojection import reprojection
from sm_jax.energies.skating import skating
from sm_jax.energies.smoothness import smoothness
from sm_jax.energies.spatial import spatial
from sm_jax.types import Array, Camera, ContactTargets, Motion

# Skins are compared in every second frame of 30 a second: what lies between two frames follows from smoothness, and
# these two terms take most of the time.
SURFACE_EVERY = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class EnergyWeights:
    """Weight of each energy; zero switches the term off."""

    reprojection: float = 1.0
    contact: float = 0.3
    penetration: float = 1.0
    spatial: float = 0.1
    ground: float = 0.2
    skating: float = 0.1
    smoothness: float = 0.05
    limits: float = 1.0
    prior: float = 0.1
    shape: float = 0.01

    def active(self) -> dict[str, float]:
        """The weights that are not zero, by name."""
        return {name: weight for name, weight in dataclasses.asdict(self).items() if weight != 0}


# By the names of the weights: what a number is, its unit, and where it should go. For people who read summaries.
MEANINGS = {
    "reprojection": "how far keypoints lie from where they were detected in the picture: 0 is on them, 0.5 about 10 cm"
    " off on a grown person, 1 anywhere; lower follows the picture more closely",
    "contact": "gap of more than 2 cm between parts that are said to touch: 0 is none, 0.8 is 10 cm; lower is better",
    "penetration": "depth of more than 5 mm of one body's skin in the other's, squared, mean over the skin: 1 is 2 cm"
    " everywhere; lower is better",
    "spatial": "how much distances between the two people's joints, and who is in front, differ from the first"
    " estimate: 0 is that estimate, 0.8 is 10 cm; small is enough",
    "ground": "how far standing feet are from the ground, and other feet below it: 0 is on it, 0.5 is 10 cm, 1 far off;"
    " lower is better",
    "skating": "how fast feet slide while they stand: 0 is not at all, 0.8 is 0.2 m/s; lower is better",
    "smoothness": "how hard joints accelerate: 0.8 is 10 m/s²; lower is smoother, and 0 would be no motion at all",
    "limits": "how far joints bend beyond anatomy, squared radians: 0 is within it; lower is better",
    "prior": "how far poses left the first estimate where people were seen, and the networks' motion where they were"
    " not: 0 is not at all, 2 is anywhere, for each; small is enough",
    "shape": "how far the bodies' shapes are from the average one, squared standard deviations: small is usual",
}


@register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the energies compare a motion with, all in one z-up world.

    keypoints: [P, T, K, 2] pixels.  keypoint_confidence: [P, T, K].  camera: frames [T].  contacts: targets over [T].
    estimate: the initial motion.  visibility: [P, T, J].  fps: [].  frame_mask: [T] in {0, 1}, zero on padding.
    prediction: what is believed of joints that were not seen, such as a network's motion; None where nothing is.
    """

    keypoints: Array
    keypoint_confidence: Array
    camera: Camera
    contacts: ContactTargets
    estimate: Motion
    visibility: Array
    fps: Array
    frame_mask: Array
    prediction: Motion | None = None


def energy(
    body: Body, motion: Motion, foot_contact: Array, evidence: Evidence, weights: Mapping[str, Array | float]
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Weighted sum (scalar) and the unweighted terms by name, for one clip (map over batches).

    motion: [P, T] of two people.  foot_contact: [P, T, 4] in [0, 1] for `skeleton.FOOT_JOINTS`.
    weights: `Weights.active()`. Which terms there are is compiled in, how much they weigh is not.
    """
    posed = smpl.pose(body, motion)
    wanted = set(weights)
    report = (
        _evidence_terms(body, posed, evidence, wanted)
        | _surface_terms(body, posed, evidence, wanted)
        | _foot_terms(body, posed, foot_contact, evidence, wanted)
    )
    if "prior" in wanted:
        report["prior"] = _prior(motion, evidence)
    if "limits" in wanted:
        report["limits"] = limits(motion.body_pose, evidence.frame_mask)
    if "shape" in wanted:
        report["shape"] = shape(motion.betas)
    return sum((jnp.asarray(weights[name]) * term for name, term in report.items()), start=jnp.zeros(())), report


def _evidence_terms(body: Body, posed: Posed, evidence: Evidence, wanted: set[str]) -> dict[str, jax.Array]:
    """Terms that compare the joints with the picture and the initial estimate."""
    mask, visibility, report = evidence.frame_mask, evidence.visibility, {}
    if "reprojection" in wanted:
        keypoints = smpl.keypoints(body, posed)
        report["reprojection"] = reprojection(
            keypoints, evidence.camera, evidence.keypoints, evidence.keypoint_confidence, mask
        )
    if "spatial" in wanted:
        reference = jax.lax.stop_gradient(smpl.pose(body, evidence.estimate).joints)
        report["spatial"] = spatial(posed.joints, reference, visibility, evidence.camera.R[..., 2, :], mask)
    if "smoothness" in wanted:
        report["smoothness"] = smoothness(posed.joints, evidence.fps, mask)
    return report


def _prior(motion: Motion, evidence: Evidence) -> jax.Array:
    """Seen joints follow the estimate, hidden ones the prediction."""
    found = prior(motion, evidence.estimate, evidence.visibility, evidence.frame_mask)
    if evidence.prediction is None:
        return found
    return found + prior(motion, evidence.prediction, 1.0 - evidence.visibility, evidence.frame_mask)


def _surface_terms(body: Body, posed: Posed, evidence: Evidence, wanted: set[str]) -> dict[str, jax.Array]:
    """Terms between the two skins."""
    report = {}
    if not wanted & {"contact", "penetration"}:
        return report
    some = slice(None, None, SURFACE_EVERY)
    posed = dataclasses.replace(
        posed,
        R_world_joint=posed.R_world_joint[:, some],
        joints=posed.joints[:, some],
        body_pose=posed.body_pose[:, some],
    )
    points, mask = smpl.surface_points(body, posed), evidence.frame_mask[some]
    if "contact" in wanted:
        targets = dataclasses.replace(evidence.contacts, weight=evidence.contacts.weight[:, some])
        report["contact"] = contact(points, body.surface_region, targets, mask)
    if "penetration" in wanted:
        report["penetration"] = penetration(points, pose_field(body, posed), mask)
    return report


def _foot_terms(
    body: Body, posed: Posed, foot_contact: Array, evidence: Evidence, wanted: set[str]
) -> dict[str, jax.Array]:
    """Terms between the feet and the ground."""
    mask, report = evidence.frame_mask, {}
    feet = posed.joints[..., jnp.array(skeleton.FOOT_JOINTS), :]
    if "ground" in wanted:
        clearance = smpl.foot_clearance(body, posed.betas)[:, None]
        soles = feet - jnp.stack([jnp.zeros_like(clearance), jnp.zeros_like(clearance), clearance], axis=-1)
        report["ground"] = ground(soles, foot_contact, support_heights(soles, foot_contact, mask), mask)
    if "skating" in wanted:
        report["skating"] = skating(feet, foot_contact, evidence.fps, mask)
    return report
