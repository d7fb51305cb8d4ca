"""Reads the files of the SMPL family: SMPL v1.0 and v1.1, SMPL-H, SMPL-X; male, female or neutral; .npz or .pkl."""

import pathlib
import zipfile

import numpy as np

from sm_jax.body import families
from sm_jax.body.pickles import Refused, read_object, read_pickle
from sm_jax.errors import UserError

_REQUIRED = ("v_template", "shapedirs", "J_regressor", "weights", "kintree_table", "f")
_KNOWN = ", ".join(f"{name} ({joints})" for joints, name in families.FAMILIES.items())


def read_body(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays of a body file in SMPL's 24-joint layout, float32 and faces int32.

    v_template [V, 3], shapedirs [V, 3, N] (all of the file's shape components), J_regressor [24, V], weights [V, 24],
    f [F, 3] and, where the file has them, posedirs [V, 3, 207]. How SMPL-H and SMPL-X come to 24 joints is told in
    `families`. Raises UserError for a damaged, hostile or foreign file.
    """
    arrays = _read_npz(path) if path.suffix == ".npz" else read_pickle(path)
    missing = [key for key in _REQUIRED if key not in arrays]
    if missing:
        raise UserError(f"Body file {path} lacks {', '.join(missing)}: a model of the SMPL family is needed.")
    checked = _checked({key: arrays[key] for key in (*_REQUIRED, "posedirs") if key in arrays}, path)
    return families.in_smpl_layout(checked)


def _read_npz(path: pathlib.Path) -> dict[str, np.ndarray]:
    """The wanted entries only: SMPL-X files hold Python objects in others."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = [key for key in (*_REQUIRED, "posedirs") if key in file.files]
            return {key: _read_entry(file, key, path) for key in found}
    except Refused as error:
        raise UserError(f"Body file {path} was refused: {error}. Use the original file.") from error
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError, AttributeError) as error:
        raise UserError(f"Body file {path} is damaged ({error}): get it again.".replace("\n", " ")) from error


def _read_entry(file: np.lib.npyio.NpzFile, key: str, path: pathlib.Path) -> np.ndarray:
    try:
        array = file[key]
    except ValueError as error:
        if "Object arrays" not in str(error):
            raise
        # Converters that save a pickle's content as it is leave scipy's sparse matrices as objects.
        with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as member:
            array = read_object(member)
    if array is None or array.dtype.kind not in "fiu":
        raise UserError(f"Body file {path}: {key} holds Python objects, not numbers: get it again.")
    return array


def _checked(arrays: dict[str, np.ndarray], path: pathlib.Path) -> dict[str, np.ndarray]:
    """The arrays as float32, faces as int32, after a check of shapes, the joint tree and the numbers."""
    V, F = ((*arrays[key].shape, 0)[0] for key in ("v_template", "f"))
    J, N = ((0, *arrays[key].shape)[-1] for key in ("weights", "shapedirs"))
    if J not in families.FAMILIES:
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
    name = families.FAMILIES[J]
    for key, array in arrays.items():
        if array.shape != expected[key]:
            raise UserError(f"Body file {path}: {key} has shape {array.shape}, {name}'s is {expected[key]}.")
        if not np.isfinite(array).all():
            raise UserError(f"Body file {path}: {key} holds numbers that are not finite: get it again.")
    table = arrays["kintree_table"].astype(np.int64)  # the root's parent is -1 or 4294967295
    if tuple(table[0, 1:]) != families.parents(J)[1:] or tuple(table[1]) != tuple(range(J)):
        raise UserError(f"Body file {path} has another joint tree than {name}, though as many joints.")
    if families.shape_components(J, N) is None:
        raise UserError(
            f"Body file {path}: of its {N} shapedirs it is not known which are body shape, which expression."
        )
    faces = arrays["f"].astype(np.int64)
    if F == 0 or faces.min() < 0 or faces.max() >= V:
        raise UserError(f"Body file {path}: faces do not index the {V} vertices: get it again.")
    if np.abs(arrays["weights"].sum(axis=1) - 1).max() > 0.01:
        raise UserError(f"Body file {path}: skinning weights do not sum to one: get it again.")
    return {key: array.astype(np.float32) for key, array in arrays.items()} | {"f": faces.astype(np.int32)}
