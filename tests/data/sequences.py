"""Pair sequences for tests, with everything that one can hold."""

import dataclasses

import jax
import numpy as np

from sm_jax.body.skeleton import KEYPOINTS
from sm_jax.data.schema import PairSequence, Split, View
from sm_jax.types import Camera, Contact, Observation
from tests.motion.motions import random_motion


def sequence(name: str = "one", n_frames: int = 12, seed: int = 0, split: Split = "train") -> PairSequence:
    """Random motion with two contacts and two texts; pelvises at (seed, frame, frame)."""
    motion = jax.tree.map(np.asarray, random_motion(seed, n_frames))
    count = np.arange(n_frames, dtype=np.float32)
    pelvis = np.stack([np.full(n_frames, seed, np.float32), count, count], axis=-1)[None].repeat(2, axis=0)
    return PairSequence(
        name=name,
        source="test",
        body="open-low",
        motion=dataclasses.replace(motion, pelvis=pelvis),
        fps=30.0,
        split=split,
        present=np.array([True, True]),
        foot_contact=np.random.default_rng(seed).random((2, n_frames, 4)).astype(np.float32),
        contacts=(
            Contact(region_a="hand", side_a="left", region_b="back", person_a=1, start=2, end=9, confidence=0.5),
            Contact(region_a="chest", region_b="chest", start=0, end=4),
        ),
        texts=("The first person lays the left hand on the back of the second person.", "They hug."),
    )


def camera(n_frames: int, seed: int) -> Camera:
    """A camera of random numbers."""
    rng = np.random.default_rng(seed)
    shapes = {"K": (3, 3), "R": (n_frames, 3, 3), "t": (n_frames, 3), "image_size": (2,)}
    return Camera(**{name: rng.random(shape).astype(np.float32) for name, shape in shapes.items()})


def view(n_frames: int, seed: int, observed: bool) -> View:
    """A camera, and what a front-end made of it if `observed`."""
    if not observed:
        return View(camera=camera(n_frames, seed))
    rng = np.random.default_rng(seed)
    observation = Observation(
        keypoints=rng.random((2, n_frames, len(KEYPOINTS), 2)).astype(np.float32),
        keypoint_confidence=rng.random((2, n_frames, len(KEYPOINTS))).astype(np.float32),
        motion=jax.tree.map(np.asarray, random_motion(seed, n_frames)),
        visibility=rng.random((2, n_frames, 24)).astype(np.float32),
        camera=camera(n_frames, seed + 1),
        fps=np.array(30.0, np.float32),
        frame_index=np.arange(n_frames, dtype=np.int32) * 2,
        frame_mask=np.ones(n_frames, np.float32),
    )
    return View(camera=camera(n_frames, seed), observation=observation)


def seen(n_frames: int = 12) -> PairSequence:
    """A sequence with three views, the first and last of them observed."""
    views = tuple(view(n_frames, 10 * i, observed=i != 1) for i in range(3))
    return dataclasses.replace(sequence("seen", n_frames, seed=1, split="test"), views=views)


def alone(n_frames: int = 12) -> PairSequence:
    """One person without contacts and texts."""
    one = sequence("alone", n_frames, seed=2, split="val")
    return dataclasses.replace(one, present=np.array([True, False]), contacts=(), texts=())


def apart(name: str, frames: int, distance: float) -> PairSequence:
    """Two people who stand at a distance, and a sentence that begins with the name."""
    one = sequence(name, frames)
    pelvis = np.zeros((2, frames, 3), np.float32)
    pelvis[:, :, 2], pelvis[1, :, 0] = 0.9, distance
    return dataclasses.replace(one, motion=dataclasses.replace(one.motion, pelvis=pelvis), texts=(f"{name}, left.",))
