"""Reads licensed SMPL pickles without chumpy and without trusting them: only arrays may come out.

Classes outside the allow-list are refused by name. chumpy's and scipy's objects become inert records of their state,
from which the array is taken; no code of theirs runs.
"""

import _codecs
import pathlib
import pickle
from typing import Any

import numpy as np
import scipy.sparse

from sm_jax.errors import UserError


class _Refused(Exception):
    """The pickle asks for a class that is not on the list."""


class _Record:
    """Stands for an object of another package: keeps the pickled state, does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}


class _Sparse(_Record):
    """A scipy sparse matrix in compressed columns or rows."""


class _Chumpy(_Record):
    """A chumpy array; its values are under `x`."""


# The functions with which Python and NumPy pickle their own objects, under the names old and new versions write.
_PLAIN = object().__reduce_ex__(0)[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _codecs.encode,
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("copy_reg", "_reconstructor"): _PLAIN,
    ("copyreg", "_reconstructor"): _PLAIN,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = np.empty(0).__reduce__()[0]
    _ALLOWED[f"{_core}.multiarray", "scalar"] = np.float64(0).__reduce__()[0]
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = np.empty(0).__reduce_ex__(5)[0]


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) in _ALLOWED:
            return _ALLOWED[module_name, global_name]
        if module_name.split(".")[0] == "chumpy":
            return _Chumpy
        if module_name.startswith("scipy.sparse") and global_name in ("csc_matrix", "csr_matrix"):
            return type(global_name, (_Sparse,), {})
        raise _Refused(f"it wants to load {module_name}.{global_name}")


def read_pickle(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Named arrays of an SMPL .pkl file (also one written by Python 2 with chumpy).

    Raises UserError for a truncated file, one that is no SMPL file, or one that asks for any other class.
    """
    try:
        with path.open("rb") as file:
            content = _ArrayUnpickler(file, encoding="latin1").load()
    except _Refused as error:
        raise UserError(f"Body file {path} was refused: {error}. Use the original SMPL .pkl or .npz.") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"Body file {path} is damaged ({type(error).__name__}): get it again.") from error
    if not isinstance(content, dict):
        raise UserError(f"Body file {path} is no SMPL model: it holds a {type(content).__name__}, not named arrays.")
    arrays = {str(key): _array(value) for key, value in content.items()}
    return {key: value for key, value in arrays.items() if value is not None}


def _array(value: Any) -> np.ndarray | None:
    """The numbers of an entry, or None where it has none."""
    if isinstance(value, _Sparse):
        state = value.state
        make = getattr(scipy.sparse, type(value).__name__)
        return make((state["data"], state["indices"], state["indptr"]), shape=state["_shape"]).toarray()
    if isinstance(value, _Chumpy):
        value = value.state.get("x")
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value
    return None
