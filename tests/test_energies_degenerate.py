"""Random and degenerate scenes through every energy: value and gradient stay finite.

Every kind of pose meets every kind of place, of shape and of evidence; with `--slow` all kinds at once, several times.
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.body.io import load_body
from sm_jax.body.smpl import Body
from sm_jax.energies.combine import EnergyWeights, Evidence, energy
from sm_jax.geometry import rotations
from sm_jax.types import Array, Motion
from tests.energies.scenes import TERMS, UPRIGHT, scene

T = 3  # the fewest frames in which joints accelerate
REPEATS = 6
CHUNK = 64
ALL = EnergyWeights(**dict.fromkeys(TERMS, 1.0))
ALONE = {name: EnergyWeights(**(dict.fromkeys(TERMS, 0.0) | {name: 1.0})) for name in TERMS}
Scenes = tuple[Motion, np.ndarray, Evidence]  # with a leading axis
Random = np.random.Generator


def random_rotations(rng: Random, n: int) -> np.ndarray:
    return matrices(Rotation.from_quat(rng.normal(size=(n * 2 * T * 24, 4))), n)


def matrices(given: Rotation, n: int) -> np.ndarray:
    return given.as_matrix().reshape(n, 2, T, 24, 3, 3).astype(np.float32)


def half_turns(rng: Random, n: int) -> np.ndarray:
    """Exactly pi about x, y or z."""
    signs = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float32)
    return signs[rng.integers(3, size=(n, 2, T, 24))][..., None] * np.eye(3, dtype=np.float32)


def turned(rng: Random, n: int, angle: float) -> np.ndarray:
    axis = rng.normal(size=(n * 2 * T * 24, 3))
    return matrices(Rotation.from_rotvec(angle * axis / np.linalg.norm(axis, axis=-1, keepdims=True)), n)


def degenerate_sixd(rng: Random, n: int) -> np.ndarray:
    """What the networks' 6D columns give when they vanish, nearly vanish, are parallel, or opposite."""
    x = rng.normal(size=(n, 2, T, 24, 3))
    pairs = [np.concatenate([a * x, b * x], -1) for a, b in ((0, 0), (1, 0), (1, 1), (1, -2), (1e-20, 1e-20))]
    which = rng.integers(len(pairs), size=(n, 1, 1, 24))
    return np.asarray(rotations.sixd_to_matrix(np.choose(which[..., None], pairs).astype(np.float32)))


def everywhere(R: list[list[float]], n: int) -> np.ndarray:
    return np.broadcast_to(np.array(R, np.float32), (n, 2, T, 24, 3, 3))


POSES = {
    "random": random_rotations,
    "rest": lambda rng, n: everywhere([[1, 0, 0], [0, 1, 0], [0, 0, 1]], n),
    "half turns": half_turns,
    "nearly half turns": lambda rng, n: turned(rng, n, np.pi - 1e-4),
    "hardly turned": lambda rng, n: turned(rng, n, 1e-20),
    "bent out of the plane": lambda rng, n: everywhere([[0, -1, 0], [1, 0, 0], [0, 0, 1]], n),
    "held": lambda rng, n: np.repeat(random_rotations(rng, n)[:, :, :1], T, axis=2),
    "both alike": lambda rng, n: np.repeat(random_rotations(rng, n)[:, :1], 2, axis=1),
    "degenerate 6D": degenerate_sixd,
    "no rotations": lambda rng, n: rng.normal(size=(n, 2, T, 24, 3, 3)),
}
EYE = np.array([0, -4, 0.9])  # where the camera of the scenes stands
PLACES = {
    "near": lambda rng, n: rng.normal(size=(n, 2, T, 3)),
    "one place": lambda rng, n: np.broadcast_to(rng.normal(size=(n, 1, 1, 3)), (n, 2, T, 3)),
    "hardly moved": lambda rng, n: 1e-20 * rng.normal(size=(n, 2, T, 3)),
    "in the camera": lambda rng, n: np.broadcast_to(EYE, (n, 2, T, 3)),
    "behind the camera": lambda rng, n: EYE + np.array([0, -3, 0]) + rng.normal(size=(n, 2, T, 3)),
    "a kilometre off": lambda rng, n: 1e3 * rng.normal(size=(n, 2, T, 3)),
}
SHAPES = {
    "average": lambda rng, n: np.zeros((n, 2, 10)),
    "random": lambda rng, n: rng.normal(size=(n, 2, 10)),
    "extreme": lambda rng, n: 5 * rng.choice([-1, 1], size=(n, 2, 10)),
    "extreme and alike": lambda rng, n: np.repeat(5 * rng.choice([-1, 1], size=(n, 1, 10)), 2, axis=1),
}


def in_one_frame(evidence: Evidence) -> Evidence:
    keypoints, mask = evidence.keypoints.copy(), evidence.frame_mask.copy()
    keypoints[:, :, 0], mask[:, 0] = np.nan, 0
    return dataclasses.replace(evidence, keypoints=keypoints, frame_mask=mask)


def without(evidence: Evidence, **fields: float) -> Evidence:
    """Fields times a number."""
    return dataclasses.replace(evidence, **{name: getattr(evidence, name) * by for name, by in fields.items()})


