"""Loads a body: the packaged open bodies by name, licensed files of the SMPL family by path."""

import pathlib

import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton, skinning
from sm_jax.body.capsule_fit import fit_capsules
from sm_jax.body.distance_fit import fit_distance_field
from sm_jax.body.files import read_body
from sm_jax.body.landmarks import VERTEX_KEYPOINTS, keypoint_vertices
from sm_jax.body.smpl import Body, CapsuleModel, DistanceField
from sm_jax.body.surface import surface_points, vertex_regions
from sm_jax.errors import UserError

PACKAGED = {"open-low": "open_low.npz", "open-full": "open_full.npz"}
_DATA = pathlib.Path(__file__).parent / "data"


def load_body(path_or_name: str | pathlib.Path = "open-low", betas: int = 10) -> Body:
    """Body model by packaged name (`open-low`, `open-full`) or from an SMPL, SMPL-H or SMPL-X file (.npz, .pkl).

    Any gender and version; SMPL-H and SMPL-X come as their bodies with flat hands and a neutral face (see `families`).
    betas: how many shape components to keep. A file with fewer gives all it has: `shapedirs.shape[-1]` of the result
    is the number. A file without `posedirs` has no pose blend shapes.
    Raises UserError for a missing, damaged, hostile or foreign file.
    """
    if betas < 1:
        raise UserError(f"A body needs at least one shape component, not {betas}: the usual number is 10.")
    name = str(path_or_name)
    path = _DATA / PACKAGED[name] if name in PACKAGED else pathlib.Path(path_or_name).expanduser()
    if not path.is_file():
        known = ", ".join(PACKAGED)
        raise UserError(f"Body '{name}' not found: give the path of an SMPL .npz or .pkl file, or one of {known}.")
    arrays = read_body(path)
    arrays["shapedirs"] = arrays["shapedirs"][..., :betas]
    return _build(path.stem if name not in PACKAGED else name, arrays)


def _build(name: str, arrays: dict[str, np.ndarray]) -> Body:
    template, shapedirs, weights = arrays["v_template"], arrays["shapedirs"], arrays["weights"]
    joint_template = arrays["J_regressor"] @ template
    joint_shapedirs = np.einsum("jv,vck->jck", arrays["J_regressor"], shapedirs)
    keypoint_template = joint_template[list(skeleton.KEYPOINT_JOINTS)]
    keypoint_shapedirs = joint_shapedirs[list(skeleton.KEYPOINT_JOINTS)]
    at_vertex = [skeleton.KEYPOINTS.index(key) for key in VERTEX_KEYPOINTS]
    vertex = keypoint_vertices(template, weights)
    keypoint_template[at_vertex], keypoint_shapedirs[at_vertex] = template[vertex], shapedirs[vertex]
    posedirs = arrays.get("posedirs", np.zeros((*template.shape, 0), np.float32))
    skin = template, shapedirs, posedirs, weights
    region = vertex_regions(template, weights, joint_template)
    surface = surface_points(template, region)
    fitted = fit_capsules(template, shapedirs, weights)
    field = fit_distance_field(template, shapedirs, weights, arrays["f"])
    return Body(
        name=name,
        v_template=jnp.asarray(template),
        shapedirs=jnp.asarray(shapedirs),
        weights=jnp.asarray(weights),
        faces=jnp.asarray(arrays["f"]),
        joint_template=jnp.asarray(joint_template),
        joint_shapedirs=jnp.asarray(joint_shapedirs),
        keypoint_template=jnp.asarray(keypoint_template),
        keypoint_shapedirs=jnp.asarray(keypoint_shapedirs),
        surface_index=jnp.asarray(surface),
        surface_region=jnp.asarray(region[surface]),
        mesh=skinning.prepare(*skin),
        surface=skinning.prepare(*(x[surface] for x in skin)),
        capsules=CapsuleModel(**{key: jnp.asarray(value) for key, value in fitted.items()}),
        distance_field=DistanceField(**{key: jnp.asarray(value) for key, value in field.items()}),
    )
