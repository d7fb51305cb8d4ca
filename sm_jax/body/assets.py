"""Loads a body: the packaged open bodies by name, licensed SMPL files by path."""

import pathlib
import zipfile

import jax.numpy as jnp
import numpy as np

from sm_jax.body import skeleton
from sm_jax.body.capsule_fit import fit_capsules
from sm_jax.body.landmarks import VERTEX_KEYPOINTS, keypoint_vertices
from sm_jax.body.pickles import read_pickle
from sm_jax.body.smpl import Body, CapsuleModel
from sm_jax.body.surface import surface_points, vertex_regions
from sm_jax.errors import UserError

PACKAGED = {"open-low": "open_low.npz", "open-full": "open_full.npz"}
_DATA = pathlib.Path(__file__).parent / "data"
_REQUIRED = ("v_template", "shapedirs", "J_regressor", "weights", "kintree_table", "f")


def load_body(path_or_name: str | pathlib.Path = "open-low", betas: int = 10) -> Body:
    """Body model by packaged name (`open-low`, `open-full`) or from an SMPL .npz or .pkl file.

    betas: how many shape components to keep, at most. A file without `posedirs` has no pose blend shapes.
    Raises UserError for a missing, damaged or foreign file.
    """
    name = str(path_or_name)
    path = _DATA / PACKAGED[name] if name in PACKAGED else pathlib.Path(path_or_name).expanduser()
    if not path.is_file():
        known = ", ".join(PACKAGED)
        raise UserError(f"Body '{name}' not found: give the path of an SMPL .npz or .pkl file, or one of {known}.")
    arrays = _read_npz(path) if path.suffix == ".npz" else read_pickle(path)
    arrays = _checked(arrays, path)
    arrays["shapedirs"] = arrays["shapedirs"][..., :betas]
    return _build(path.stem if name not in PACKAGED else name, arrays)


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise UserError(f"Body file {path} is damaged or holds Python objects ({error}): get it again.") from error


def _checked(arrays: dict[str, np.ndarray], path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays as float32, faces as int32, after a check of names, shapes and the joint tree."""
    missing = [key for key in _REQUIRED if key not in arrays]
    if missing:
        raise UserError(f"Body file {path} lacks {', '.join(missing)}: an SMPL file with 24 joints is needed.")
    V = len(arrays["v_template"])
    expected: dict[str, tuple[int, ...]] = {"v_template": (V, 3), "J_regressor": (24, V), "weights": (V, 24)}
    if "posedirs" in arrays:
        expected["posedirs"] = (V, 3, 207)
    for key, shape in expected.items():
        if arrays[key].shape != shape:
            raise UserError(f"Body file {path}: {key} has shape {arrays[key].shape}, SMPL's is {shape}.")
    if arrays["shapedirs"].ndim != 3 or arrays["shapedirs"].shape[:2] != (V, 3):
        raise UserError(
            f"Body file {path}: shapedirs has shape {arrays['shapedirs'].shape}, SMPL's is {(V, 3)} + (N,)."
        )
    if tuple(np.asarray(arrays["kintree_table"])[0][1:].astype(np.int64)) != skeleton.PARENTS[1:]:
        raise UserError(f"Body file {path} has another joint tree than SMPL: SMPL-H and SMPL-X files cannot be used.")
    checked = {key: np.asarray(arrays[key], np.float32) for key in arrays if arrays[key].dtype.kind in "fiu"}
    if not all(np.isfinite(checked[key]).all() for key in expected):
        raise UserError(f"Body file {path} holds numbers that are not finite: get it again.")
    return checked | {"f": np.asarray(arrays["f"]).astype(np.int32)}


def _build(name: str, arrays: dict[str, np.ndarray]) -> Body:
    template, shapedirs, weights = arrays["v_template"], arrays["shapedirs"], arrays["weights"]
    joint_template = arrays["J_regressor"] @ template
    joint_shapedirs = np.einsum("jv,vck->jck", arrays["J_regressor"], shapedirs)
    keypoint_template = joint_template[list(skeleton.KEYPOINT_JOINTS)]
    keypoint_shapedirs = joint_shapedirs[list(skeleton.KEYPOINT_JOINTS)]
    at_vertex = [skeleton.KEYPOINTS.index(key) for key in VERTEX_KEYPOINTS]
    vertex = keypoint_vertices(template, weights)
    keypoint_template[at_vertex], keypoint_shapedirs[at_vertex] = template[vertex], shapedirs[vertex]
    region = vertex_regions(template, weights, joint_template)
    surface = surface_points(template, region)
    fitted = fit_capsules(template, shapedirs, weights)
    return Body(
        name=name,
        v_template=jnp.asarray(template),
        shapedirs=jnp.asarray(shapedirs),
        posedirs=jnp.asarray(arrays["posedirs"]) if "posedirs" in arrays else None,
        weights=jnp.asarray(weights),
        faces=jnp.asarray(arrays["f"]),
        joint_template=jnp.asarray(joint_template),
        joint_shapedirs=jnp.asarray(joint_shapedirs),
        keypoint_template=jnp.asarray(keypoint_template),
        keypoint_shapedirs=jnp.asarray(keypoint_shapedirs),
        surface_index=jnp.asarray(surface),
        surface_region=jnp.asarray(region[surface]),
        capsules=CapsuleModel(**{key: jnp.asarray(value) for key, value in fitted.items()}),
    )
