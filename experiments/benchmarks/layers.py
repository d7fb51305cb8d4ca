"""The SMPL layers that are compared: ours, smplx (torch) and body-models (JAX), behind one signature.

A layer is a dict from what it computes ("mesh", "surface", "joints") to a pair of functions (forward, forward and
backward of the mean square) of axis-angle pose [B, 24, 3], betas [B, 10] and translation [B, 3], all NumPy.
"""

import pathlib
import pickle
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.body import smpl
from sm_jax.body.assets import load_body
from sm_jax.geometry import rotations
from sm_jax.types import Array, Motion

Layer = dict[str, tuple[Callable, Callable]]


def ours(file: pathlib.Path) -> Layer:
    """This project's layer."""
    body = load_body(file)
    read = {"mesh": smpl.vertices, "surface": smpl.surface_points, "joints": lambda _, posed: posed.joints}

    def posed(body: smpl.Body, pose: Array, betas: Array, translation: Array) -> smpl.Posed:
        R = rotations.axis_angle_to_matrix(pose)[:, None]
        pelvis = (translation + smpl.rest_joints(body, betas)[:, 0])[:, None]
        return smpl.pose(body, Motion(global_orient=R[:, :, 0], body_pose=R[:, :, 1:], pelvis=pelvis, betas=betas))

    return {name: _jax(lambda b, *args, f=f: f(b, posed(b, *args)), body) for name, f in read.items()}


def body_models(file: pathlib.Path) -> Layer:
    """The JAX layers of the package body-models."""
    from body_models.smpl.jax import SMPL  # pyright: ignore[reportMissingImports]

    model = SMPL(model_path=str(file))

    def mesh(_: None, pose: Array, betas: Array, translation: Array, read: str = "forward_vertices") -> jax.Array:
        placed = {"pelvis_rotation": pose[:, 0], "shape": betas, "global_translation": translation}
        return getattr(model, read)(pose[:, 1:], **placed)

    joints = lambda *args: mesh(*args, read="forward_skeleton")[..., :3, 3]  # noqa: E731
    return {"mesh": _jax(mesh, None), "joints": _jax(joints, None)}


def _jax(function: Callable, body: Any) -> tuple[Callable, Callable]:
    forward = jax.jit(function)
    backward = jax.jit(jax.grad(lambda *args: jnp.mean(jnp.square(function(*args))), argnums=(1, 2, 3)))
    return (lambda *args: np.asarray(forward(body, *args)), lambda *args: jax.block_until_ready(backward(body, *args)))


def smplx(file: pathlib.Path) -> Layer:
    """The reference implementation, torch eager."""
    import smplx  # pyright: ignore[reportMissingImports]
    import torch  # pyright: ignore[reportMissingImports]

    pickled = file.parent / "smpl" / "SMPL_NEUTRAL.pkl"
    pickled.parent.mkdir(exist_ok=True)
    pickled.write_bytes(pickle.dumps(dict(np.load(file))))
    model = smplx.create(str(file.parent), model_type="smpl")

    def forward(pose: Any, betas: Any, translation: Any) -> Any:
        body_pose, root = pose[:, 1:].flatten(1), pose[:, 0]
        return model(body_pose=body_pose, global_orient=root, betas=betas, transl=translation).vertices

    def value(*args: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return forward(*map(torch.from_numpy, args)).numpy()

    def gradient(*args: np.ndarray) -> list[np.ndarray]:
        leaves = [torch.tensor(x, requires_grad=True) for x in args]
        forward(*leaves).square().mean().backward()
        return [x.grad.numpy() for x in leaves]

    return {"mesh": (value, gradient)}
