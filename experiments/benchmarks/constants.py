"""What the energies of a task need and no step of the sampling changes."""

from typing import Any

import jax.numpy as jnp

from sm_jax.body import smpl
from sm_jax.body.distance_field import pose_field
from sm_jax.energies import contact, reprojection, spatial
from sm_jax.geometry import safe
from sm_jax.tasks import Task
from sm_jax.types import Array


def picture(task: Task) -> dict[str, Any]:
    """What was seen, and how large the people are in it."""
    seen = task.observation
    confidence = seen.keypoint_confidence * task.frame_mask[None, :, None]
    pixels = jnp.where(confidence[..., None] > 0, seen.keypoints, 0)
    smallest = reprojection.SMALLEST * safe.norm(seen.camera.image_size)
    size = jnp.maximum(reprojection.person_size(pixels, confidence), smallest)
    return {"confidence": confidence, "pixels": pixels, "person_size": size}


def order(joints: Array, task: Task) -> dict[str, Any]:
    """Where the joints [P, T, J, 3] of the estimate are to one another."""
    seen, mask = jnp.asarray(task.observation.visibility), task.frame_mask
    distances, depth = safe.distances(joints[0], joints[1]), spatial._depth_gap(joints, task.observation.camera.R[:, 2])
    trunk = seen[0][:, spatial._TRUNK] * seen[1][:, spatial._TRUNK] * jnp.tanh(jnp.abs(depth) / spatial.WIDTH)
    pairs = seen[0][:, :, None] * seen[1][:, None, :] * jnp.exp(-distances / spatial.NEAR)
    return {
        "distances": distances,
        "pair_weight": pairs * mask[:, None, None],
        "depth_sign": jnp.sign(depth),
        "depth_weight": trunk * mask[:, None],
    }


def figure(body: smpl.Body, posed: smpl.Posed) -> dict[str, Any]:
    """The two people's shapes in the rest pose."""
    field, betas = pose_field(body, posed), posed.betas
    chosen, capsules, cells = body.surface_index, body.capsules, body.distance_field
    return {
        "rest_joints": posed.rest_joints,
        "rest_keypoints": smpl.shaped(body.keypoint_template, body.keypoint_shapedirs, betas),
        "rest_surface": smpl.shaped(body.v_template[chosen], body.shapedirs[chosen], betas),
        "clearance": smpl.foot_clearance(body, betas),
        "capsule_start": smpl.shaped(capsules.start, capsules.start_shapedirs, betas),
        "capsule_end": smpl.shaped(capsules.end, capsules.end_shapedirs, betas),
        "radius": field.radius,
        "low": field.low,
        "density": field.density,
        "table": cells.distance[None] + safe.einsum("cijkb,pb->pcijk", cells.distance_shapedirs, betas),
    }


def touch(body: smpl.Body, task: Task) -> dict[str, Any]:
    """Which surface points are to touch."""
    sides = (contact._allowed(mask, body.surface_region) for mask in (task.contacts.mask_a, task.contacts.mask_b))
    (a, has_a), (b, has_b) = sides
    pair = has_a[:, :, None] & has_b[:, None, :]
    return {"touch_a": a, "touch_b": b, "touch_pair": pair, "touch_weight": task.contacts.weight}
