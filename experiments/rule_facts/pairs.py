"""Windows as they are and as a front-end sees them, in what describers read."""

import dataclasses
import pathlib
import zlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from experiments.rule_facts.gaps import played, region_gaps, vertex_region
from sm_jax.benchmark.frozen import load
from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.data import codec
from sm_jax.data.schema import PairSequence
from sm_jax.data.sets import open_set
from sm_jax.data.simulate import SimulatorConfig, simulate
from sm_jax.motion import windows
from sm_jax.scene import scene_of
from sm_jax.text.describer import Scene
from sm_jax.types import Motion, Observation

EVERY = 4  # frames between those in which true distances are measured


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """One window. seen: the gap-filled estimate.  true: the motion itself, all visible.  forward: [2, T, 3] where true
    trunks face.  gaps: [T / every, 22, 22] metres between the nearest true vertices of the regions of both people."""

    name: str
    split: str
    seen: Scene
    true: Scene
    forward: np.ndarray
    gaps: np.ndarray
    every: int = EVERY


def simulated_pairs(data: str, seed: int, stride: int) -> Iterator[Pair]:
    """Windows of a set, one that begins every `stride` frames of a sequence, under one simulated observation each."""
    for split, records in open_set(data).records.items():
        for record in records:
            for start in range(0, len(record["pelvis"]) - windows.LENGTH + 1, stride):
                sequence, name = codec.decode(record, start, start + windows.LENGTH), f"{record['name']}_from_{start}"
                if sequence.present.all():
                    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
                    seen = jax.device_get(_simulate(key, sequence.motion, load_body(sequence.body)))
                    yield pair(name, split, sequence, seen)


def frozen_pairs(path: pathlib.Path) -> Iterator[Pair]:
    """Every view of a frozen benchmark in which two people were found."""
    for sequence in load(path):
        for number, view in enumerate(sequence.views):
            if view.observation is not None:
                yield pair(f"{sequence.name}, view {number}", sequence.split, sequence, view.observation)


def pair(name: str, split: str, sequence: PairSequence, observation: Observation) -> Pair:
    """A window of truth beside what was observed of it."""
    body = load_body(sequence.body)
    posed, vertices = jax.device_get(played(body, jax.tree.map(jnp.asarray, sequence.motion)))
    return Pair(
        name=name,
        split=split,
        seen=scene_of(observation, body),
        true=Scene(joints=posed.joints, visibility=np.ones(posed.joints.shape[:3]), fps=sequence.fps),
        # the middle of the trunk's turn: pelvis and chest, whose z points forward
        forward=posed.R_world_joint[:, :, 0, :, 2] + posed.R_world_joint[:, :, 9, :, 2],
        gaps=region_gaps(vertices[:, ::EVERY], vertex_region(body)),
    )


@jax.jit
def _simulate(key: jax.Array, motion: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, motion), body, SimulatorConfig())
