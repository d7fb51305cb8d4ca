"""What a choreography must know of the bodies that dance it: measures, and places on the skin."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS
from sm_jax.body.surface import vertex_regions
from sm_jax.types import Array

_TORSO = ("chest", "belly", "back", "waist")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Person:
    """Metres of one upright body. arm: shoulder to palm.  thigh, shin.  hip, shoulder, stature: heights.
    front, back: from the pelvis to the front of chest and belly, and to the back.  width: from the middle to the outer
    side of a hanging arm."""

    arm: float
    thigh: float
    shin: float
    hip: float
    shoulder: float
    stature: float
    front: float
    back: float
    width: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class SkinSpots:
    """Rest surfaces of the people. vertices: [P, V, 3].  normals: [P, V, 3] outwards.  joints: [P, 24, 3].
    region: [V] into `SIDED_REGIONS`.  owner: [V] the joint that moves each vertex most."""

    vertices: np.ndarray
    normals: np.ndarray
    joints: np.ndarray
    region: np.ndarray
    owner: np.ndarray

    def spot(
        self, person: int, region: str, towards: Sequence[float] | np.ndarray
    ) -> tuple[int, np.ndarray, np.ndarray]:
        """The place of a sided region that lies farthest towards a local direction: joint, offset from it, normal."""
        inside = np.flatnonzero(self.region == SIDED_REGIONS.index(region))
        points = self.vertices[person, inside]
        centred = points - points.mean(axis=0)
        score = centred / np.ptp(points, axis=0).max() @ np.array(towards)
        score += 0.5 * self.normals[person, inside] @ np.array(towards) / max(np.linalg.norm(towards), 1e-6)
        vertex = inside[np.argmax(score)]
        joint = int(self.owner[vertex])
        return joint, self.vertices[person, vertex] - self.joints[person, joint], self.normals[person, vertex]


def skin(body: smpl.Body, betas: Array) -> SkinSpots:
    """The skins of people with betas [P, N]."""
    vertices = np.asarray(smpl.shaped(body.v_template, body.shapedirs, betas), np.float64)
    faces = np.asarray(body.faces)
    corners = vertices[:, faces]
    face_normals = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        for person in range(len(vertices)):
            np.add.at(normals[person], faces[:, corner], face_normals[person])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    template, weights = np.asarray(body.v_template), np.asarray(body.weights)
    return SkinSpots(
        vertices=vertices,
        normals=normals,
        joints=np.asarray(smpl.rest_joints(body, betas), np.float64),
        region=vertex_regions(template, weights, np.asarray(body.joint_template)),
        owner=weights.argmax(axis=1),
    )


def measure(skins: SkinSpots, person: int) -> Person:
    """The measures of one of the people."""
    joints, vertices = skins.joints[person], skins.vertices[person]
    at = {name: joints[i] for i, name in enumerate(JOINTS)}
    length = lambda a, b: float(np.linalg.norm(at[a] - at[b]))  # noqa: E731
    torso = vertices[np.isin(skins.region, [SIDED_REGIONS.index(name) for name in _TORSO])]
    sole = vertices[:, 1].min()
    shin, thigh = length("left_knee", "left_ankle"), length("left_hip", "left_knee")
    return Person(
        arm=length("left_shoulder", "left_elbow") + length("left_elbow", "left_wrist")
        + 0.85 * length("left_wrist", "left_hand"),
        thigh=thigh,
        shin=shin,
        hip=0.99 * (thigh + shin) + float(at["left_ankle"][1] - sole),
        shoulder=float(at["left_shoulder"][1] - sole),
        stature=float(np.ptp(vertices[:, 1])),
        front=float(torso[:, 2].max() - at["pelvis"][2]),
        back=float(at["pelvis"][2] - torso[:, 2].min()),
        width=float(at["left_shoulder"][0]) + 0.1,
    )  # fmt: skip
