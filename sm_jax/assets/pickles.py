"""Objects of pickled files that strangers wrote: numbers, texts and containers of these, and nothing is executed.

Reads pickles, those of joblib (arrays beside the stream, compressed or not), and files of `torch.save`, new (a zip
archive) and old (a chain of pickles), without either package. Tensors become arrays. What a file may name is a list;
anything else is refused by name before it is looked up.

Layouts: joblib `numpy_pickle.NumpyArrayWrapper`; torch `serialization` and `_utils._rebuild_tensor_v2`.
"""

import _codecs
import bz2
import gzip
import io
import lzma
import math
import pathlib
import pickle
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any, ClassVar

import ml_dtypes
import numpy as np

from sm_jax.assets.arrays import Unreadable, npy_header, read_npz

_LARGE, _RATIO = 2**30, 100  # bytes; what unpacks to more than both this and RATIO times its size is no honest file
_MOST = 2**28  # numbers in one tensor, which may repeat those of its storage


class Refused(Unreadable):
    """The file asks for a class or function that is not on the list."""


class _Dict(dict[Any, Any]):
    """Stands for every kind of dictionary; attributes that a pickle sets on it mean nothing."""


class _NdArray:
    """Stands for numpy.ndarray where a pickle only names the class."""


class _ArrayWrapper:
    """What joblib pickles in place of an array whose bytes follow in the file."""


class _StorageType:
    """A class of torch's storages. dtype: of its numbers."""

    def __init__(self, dtype: Any):
        self.dtype = np.dtype(dtype)


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """Bytes, as protocol 2 puts them."""
    if encoding not in ("latin1", "latin-1"):
        raise Refused(f"it wants to encode as {encoding[:20]!r}")
    return _codecs.encode(text, encoding)


def _tensor(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> np.ndarray:
    """A tensor's numbers [size], which lie in its storage at an offset with strides, all counted in numbers."""
    size, stride = tuple(int(n) for n in size), tuple(int(n) for n in stride)
    if min((offset, *size, *stride)) < 0 or len(size) != len(stride) or math.prod(size) > _MOST:
        raise ValueError(f"a tensor of size {size}")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 in size:
        return np.zeros(size, storage.dtype)
    if last >= len(storage):
        raise ValueError(f"a tensor of size {size} in a storage of {len(storage)}")
    bytes_apart = tuple(step * storage.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, bytes_apart)


def _array_to_fill(*_: Any) -> np.ndarray:
    """What NumPy makes before it restores an array's state, which brings shape and numbers."""
    return np.empty(0, np.int8)


# The functions and classes with which Python and NumPy pickle plain data, under the names old and new versions write.
PLAIN: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _encode,
    ("numpy", "ndarray"): _NdArray,
    ("numpy", "dtype"): np.dtype,
}
for _module in ("__builtin__", "builtins"):
    PLAIN |= {(_module, kind.__name__): kind for kind in (set, frozenset, list, tuple)}
    PLAIN[_module, "dict"] = _Dict
for _core in ("numpy.core", "numpy._core"):
    PLAIN[f"{_core}.multiarray", "_reconstruct"] = _array_to_fill
    PLAIN[f"{_core}.multiarray", "scalar"] = np.float64(0).__reduce__()[0]
    PLAIN[f"{_core}.numeric", "_frombuffer"] = np.empty(0).__reduce_ex__(5)[0]

_STORAGES = {
    "Float": np.float32, "Double": np.float64, "Half": np.float16, "BFloat16": ml_dtypes.bfloat16, "Long": np.int64,
    "Int": np.int32, "Short": np.int16, "Char": np.int8, "Byte": np.uint8, "Bool": np.bool_,
}  # fmt: skip
_ALLOWED = {
    **PLAIN,
    ("collections", "OrderedDict"): _Dict,
    ("collections", "defaultdict"): lambda *_: _Dict(),
    ("pathlib", "PosixPath"): lambda *parts: "/".join(map(str, parts)),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"): _ArrayWrapper,
    ("torch", "Size"): tuple,
    ("torch", "device"): lambda *_: None,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
    ("torch.storage", "_load_from_bytes"): lambda data: _read_chain(io.BytesIO(data), len(data)),
    **{("torch", f"{name}Storage"): _StorageType(dtype) for name, dtype in _STORAGES.items()},
}
_BOUGHT = frozenset({pickle.BYTEARRAY8[0], pickle.NEXT_BUFFER[0], pickle.READONLY_BUFFER[0]})