EVIDENCE: Mapping[str, Callable[[Evidence], Evidence]] = {
    "ordinary": lambda e: e,
    "nothing seen": lambda e: without(e, keypoints=np.nan, keypoint_confidence=0),
    "all seen in one pixel": lambda e: without(e, keypoints=0),
    "one frame masked": in_one_frame,
    "all frames masked": lambda e: without(e, keypoints=np.nan, frame_mask=0),
    "all joints hidden": lambda e: without(e, visibility=0),
    "contact of regions without points": lambda e: dataclasses.replace(
        e, contacts=dataclasses.replace(e.contacts, mask_a=0 * e.contacts.mask_a)
    ),
    "no picture": lambda e: dataclasses.replace(
        without(e, keypoints=0), camera=dataclasses.replace(e.camera, image_size=0 * e.camera.image_size)
    ),
}
KINDS = (POSES, PLACES, SHAPES, EVIDENCE)
COUNT = REPEATS * math.prod(len(kinds) for kinds in KINDS)


def kind(i: int) -> tuple[str, ...]:
    """Which pose, place, shape and evidence the i-th scene has."""
    at = np.unravel_index(i % (COUNT // REPEATS), [len(kinds) for kinds in KINDS])
    return tuple(list(kinds)[k] for kinds, k in zip(KINDS, at, strict=True))


def drawn(kinds: Mapping, name_of: np.ndarray, rng: Random) -> np.ndarray:
    """One array of all scenes, each drawn as its kind says."""
    parts = {name: np.flatnonzero(name_of == name) for name in kinds}
    values = np.concatenate([np.asarray(make(rng, parts[name].size), np.float32) for name, make in kinds.items()])
    return values[np.argsort(np.concatenate(list(parts.values())))]


def scenes(indices: np.ndarray) -> Scenes:
    """The scenes of these numbers. Foot contact is none, full or in between; a third have moved as estimated."""
    rng = np.random.default_rng(0)
    pose, place, shape, seen = np.array([kind(i) for i in indices]).T
    R = drawn(POSES, pose, rng)
    motion = Motion(
        global_orient=UPRIGHT @ R[:, :, :, 0],
        body_pose=R[:, :, :, 1:],
        pelvis=drawn(PLACES, place, rng),
        betas=drawn(SHAPES, shape, rng),
    )
    _, contact, evidence = jax.tree.map(lambda x: np.repeat(np.asarray(x)[None], len(indices), 0), scene(T))
    contact = contact * rng.integers(2, size=(len(indices), 1, 1, 1)).astype(np.float32)
    contact = np.maximum(contact, rng.integers(3, size=(len(indices), 1, 1, 1)) == 0).astype(np.float32)
    as_estimated = rng.integers(3, size=len(indices)) == 0
    for estimate, found in zip(jax.tree.leaves(evidence.estimate), jax.tree.leaves(motion), strict=True):
        estimate[as_estimated] = found[as_estimated]
    for name, change in EVIDENCE.items():
        changed = change(jax.tree.map(lambda x, i=seen == name: x[i], evidence))
        for whole, part in zip(jax.tree.leaves(evidence), jax.tree.leaves(changed), strict=True):
            whole[seen == name] = part
    return motion, contact, evidence


@functools.partial(jax.jit, static_argnames="weights")
def finite(body: Body, given: Scenes, weights: EnergyWeights) -> jax.Array:
    """Whether the value and the gradient with respect to motion and foot contact are finite [chunk, 2]."""

    def of_one(motion: Motion, foot_contact: Array, evidence: Evidence) -> jax.Array:
        value, gradient = jax.value_and_grad(
            lambda motion, foot_contact: energy(body, motion, foot_contact, evidence, weights.active())[0],
            argnums=(0, 1),
        )(motion, foot_contact)
        leaves = [jnp.isfinite(x).all() for x in jax.tree.leaves(gradient)]
        return jnp.stack([jnp.isfinite(value), jnp.stack(leaves).all()])

    return jax.vmap(of_one)(*given)


def assert_finite(body: Body, indices: np.ndarray) -> None:
    """A sum is finite only if every term is: the terms are tried one by one only to name the one at fault."""
    assert len(indices) % CHUNK == 0
    given = scenes(indices)
    for start in range(0, len(indices), CHUNK):
        chunk = jax.tree.map(lambda x, s=start: x[s : s + CHUNK], given)
        wrong = {kind(int(indices[start + i])) for i, _ in np.argwhere(~finite(body, chunk, ALL))}
        if wrong:
            terms = [name for name, weights in ALONE.items() if not finite(body, chunk, weights).all()]
            pytest.fail(f"not finite: {terms} at {sorted(wrong)[:10]}")


@pytest.fixture(scope="module")
def body() -> Body:
    return load_body("open-low")


# A sixth of all combinations, in which every two kinds meet (the test sees to it).
SOME = np.random.default_rng(6).choice(COUNT // REPEATS, 5 * CHUNK, replace=False)


def test_scenes_of_every_two_kinds(body):
    found = [kind(i) for i in SOME]
    for a, b in itertools.combinations(range(len(KINDS)), 2):
        assert {(names[a], names[b]) for names in found} == set(itertools.product(KINDS[a], KINDS[b]))
    assert_finite(body, SOME)


@pytest.mark.slow
def test_ten_thousand_scenes(body):
    assert COUNT >= 10_000
    assert_finite(body, np.arange(COUNT))


def test_a_body_that_is_a_point(body):
    """All joints, keypoints and surface points coincide, and every bone has length zero."""
    shrunk = ("v_template", "shapedirs", "joint_template", "joint_shapedirs", "keypoint_template", "keypoint_shapedirs")
    point = dataclasses.replace(body, **{name: 0 * getattr(body, name) for name in shrunk})
    assert_finite(point, SOME[: 2 * CHUNK])
