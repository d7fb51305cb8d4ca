"""Freeze the simulated benchmark: held-out clips at three distances and three levels of occlusion.

    python -m experiments.benchmark_sets.simulate --synthetic data/synthetic.npz      (2 minutes on 2 cores)

Writes sm_jax/evaluation/benchmarks/frozen_sets/simulated.npz: of every held-out take and class one clip, each with nine
views. What is frozen is what was observed, so that the simulator may change for training. The camera is level; of 16
directions, the one that hides the fewest joints is little occlusion, the median middle, the most much; foreign objects
hide more.
"""

import dataclasses
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmark_sets.clips import held_out_clips
from experiments.lib.program import run
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

simulate_view_jit = jax.jit(simulate_view)


def simulate_views(key: jax.Array, clip: PairSequence, body: smpl.Body) -> PairSequence:
    """The clip with its nine views, distance by distance."""
    motion, views = jax.tree.map(jnp.asarray, clip.motion), []
    keys = iter(jax.random.split(key, len(DISTANCES) * len(OCCLUSIONS)))
    for distance in DISTANCES:
        cameras = cameras_around(motion, distance)
        order = np.argsort([hidden_share(body, motion, camera) for camera in cameras], kind="stable")
        for place, hiding in zip((0, DIRECTIONS // 2, -1), HIDING, strict=True):
            camera = cameras[order[place]]
            observation = simulate_view_jit(next(keys), motion, body, camera, SimulatorConfig(hiding=hiding))
            views.append(View(camera=jax.device_get(camera), observation=rounded(jax.device_get(observation))))
    return dataclasses.replace(clip, views=tuple(views))


def cameras_around(motion: Motion, distance: float) -> list[Camera]:
    """Still cameras in DIRECTIONS that look at the pair's middle."""
    middle = jnp.median(jnp.asarray(motion.pelvis).mean(axis=0), axis=0) * jnp.array([1.0, 1.0, 0.0])
    return [_camera(2 * np.pi * i / DIRECTIONS, distance, middle, motion.pelvis.shape[1]) for i in range(DIRECTIONS)]


def _camera(azimuth: float, distance: float, middle: jax.Array, n_frames: int) -> Camera:
    position = middle + jnp.array([distance * np.cos(azimuth), distance * np.sin(azimuth), HEIGHT])
    R = looking(position, middle + jnp.array([0.0, 0.0, AIM]))
    K = jnp.array([[FOCAL, 0, SIZE[0] / 2], [0, FOCAL, SIZE[1] / 2], [0, 0, 1]])
    t = -jnp.einsum("ij,j->i", R, position, precision="highest")
    return Camera(K=K, R=jnp.tile(R, (n_frames, 1, 1)), t=jnp.tile(t, (n_frames, 1)), image_size=jnp.array(SIZE, float))


def hidden_share(body: smpl.Body, motion: Motion, camera: Camera) -> float:
    """Share of the joints that the people, or the picture's border, hide."""
    return float((np.asarray(true_visibility(body, motion, camera)) < SEEN).mean())


def main(synthetic: pathlib.Path) -> None:
    """Observe and store.

    Args:
        synthetic: a prepared synthetic set.
    """
    body, sequences, chosen = load_body("open-low"), [], {}
    for clip in held_out_clips(synthetic):
        take = take_of(clip.name)
        chosen.setdefault(take if clip.source == "salsa" else take.rpartition("_")[0], clip)  # class_number
    for number, clip in enumerate(chosen.values()):
        sequences.append(simulate_views(jax.random.fold_in(jax.random.key(SEED), number), clip, body))
        print(f"{clip.name}: {len(sequences[-1].views)} views", flush=True)
    save(SIMULATED, sequences)


if __name__ == "__main__":
    run(main, __doc__)
