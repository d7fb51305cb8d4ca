"""Held-out kinds of interaction, seen from where most of the people is hidden, or least."""

import pathlib

import jax
import jax.numpy as jnp
import numpy as np

from experiments.freeze_simulated import DIRECTIONS, HIDING, at
from experiments.rendering.clips import clips, validation_clips
from sm_jax.benchmark.case import Case, TrueBodies, labelled, true_visibility
from sm_jax.benchmark.frozen import rounded
from sm_jax.body import smpl
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulate import SimulatorConfig, simulate_view
from sm_jax.motion.fill import SEEN
from sm_jax.types import Camera

DISTANCE = 4.0  # metres


def heard_of(synthetic: pathlib.Path, split: str) -> list[PairSequence]:
    """Clips of the classes of a split, all of which say what they show; the dances are left out."""
    chosen = {"test": clips, "val": validation_clips}[split](synthetic)
    return [clip for clip in chosen if clip.source != "salsa" and clip.texts]


def observed_case(clip: PairSequence, body: smpl.Body, seed: int, *, most: bool) -> Case:
    """One simulation of the clip from the direction, of DIRECTIONS, that hides most (foreign objects hide more), or
    least (nothing foreign does)."""
    motion = jax.tree.map(jnp.asarray, clip.motion)
    cameras = [at(2 * np.pi * i / DIRECTIONS, DISTANCE, motion) for i in range(DIRECTIONS)]
    choose, hiding = (max, HIDING[-1]) if most else (min, HIDING[0])
    camera = choose(cameras, key=lambda camera: _hidden(clip, body, camera))
    key = jax.random.fold_in(jax.random.key(seed), sum(map(ord, clip.name)))
    seen = rounded(jax.device_get(_simulate(key, motion, body, camera, SimulatorConfig(hiding=hiding))))
    view = View(camera=jax.device_get(camera), observation=seen)
    name = f"simulation {seed}"
    return labelled(clip, view, name, clip.name, lambda: TrueBodies(clip, view))


def _hidden(clip: PairSequence, body: smpl.Body, camera: Camera) -> float:
    return float((np.asarray(true_visibility(body, clip.motion, camera)) < SEEN).mean())


_simulate = jax.jit(simulate_view)
