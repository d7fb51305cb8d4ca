"""What the PyTorch sampler is given of tasks: all that does not change while sampling, worked out by our own code.

That is to PyTorch's advantage: ours does it within its timed call.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import torch  # pyright: ignore[reportMissingImports]

from experiments.benchmarks import constants
from experiments.benchmarks.torch_body import Given
from sm_jax.body import smpl
from sm_jax.motion.pair_frame import own_view
from sm_jax.sampling import Models
from sm_jax.tasks import Task
from sm_jax.windowed import make_windowed


def given(tasks: Sequence[Task], models: Models, body: smpl.Body) -> Given:
    """Tensors by name of tasks of one length."""
    each = [jax.jit(_of_a_task)(task, models, body) for task in tasks]
    stacked = jax.tree.map(lambda *x: _tensor(np.stack(x)), *each)
    S = len(body.surface_index)
    shared = {
        "skin_weights": body.surface.dense.reshape(-1, 24)[:S],
        "capsule_joint": body.capsules.joint,
        "mean": models.statistics.mean,
        "std": models.statistics.std,
    }
    stacked |= {name: _tensor(np.asarray(x)) for name, x in shared.items()}
    rows = stacked["touch_weight"].sum((0, 2)) > 0  # constraints that nobody has cost nothing
    return stacked | {name: stacked[name][:, rows] for name in stacked if name.startswith("touch_")}


def _tensor(x: np.ndarray) -> Any:
    return torch.tensor(x.astype(np.int64) if x.dtype == np.int32 else x)


def _of_a_task(task: Task, models: Models, body: smpl.Body) -> dict[str, Any]:
    observation, camera, mask = task.observation, task.observation.camera, task.frame_mask
    windowed = make_windowed(task, body, models.statistics)
    estimate, posed = windowed.estimate, smpl.pose(body, windowed.estimate)
    return {
        "conditions": dataclasses.asdict(windowed.conditions),
        "pair_view": jax.vmap(own_view)(windowed.frames),
        "pair_origin": windowed.frames.origin,
        "noise": task.noise[0],
        "frame_mask": mask,
        "fps": observation.fps,
        "K": camera.K,
        "camera_R": camera.R,
        "camera_t": camera.t,
        "estimate_pose": estimate.body_pose,
        "joint_weight": observation.visibility[..., 1:] * mask[None, :, None],
        **constants.picture(task),
        **constants.order(posed.joints, task),
        **constants.figure(body, posed),
        **constants.touch(body, task),
    }
