"""A data set's two people on our body: motion that was recorded on SMPL, SMPL-H or SMPL-X, whatever their shapes.

Rotations are relative to a rest pose, and rest poses differ; betas mean something on one body alone. So neither is
taken over. Joints and world rotations together tell the source's own bones at rest: a joint's place seen from its
parent, turned back by the parent's rotation, is the same in every frame. Betas of the target are found by the lengths
of these bones, limbs are turned by what their bones' directions at rest differ, trunk and head keep their rotations,
since spines differ in where their joints lie and not in how they stand, and the body is put where the middle of its
hips was. Where a source has places alone, its joints are fitted like those of any skeleton (`joints.fit`).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, PARENTS
from sm_jax.data.schema import LandmarkMotion, PairSequence
from sm_jax.errors import UserError
from sm_jax.fitting.contact_ik.detection import detect_contacts
from sm_jax.fitting.mocap import joints
from sm_jax.fitting.mocap.floor import contact_on_floor, stand_together
from sm_jax.geometry.rotations import shortest_arc
from sm_jax.motion import resample
from sm_jax.motion.frames import cut_motion, pad, pose_on_host
from sm_jax.types import Motion

# Joint -> the joint at the end of its bone and those that turn with it.
_LIMBS = {
    "hip": ("knee", ("hip",)),
    "knee": ("ankle", ("knee",)),
    "ankle": ("foot", ("ankle", "foot")),
    "shoulder": ("elbow", ("shoulder",)),
    "elbow": ("wrist", ("elbow", "wrist", "hand")),
}
_KNOWN = 0.005  # metres to which a bone's length is known: the family's joints are the same points, nearly
_LOOSE = 0.03  # metres by which a bone may vary over a recording whose rotations and joints belong together
_STEPS = 20


@dataclasses.dataclass(frozen=True)
class RefitResidual:
    """Distances in millimetres between the recorded joints and those of our body, over people, frames and joints."""

    mean: float
    largest: float
    """95th percentile."""

    def line(self) -> str:
        """In words."""
        return f"joints off by {self.mean:.1f} mm in the mean, {self.largest:.1f} mm at the 95th percentile"


def refit(body: smpl.Body, landmarks: LandmarkMotion, source: str) -> tuple[PairSequence, RefitResidual]:
    """A recording [2, T] on the body at 30 frames a second, both people on one floor, and how far its joints moved.

    Raises UserError where its rotations and joints do not belong together, or it is too short.
    """
    take = at_package_rate(landmarks)
    if take.positions.shape[1] < 2:
        raise UserError(f"{take.name}: {landmarks.positions.shape[1]} frames are too short a recording")
    raw = motion_on(body, take)
    residual = _residual(body, raw, take)
    motion = stand_together(body, raw)
    sequence = PairSequence(
        name=take.name,
        source=source,
        body=body.name,
        motion=jax.tree.map(lambda x: np.asarray(x, np.float32), motion),
        fps=take.fps,
        split=take.split,
        present=np.ones(2, bool),
        foot_contact=contact_on_floor(body, motion, take.fps),
        contacts=detect_contacts(body, motion, take.fps),
        texts=take.texts,
    )
    return sequence, residual


def motion_on(body: smpl.Body, landmarks: LandmarkMotion) -> Motion:
    """A recording [P, T] of SMPL's joints on the body, in its own world and at its own rate."""
    if landmarks.orientations is None:
        n_frames = landmarks.positions.shape[1]
        target = jax.tree.map(lambda x: pad(x, 1), joints.targets(landmarks, joints.by_name(landmarks)))
        fitted, _ = joints.fit(body, target, joints.estimate_betas(body, target))
        return cut_motion(jax.device_get(fitted), n_frames)
    people = [_person_on(body, landmarks, person) for person in range(len(landmarks.positions))]
    return jax.tree.map(lambda *parts: np.stack(parts).astype(np.float32), *people)


def _person_on(body: smpl.Body, landmarks: LandmarkMotion, person: int) -> Motion:
    """One person's motion [T]."""
    assert landmarks.orientations is not None
    R = np.asarray(landmarks.orientations[person], np.float64)
    places = np.asarray(landmarks.positions[person], np.float64)
    there = landmarks.weight[person].min(axis=-1) > 0
    source = rest_skeleton(R[there], places[there], landmarks.name)
    betas = betas_of_lengths(body, source)
    own = np.asarray(smpl.rest_joints(body, betas), np.float64)
    own = own - own[0]
    R = R @ _turns(source, own)
    local = R.copy()
    above = np.array(PARENTS[1:])
    local[:, 1:] = R[:, above].swapaxes(-1, -2) @ R[:, 1:]
    hips = [JOINTS.index("left_hip"), JOINTS.index("right_hip")]
    pelvis = places[:, hips].mean(axis=1) - np.einsum("tij,j->ti", R[:, 0], own[hips].mean(axis=0))
    return Motion(global_orient=local[:, 0], body_pose=local[:, 1:], pelvis=pelvis, betas=betas)