class _Unpickler(pickle._Unpickler):  # the one in Python: it makes room for nothing before it has read it
    dispatch: ClassVar = {code: act for code, act in pickle._Unpickler.dispatch.items() if code not in _BOUGHT}

    def __init__(self, file: IO[bytes], storage: Callable[[_StorageType, str, int], np.ndarray] | None = None):
        super().__init__(file, encoding="latin1")
        self._stream, self._storage = file, storage

    def find_class(self, module: str, name: str, /) -> Any:  # pyrefly: ignore[bad-override]
        if (module, name) not in _ALLOWED:
            raise Refused(f"it wants to load {module}.{name}"[:120])
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> np.ndarray:
        """The numbers of a tensor's storage. pid: ("storage", type, key, device, how many, …)."""
        if self._storage is None or pid[0] != "storage" or not isinstance(pid[1], _StorageType):
            raise Refused("it points to objects outside itself")
        return self._storage(pid[1], str(pid[2]), int(pid[4]))

    def load_build(self) -> None:
        super().load_build()  # pyrefly: ignore[missing-attribute]
        if isinstance(self.stack[-1], _ArrayWrapper):  # pyrefly: ignore[missing-attribute]
            self.stack[-1] = self._array_beside(vars(self.stack[-1]))  # pyrefly: ignore[missing-attribute]

    dispatch[pickle.BUILD[0]] = load_build  # pyrefly: ignore[unsupported-operation]

    def _array_beside(self, state: dict[str, Any]) -> Any:
        """An array that joblib put into the file after its wrapper."""
        dtype, shape = state["dtype"], tuple(int(n) for n in state["shape"])
        if dtype.hasobject:
            return _Unpickler(self._stream).load()
        if state.get("numpy_array_alignment_bytes") is not None:
            self._stream.read(self._stream.read(1)[0])
        data = self._stream.read(dtype.itemsize * math.prod(shape))
        return np.frombuffer(data, dtype).reshape(shape, order="F" if state["order"] == "F" else "C")


def read_pickled(path: pathlib.Path) -> Any:
    """What a file of pickle, joblib, torch, or of `np.save` and `np.savez` with objects in it, holds.

    Dictionaries, lists, numbers, texts and arrays; an archive of arrays is a dictionary. Raises FileNotFoundError,
    Refused for a file that asks for anything else, Unreadable for any other fault.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(6)
        if begin.startswith(b"PK"):
            with zipfile.ZipFile(path) as archive:
                if any(name.endswith("data.pkl") for name in archive.namelist()):
                    return _read_archive(archive, path.stat().st_size)
            arrays = read_npz(path, objects=_object_in)
            return {name: x.item() if x.dtype.hasobject and x.ndim == 0 else x for name, x in arrays.items()}
        if begin == b"\x93NUMPY":
            with path.open("rb") as file:
                found = _object_in(file)
            return found.item() if found.ndim == 0 else found
        data = _unpacked(path.read_bytes())
        if data.startswith(_CHAIN):
            return _read_chain(io.BytesIO(data), len(data))
        return _Unpickler(io.BytesIO(data)).load()
    except (Unreadable, FileNotFoundError):
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise Unreadable(f"damaged, {type(error).__name__}: {' '.join(str(error).split())[:80]}") from error


def _unpacked(data: bytes) -> bytes:
    """The bytes that a compressor of joblib's has packed; others as they are."""
    most = max(_LARGE, _RATIO * len(data))
    if data[:1] == b"\x78":
        found = zlib.decompressobj().decompress(data, most + 1)
    else:
        openers = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open, b"\x5d\x00": lzma.open}
        opener = openers.get(data[:2])
        if opener is None:
            return data
        with opener(io.BytesIO(data)) as file:
            found = file.read(most + 1)
    if len(found) > most:
        raise Unreadable(f"it would unpack to more than {most / 1e9:.1f} GB")
    return found


def _object_in(file: IO[bytes]) -> np.ndarray:
    """The array of an .npy file, of objects or of numbers."""
    shape, order, dtype = npy_header(file)
    if dtype.hasobject:
        return _Unpickler(io.BytesIO(file.read())).load()
    data = file.read()
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise Unreadable(f"it announces {dtype} {shape}, which {len(data)} bytes are not")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if order else "C")


def _read_archive(archive: zipfile.ZipFile, size: int) -> Any:
    """What `torch.save` put into a zip archive."""
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > max(_LARGE, _RATIO * size):
        raise Unreadable(f"it would unpack to {unpacked / 1e9:.1f} GB from {size / 1e6:.1f} MB")
    root = next(name for name in archive.namelist() if name.endswith("data.pkl")).removesuffix("data.pkl")
    order = (
        "<" if f"{root}byteorder" not in archive.namelist() or archive.read(f"{root}byteorder") == b"little" else ">"
    )

    def storage(kind: _StorageType, key: str, count: int) -> np.ndarray:
        dtype = kind.dtype if kind.dtype.kind == "V" else kind.dtype.newbyteorder(order)
        return np.frombuffer(archive.read(f"{root}data/{key}"), dtype, count)

    return _Unpickler(io.BytesIO(archive.read(f"{root}data.pkl")), storage).load()


_CHAIN = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the pickled number that torch's old files begin with


def _read_chain(file: IO[bytes], size: int) -> Any:
    """What `torch.save` wrote before it used archives: a number, a version, the system, the object, the storages."""
    storages: dict[str, np.ndarray] = {}

    def storage(kind: _StorageType, key: str, count: int) -> np.ndarray:
        if not 0 <= count * kind.dtype.itemsize <= size:
            raise ValueError(f"a storage of {count}")
        return storages.setdefault(key, np.zeros(count, kind.dtype))

    for _ in range(3):
        _Unpickler(file).load()
    found = _Unpickler(file, storage).load()
    for key in _Unpickler(file).load():
        count = int.from_bytes(file.read(8), "little")
        numbers = storages[str(key)]
        if count != len(numbers):
            raise ValueError(f"a storage of {count}, announced as {len(numbers)}")
        numbers[:] = np.frombuffer(file.read(numbers.nbytes), numbers.dtype)
    return found
