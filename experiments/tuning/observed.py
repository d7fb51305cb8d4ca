"""Validation clips as simulated cameras see them."""

import pathlib

import jax
import jax.numpy as jnp

from experiments.rendering.clips import validation_clips
from sm_jax.baselines.method import Clip
from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.data.simulate import SimulatorConfig, simulate
from sm_jax.scene import scene_of
from sm_jax.text import rules
from sm_jax.text.contacts import contact_targets
from sm_jax.text.encoder import TextEncoder
from sm_jax.types import Motion, Observation


def observed(synthetic: pathlib.Path, count: int, seeds: int) -> list[tuple[str, Motion, Clip]]:
    """`count` validation clips, evenly chosen of dances and synthetic classes, each seen `seeds` times, with names
    and true motions."""
    found, encoder = validation_clips(synthetic), TextEncoder.load()
    clips = []
    for number in range(count):
        sequence = found[number * (len(found) - 1) // max(count - 1, 1)]
        body = load_body(sequence.body)
        for seed in range(seeds):
            key = jax.random.fold_in(jax.random.key(seed), number)
            seen = jax.device_get(_simulate(key, sequence.motion, body))
            said = rules.describe(scene_of(seen, body))
            clip = Clip(
                observation=seen,
                body=body,
                text=encoder.encode_one(said.text),
                contacts=contact_targets(said.contacts, seen.visibility.shape[1]),
                key=key,
            )
            clips.append((sequence.name, sequence.motion, clip))
    return clips


@jax.jit
def _simulate(key: jax.Array, truth: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, truth), body, SimulatorConfig())
