"""Windows as they are and as a front-end sees them, in what describers read."""

import dataclasses
import pathlib
import zlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from scipy.spatial import KDTree

from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.body.skeleton import SIDED_REGIONS
from sm_jax.body.surface import vertex_regions
from sm_jax.data import codec
from sm_jax.data.schema import PairSequence
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate
from sm_jax.data.store import open_set
from sm_jax.evaluation.benchmarks.frozen import load
from sm_jax.motion import windows
from sm_jax.text.describers.describer import DescriberInput, describer_input
from sm_jax.types import Motion, Observation

FAR = 0.3  # metres beyond which distances are not measured
EVERY = 4  # frames between those in which true distances are measured


@dataclasses.dataclass(frozen=True, kw_only=True)
class PairWindow:
    """One window. seen: the gap-filled estimate.  true: the motion itself, all visible.  forward: [2, T, 3] where true
    trunks face.  gaps: [T / every, 22, 22] metres between the nearest true vertices of the regions of both people."""

    name: str
    split: str
    seen: DescriberInput
    true: DescriberInput
    forward: np.ndarray
    gaps: np.ndarray
    every: int = EVERY


def simulated_pairs(data: str, seed: int, stride: int) -> Iterator[PairWindow]:
    """Windows of a set, one that begins every `stride` frames of a sequence, under one simulated observation each."""
    for split, records in open_set(data).records.items():
        for record in records:
            for start in range(0, len(record["pelvis"]) - windows.LENGTH + 1, stride):
                sequence, name = codec.decode(record, start, start + windows.LENGTH), f"{record['name']}_from_{start}"
                if sequence.present.all():
                    key = jax.random.fold_in(jax.random.key(seed), zlib.crc32(name.encode()))
                    seen = jax.device_get(_simulate(key, sequence.motion, load_body(sequence.body)))
                    yield make_pair(name, split, sequence, seen)


def frozen_pairs(path: pathlib.Path) -> Iterator[PairWindow]:
    """Every view of a frozen benchmark in which two people were found."""
    for sequence in load(path):
        for number, view in enumerate(sequence.views):
            if view.observation is not None:
                yield make_pair(f"{sequence.name}, view {number}", sequence.split, sequence, view.observation)


def make_pair(name: str, split: str, sequence: PairSequence, observation: Observation) -> PairWindow:
    """A window of truth beside what was observed of it."""
    body = load_body(sequence.body)
    posed, vertices = jax.device_get(pose_with_vertices(body, jax.tree.map(jnp.asarray, sequence.motion)))
    return PairWindow(
        name=name,
        split=split,
        seen=describer_input(observation, body),
        true=DescriberInput(joints=posed.joints, visibility=np.ones(posed.joints.shape[:3]), fps=sequence.fps),
        # the middle of the trunk's turn: pelvis and chest, whose z points forward
        forward=posed.R_world_joint[:, :, 0, :, 2] + posed.R_world_joint[:, :, 9, :, 2],
        gaps=region_gaps(vertices[:, ::EVERY], vertex_region(body)),
    )


def vertex_region(body: smpl.Body) -> np.ndarray:
    """Region [V] of every vertex."""
    rest = np.asarray(smpl.rest_joints(body, jnp.zeros(body.shapedirs.shape[-1])))
    return vertex_regions(np.asarray(body.v_template), np.asarray(body.weights), rest)


def region_gaps(vertices: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Distance [T, 22, 22] between the nearest vertices of two bodies' regions, infinite beyond FAR: vertices
    [2, T, V, 3], region [V]."""
    order = np.argsort(region, kind="stable")
    present, starts = np.unique(region[order], return_index=True)
    gaps = np.full((vertices.shape[1], len(SIDED_REGIONS), len(SIDED_REGIONS)), np.inf, np.float32)
    for frame, (first, second) in enumerate(np.moveaxis(vertices, 0, 1)):
        for number in present:
            nearest, _ = KDTree(second[region == number]).query(first[order], distance_upper_bound=FAR)
            gaps[frame, present, number] = np.minimum.reduceat(nearest, starts)
    return gaps


@jax.jit
def pose_with_vertices(body: smpl.Body, motion: Motion) -> tuple[smpl.Posed, jax.Array]:
    """A motion on a body, and its vertices [P, T, V, 3]."""
    posed = smpl.pose(body, motion)
    return posed, smpl.vertices(body, posed)


@jax.jit
def _simulate(key: jax.Array, motion: Motion, body: smpl.Body) -> Observation:
    return simulate(key, jax.tree.map(jnp.asarray, motion), body, SimulatorConfig())