def rest_skeleton(R: np.ndarray, places: np.ndarray, name: str) -> np.ndarray:
    """Joints at rest [24, 3], the pelvis at the origin, of world rotations [T, 24, 3, 3] and joints [T, 24, 3].

    Raises UserError where bones do not keep their shape: then the two are not of one skeleton.
    """
    above = np.array(PARENTS[1:])
    bones = np.einsum("tnji,tnj->tni", R[:, above], places[:, 1:] - places[:, above])
    varies = np.linalg.norm(bones - np.median(bones, axis=0), axis=-1)
    if np.median(varies, axis=0).max() > _LOOSE:
        joint = JOINTS[1 + int(np.argmax(np.median(varies, axis=0)))]
        raise UserError(
            f"{name}: the bone to {joint} varies by {1e3 * np.median(varies, axis=0).max():.0f} mm, expected "
            f"{1e3 * _LOOSE:.0f} at most: its rotations and joints are not of one skeleton"
        )
    rest = np.zeros((len(JOINTS), 3))
    for bone, (joint, parent) in enumerate(list(enumerate(PARENTS))[1:]):
        rest[joint] = rest[parent] + np.median(bones[:, bone], axis=0)
    return rest


def betas_of_lengths(body: smpl.Body, rest: np.ndarray) -> np.ndarray:
    """Betas [N] at which the body's bones are as long as those of a skeleton at rest [24, 3]; a standard prior."""
    a, b = np.array(joints.LINES).T
    template, dirs = (np.asarray(x, np.float64) for x in (body.joint_template, body.joint_shapedirs))
    wanted = np.linalg.norm(rest[b] - rest[a], axis=-1)
    betas = np.zeros(dirs.shape[-1])
    for _ in range(_STEPS):  # Gauss-Newton: lengths are almost linear in betas
        bones = template[b] - template[a] + (dirs[b] - dirs[a]) @ betas
        lengths = np.linalg.norm(bones, axis=-1)
        slope = np.einsum("bc,bcn->bn", bones / lengths[:, None], dirs[b] - dirs[a]) / _KNOWN
        gradient = slope.T @ ((wanted - lengths) / _KNOWN) - betas
        betas = betas + np.linalg.solve(slope.T @ slope + np.eye(len(betas)), gradient)
    return betas.astype(np.float32)


def at_package_rate(take: LandmarkMotion) -> LandmarkMotion:
    """A recording read at 30 frames a second. A frame between two is known where both are."""
    at = resample.frame_positions(take.positions.shape[1], take.fps)
    weight = np.stack([resample.read_points(person, at) for person in take.weight])
    R = take.orientations
    return dataclasses.replace(
        take,
        positions=np.stack([resample.read_points(person, at) for person in take.positions]),
        weight=(weight > 1 - 1e-6).astype(np.float32),
        orientations=None if R is None else np.stack([resample.read_rotations(person, at) for person in R]),
        fps=resample.FPS,
    )


def _turns(source: np.ndarray, own: np.ndarray) -> np.ndarray:
    """[24, 3, 3] how our limbs are turned at rest to point where the source's do, both skeletons at rest [24, 3]."""
    turns = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for side in ("left", "right"):
        for start, (end, turning) in _LIMBS.items():
            at, to = (JOINTS.index(f"{side}_{name}") for name in (start, end))
            bones = [skeleton[to] - skeleton[at] for skeleton in (own, source)]
            if start == "ankle":  # a foot's slope is where its joints lie in it; the sole is flat all the same
                bones = [bone * np.array([1.0, 0.0, 1.0]) for bone in bones]
            turn = np.asarray(shortest_arc(*(jnp.asarray(bone, jnp.float32) for bone in bones)), np.float64)
            for name in turning:
                turns[JOINTS.index(f"{side}_{name}")] = turn
    return turns


def _residual(body: smpl.Body, motion: Motion, landmarks: LandmarkMotion) -> RefitResidual:
    found = pose_on_host(body, motion).joints[:, :, : len(landmarks.names)]
    apart = 1e3 * np.linalg.norm(found - landmarks.positions, axis=-1)[landmarks.weight > 0]
    return RefitResidual(float(apart.mean()), float(np.percentile(apart, 95)))
