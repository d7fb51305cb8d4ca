"""Freeze the simulated benchmark: held-out clips at three distances and three levels of occlusion.

    python experiments/benchmark_sets/simulate.py --synthetic data/synthetic.npz      (2 minutes on 2 cores)

Writes sm_jax/evaluation/benchmarks/frozen_sets/simulated.npz: of every held-out take and class one clip, each with nine views. What is
frozen is what was observed, so that the simulator may change for training. The camera is level; of 16 directions, the
one that hides the fewest joints is little occlusion, the median middle, the most much; foreign objects hide more.
"""

import dataclasses
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np
import tyro

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from experiments.benchmark_sets.rendering.clips import clips
from sm_jax.body import smpl
from sm_jax.body.io import load_body
from sm_jax.data.schema import PairSequence, View
from sm_jax.data.simulator.random_camera import looking
from sm_jax.data.simulator.simulate import SimulatorConfig, simulate_view
from sm_jax.evaluation.benchmarks.case import true_visibility
from sm_jax.evaluation.benchmarks.frozen import DISTANCES, OCCLUSIONS, SIMULATED, rounded, save, take_of
from sm_jax.motion.slerp_fill import SEEN
from sm_jax.types import Camera, Motion

SIZE, FOCAL = (1280, 720), 1100.0  # pixels
HEIGHT, AIM = 1.5, 0.9  # metres above the floor, of the camera and of what it looks at
DIRECTIONS = 16
HIDING = (0.0, 0.12, 0.3)  # of foreign objects, at each level of occlusion
SEED = 0


def main(synthetic: pathlib.Path) -> None:
    """Observe and store."""
    body, seen, chosen = load_body("open-low"), [], {}
    for clip in clips(synthetic):
        take = take_of(clip.name)
        chosen.setdefault(take if clip.source == "salsa" else take.rpartition("_")[0], clip)  # class_number
    for number, clip in enumerate(chosen.values()):
        seen.append(observed(jax.random.fold_in(jax.random.key(SEED), number), clip, body))
        print(f"{clip.name}: {len(seen[-1].views)} views", flush=True)
    save(SIMULATED, seen)


def observed(key: jax.Array, clip: PairSequence, body: smpl.Body) -> PairSequence:
    """The clip with its nine views, distance by distance."""
    motion, views = jax.tree.map(jnp.asarray, clip.motion), []
    keys = iter(jax.random.split(key, len(DISTANCES) * len(OCCLUSIONS)))
    for distance in DISTANCES:
        cameras = [at(2 * np.pi * i / DIRECTIONS, distance, motion) for i in range(DIRECTIONS)]
        order = np.argsort(
            [(np.asarray(true_visibility(body, motion, camera)) < SEEN).mean() for camera in cameras], kind="stable"
        )
        for place, hiding in zip((0, DIRECTIONS // 2, -1), HIDING, strict=True):
            camera = cameras[order[place]]
            observation = _simulate(next(keys), motion, body, camera, SimulatorConfig(hiding=hiding))
            views.append(View(camera=jax.device_get(camera), observation=rounded(jax.device_get(observation))))
    return dataclasses.replace(clip, views=tuple(views))


def at(azimuth: float, distance: float, motion: Motion) -> Camera:
    """A still camera that looks at the pair's middle from a direction."""
    middle = jnp.median(jnp.asarray(motion.pelvis).mean(axis=0), axis=0) * jnp.array([1.0, 1.0, 0.0])
    position = middle + jnp.array([distance * np.cos(azimuth), distance * np.sin(azimuth), HEIGHT])
    R, n_frames = looking(position, middle + jnp.array([0.0, 0.0, AIM])), motion.pelvis.shape[1]
    K = jnp.array([[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1]])
    t = -jnp.einsum("ij,j->i", R, position, precision="highest")
    return Camera(K=K, R=jnp.tile(R, (n_frames, 1, 1)), t=jnp.tile(t, (n_frames, 1)), image_size=jnp.array(SIZE, float))


_simulate = jax.jit(simulate_view)

if __name__ == "__main__":
    tyro.cli(main)
