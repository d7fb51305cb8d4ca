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

    model, surface = SMPL(model_path=str(file)), np.asarray(load_body(file).surface_index)
    points = model.prepare_point_regressor(jnp.eye(model.num_vertices)[surface])

    def read(method: str, **more: Any) -> Callable:
        return lambda _, pose, betas, translation: getattr(model, method)(
            pose[:, 1:], pelvis_rotation=pose[:, 0], shape=betas, global_translation=translation, **more
        )

    mesh, joints = read("forward_vertices"), lambda *args: read("forward_skeleton")(*args)[..., :3, 3]
    functions = {"mesh": mesh, "surface": read("forward_points", point_regressor=points), "joints": joints}
    return {name: _jax(function, None) for name, function in functions.items()}


def _jax(function: Callable, body: Any) -> tuple[Callable, Callable]:
    forward = jax.jit(function)
    backward = jax.jit(jax.grad(lambda *args: jnp.mean(jnp.square(function(*args))), argnums=(1, 2, 3)))
    return (lambda *args: np.asarray(forward(body, *args)), lambda *args: jax.block_until_ready(backward(body, *args)))


def smplx(file: pathlib.Path) -> Layer:
    """The reference implementation, torch eager. It has no way to parts of the mesh."""
    import smplx  # pyright: ignore[reportMissingImports]
    import torch  # pyright: ignore[reportMissingImports]

    (pickled := file.parent / "smpl" / "SMPL_NEUTRAL.pkl").parent.mkdir(exist_ok=True)
    pickled.write_bytes(pickle.dumps(dict(np.load(file))))
    model = smplx.create(str(file.parent), model_type="smpl")

    def forward(pose: Any, betas: Any, transl: Any) -> Any:
        return model(body_pose=pose[:, 1:].flatten(1), global_orient=pose[:, 0], betas=betas, transl=transl).vertices

    def value(*args: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return forward(*map(torch.from_numpy, args)).numpy()

    def gradient(*args: np.ndarray) -> list[np.ndarray]:
        forward(*(leaves := [torch.tensor(x, requires_grad=True) for x in args])).square().mean().backward()
        return [np.asarray(x.grad) for x in leaves]

    return {"mesh": (value, gradient)}
