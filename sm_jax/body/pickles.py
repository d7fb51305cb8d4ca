"""Reads licensed SMPL pickles without chumpy and without trusting them: only arrays may come out.

Classes outside the allow-list are refused by name. chumpy's and scipy's objects become inert records of their state,
from which the array is taken; no code of chumpy runs, and scipy gets a matrix only after its indices are checked.
"""

import io
import pathlib
import pickle
import pickletools
from typing import IO, Any

import numpy as np
import scipy.sparse

from sm_jax.assets.pickles import PLAIN, Refused
from sm_jax.errors import UserError


class _Record:
    """Stands for an object of another package: keeps the pickled state, does nothing."""

    state: dict[str, Any]

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}


class _Sparse(_Record):
    """A scipy sparse matrix in compressed columns or rows."""


class _Chumpy(_Record):
    """A chumpy array: values (`Ch`), or what is left of an expression over another one."""


# In the state of every chumpy array, beside plain data.
_RECONSTRUCT = object().__reduce_ex__(0)[0]
_ALLOWED = {
    **PLAIN,
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("copy_reg", "_reconstructor"): _RECONSTRUCT,
    ("copyreg", "_reconstructor"): _RECONSTRUCT,
}
_SPARSE = ("csc_matrix", "csr_matrix", "csc_array", "csr_array")
_MOST = 2**28  # entries of a sparse matrix when written out; SMPL-X's regressor has 576,125


_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) in _ALLOWED:
            return _ALLOWED[module_name, global_name]
        if module_name.split(".")[0] == "chumpy":
            return type(global_name, (_Chumpy,), {})
        if module_name.startswith("scipy.sparse") and global_name in _SPARSE:
            return type(global_name, (_Sparse,), {})
        raise Refused(f"it wants to load {module_name}.{global_name}")


def _load(file: IO[bytes], size: int) -> Any:
    """What a pickle of `size` bytes holds. Raises what unpickling does, and ValueError where it asks for more memory
    than its size accounts for: pickle makes room for whatever number a `put` names."""
    begin = file.tell()
    for operation, argument, _ in pickletools.genops(file):
        if operation.name in _PUTS and not 0 <= int(argument or 0) <= size:
            raise ValueError(f"{operation.name} {argument}")
    file.seek(begin)
    return _ArrayUnpickler(file, encoding="latin1").load()


def read_pickle(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Named arrays of an SMPL .pkl file (also one written by Python 2 with chumpy).

    Raises UserError for a truncated file, one that is no SMPL file, or one that asks for any other class.
    """
    try:
        with path.open("rb") as file:
            content = _load(file, path.stat().st_size)
        found = {str(key): _array(value) for key, value in content.items()} if isinstance(content, dict) else None
    except Refused as error:
        raise UserError(f"Body file {path} was refused: {error}. Use the original SMPL .pkl or .npz.") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise UserError(f"Body file {path} is damaged ({type(error).__name__}): get it again.") from error
    if found is None:
        raise UserError(f"Body file {path} is no SMPL model: it holds a {type(content).__name__}, not named arrays.")
    return {key: value for key, value in found.items() if value is not None}


def read_object(file: IO[bytes]) -> np.ndarray | None:
    """The numbers of an .npy file that holds one Python object, under the same rules; None where it has none.

    Raises Refused for a class that is not on the list, ValueError for a damaged file.
    """
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, _ = header(file)
    try:
        data = file.read()
        content = _load(io.BytesIO(data), len(data))
        return _array(content.item()) if shape == () and isinstance(content, np.ndarray) else None
    except Refused:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise ValueError(f"unreadable object: {type(error).__name__}") from error


def _array(value: Any) -> np.ndarray | None:
    """The numbers of an entry, or None where it has none."""
    if isinstance(value, _Sparse):
        return _dense(value)
    if isinstance(value, _Chumpy):
        return _evaluated(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return value
    return None


def _dense(matrix: _Sparse) -> np.ndarray:
    state = matrix.state
    rows, columns = (int(size) for size in state["_shape"])
    if not 0 <= rows * columns <= _MOST:
        raise ValueError("a sparse matrix of absurd size")
    made = getattr(scipy.sparse, type(matrix).__name__)(
        (state["data"], state["indices"], state["indptr"]), shape=(rows, columns)
    )
    made.check_format(full_check=True)  # without it an index outside the matrix writes outside its memory
    return made.toarray()


def _evaluated(value: _Chumpy) -> np.ndarray | None:
    """What chumpy would compute, for the expressions that SMPL files hold."""
    state, kind = value.state, type(value).__name__
    if kind == "Ch":
        return _array(state.get("x"))
    inner = _array(state.get("a"))
    if inner is None:
        return None
    if kind == "Select":  # a slice, by indices into the flattened array
        chosen = inner.ravel()[state["idxs"]]
        return chosen.reshape(state["preferred_shape"]) if "preferred_shape" in state else chosen
    return inner.reshape(state["newshape"]) if kind == "Reshape" else None
