"""How long does L-BFGS without a prior (`sm_jax.baselines.descent`) take to where our sampler ends?"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from sm_jax import sampling
from sm_jax.baselines.descent import BLOCK, descend
from sm_jax.body import smpl
from sm_jax.energies.combine import energy
from sm_jax.motion.feet import foot_contact, ground_height
from sm_jax.motion.fill import fill_hidden
from sm_jax.sampling import Models, Settings
from sm_jax.tasks import Task, evidence_of
from sm_jax.types import Array, Motion

MOST = 640  # iterations


def measure(models: Models, body: smpl.Body, tasks: Sequence[Task], settings: Settings, rounds: int) -> dict[str, Any]:
    """Of each clip: the energies, L-BFGS' iterations to ours (None if it needs more than MOST), seconds in turns."""
    weights, rows = jax.device_put(settings.weights.active()), []
    models, body, *tasks = jax.device_put((models, body, *tasks))
    for task in tasks:

        def ours(task: Task = task) -> Motion:
            return jax.tree.map(lambda x: x[0], sampling.sample(models, body, task, settings).motion)

        def theirs(iterations: int, task: Task = task) -> Motion:
            return descend(body, task, weights, 0.0, iterations)

        def after(motion: Motion, task: Task = task) -> float:
            return float(total(body, task, motion, weights))

        goal = after(ours())
        needed = least_iterations(lambda n: after(theirs(n)), goal)
        row = {"energy": goal, "lbfgs_iterations": needed, "lbfgs_energy": after(theirs(needed or MOST))}
        seconds = np.array([[_seconds(ours), _seconds(lambda: theirs(needed or MOST))] for _ in range(rounds)])  # noqa: B023
        row |= dict(zip(("seconds", "lbfgs_seconds"), np.median(seconds, axis=0).tolist(), strict=True))
        rows.append(row | {"lbfgs_over_ours": float(np.median(seconds[:, 1] / seconds[:, 0]))})
    return {"most_iterations": MOST, "clips": rows}


def least_iterations(energy_after: Callable[[int], float], goal: float) -> int | None:
    """The fewest iterations, in whole blocks and at most MOST, after which the energy is no more than the goal."""
    high = BLOCK
    while energy_after(high) > goal:
        if high >= MOST:
            return None
        high *= 2
    low = high // 2 if high > BLOCK else 0
    while high - low > BLOCK:
        middle = (low + high) // 2 // BLOCK * BLOCK
        low, high = (low, middle) if energy_after(middle) <= goal else (middle, high)
    return high


@jax.jit
def total(body: smpl.Body, task: Task, motion: Motion, weights: Mapping[str, Array | float]) -> jax.Array:
    """The energy that L-BFGS minimises, of any motion: the feet touch where the estimate's do."""
    seen, mask = task.observation, task.frame_mask
    estimate = fill_hidden(seen.motion, seen.visibility, mask)
    joints = smpl.pose(body, estimate).joints
    contact = foot_contact(joints, seen.fps, ground_height(joints, mask))
    return energy(body, motion, contact, evidence_of(task, estimate), weights)[0]


def _seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - start
