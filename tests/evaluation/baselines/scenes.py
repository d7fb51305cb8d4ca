"""A clip that is seen well, the same with noise, and small networks to reconstruct it with."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.evaluation.baselines.method import MethodInput
from sm_jax.evaluation.metrics.motion import acceleration_error_mm
from sm_jax.geometry.camera import project_points
from sm_jax.geometry.rotations import axis_angle_to_matrix, compose
from sm_jax.motion import normalise, state
from sm_jax.motion.resample import resample
from sm_jax.nets.infiller import Infiller, InfillerConfig
from sm_jax.nets.refiner import Refiner, RefinerConfig
from sm_jax.sampling.conditions import make_conditions
from sm_jax.sampling.sample import Models
from sm_jax.text.contacts import contact_targets
from sm_jax.types import Array, Contact, Motion, TextEmbedding
from tests.motion.motions import front_camera, observe, random_motion
from tests.sampling import test_sample

FRAMES = 30
BODY = load_body("open-low")
STATISTICS = normalise.Statistics(mean=np.zeros(state.D, np.float32), std=np.full(state.D, 0.3, np.float32))
TEXT = TextEmbedding(tokens=np.full((32, 384), 0.1, np.float32), mask=np.ones(32, np.float32),
                     pooled=np.full(384, 0.05, np.float32))  # fmt: skip
# With which the tests of sampling share a compiled program.
PLAIN = dataclasses.replace(test_sample.PLAIN, fall_back=True)


@functools.cache
def truth() -> Motion:
    """Two people who turn from one random pose into another, easing in and out."""
    ends = random_motion(frames=2)
    u = np.linspace(0.0, 1.0, FRAMES)
    return jax.tree.map(np.asarray, resample(ends, jnp.asarray(u * u * (3.0 - 2.0 * u), jnp.float32)))


@functools.cache
def clip(noise: float = 0.0) -> MethodInput:
    """The truth, seen perfectly, but for independent noise (radians; metres) of every joint in every frame."""
    camera = front_camera(FRAMES)
    pixels, _ = project_points(camera, smpl.keypoints(BODY, smpl.pose(BODY, truth())))
    rng, true = np.random.default_rng(0), truth()
    turned = lambda R: compose(axis_angle_to_matrix(  # noqa: E731
        jnp.asarray(noise * rng.normal(size=R.shape[:-1]), jnp.float32)), R)  # fmt: skip
    motion = Motion(
        global_orient=turned(true.global_orient),
        body_pose=turned(true.body_pose),
        pelvis=true.pelvis + (noise * rng.normal(size=true.pelvis.shape)).astype(np.float32),
        betas=true.betas,
    )
    observation = jax.tree.map(np.asarray, observe(motion, camera, pixels))
    touching = (Contact(region_a="hand", region_b="hand", start=5, end=20),)
    return MethodInput(
        observation=observation,
        body=BODY,
        text=TEXT,
        contacts=contact_targets(touching, FRAMES),
        key=jax.random.key(0),
    )


@jax.jit
def joints(motion: Motion) -> Array:
    """[P, T, J, 3]."""
    return smpl.pose(BODY, motion).joints


def apart(a: Motion, b: Motion) -> float:
    """Largest distance between two motions' joints in metres; not finite if either is not."""
    assert np.shape(a.pelvis) == np.shape(b.pelvis) and np.shape(a.body_pose) == np.shape(b.body_pose)
    return float(np.linalg.norm(np.asarray(joints(a)) - np.asarray(joints(b)), axis=-1).max())


def shaking(motion: Motion) -> float:
    """Acceleration error against the truth, mm per squared frame."""
    return acceleration_error_mm(np.asarray(joints(motion)), np.asarray(joints(truth())))


@functools.cache
def models() -> Models:
    """Random weights: small, but they say something."""
    infiller, refiner = (
        Infiller(InfillerConfig(width=16, blocks=1, heads=2)),
        Refiner(RefinerConfig(width=16, dilations=(1, 2))),
    )
    conditions = jax.eval_shape(make_conditions, clip().observation, BODY, STATISTICS, TEXT)[0]
    conditions = jax.tree.map(lambda x: jax.ShapeDtypeStruct((1, *x.shape), x.dtype), conditions)
    rng, x, key = np.random.default_rng(0), conditions.estimate, jax.random.key(0)

    def loud(shapes):
        return jax.tree.map(lambda s: (0.05 * rng.normal(size=s.shape)).astype(np.float32), shapes["params"])

    return Models(
        infiller=infiller,
        refiner=refiner,
        infiller_params=loud(jax.eval_shape(infiller.init, key, x, jnp.zeros(1, jnp.int32), conditions)),
        refiner_params=loud(jax.eval_shape(refiner.init, key, x, conditions)),
        statistics=STATISTICS,
    )


def other_partner(given: MethodInput, person: int) -> MethodInput:
    """The clip with everything about one person's partner changed, words and contacts too."""
    partner, rng = 1 - person, np.random.default_rng(1)

    def changed(x):
        x = np.array(x)
        x[partner] = 0.5 * x[partner] + 0.1
        return x

    now = given.observation
    motion = jax.tree.map(np.array, now.motion)
    motion.pelvis[partner] += 0.3
    motion.betas[partner] += 0.5
    motion.body_pose[partner] = motion.body_pose[partner][::-1]
    return dataclasses.replace(
        given,
        observation=dataclasses.replace(
            now,
            keypoints=changed(now.keypoints),
            keypoint_confidence=changed(now.keypoint_confidence),
            visibility=changed(now.visibility),
            motion=motion,
        ),
        contacts=dataclasses.replace(given.contacts, weight=0.5 * given.contacts.weight),
        text=jax.tree.map(lambda x: (x * rng.random(x.shape)).astype(np.float32), given.text),
    )
