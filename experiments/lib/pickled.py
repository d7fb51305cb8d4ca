"""Files as joblib and torch write them, made without either."""

import io
import pathlib
import pickle
import sys
import types
import zipfile
import zlib
from typing import Any

import numpy as np


class NumpyArrayWrapper:
    """joblib's; only its name and state get into the file."""


NumpyArrayWrapper.__module__ = "joblib.numpy_pickle"


class _JoblibPickler(pickle._Pickler):
    """An array is pickled as a wrapper, after which its bytes follow, aligned to 16."""

    def __init__(self, file: io.BytesIO):
        super().__init__(file, protocol=4)
        self.stream = file

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            super().save(obj, save_persistent_id)  # pyrefly: ignore[missing-attribute]
            return
        wrapper = NumpyArrayWrapper()
        vars(wrapper).update(
            subclass=np.ndarray,
            shape=obj.shape,
            order="C",
            dtype=obj.dtype,
            allow_mmap=True,
            numpy_array_alignment_bytes=16,
        )
        super().save(wrapper, save_persistent_id)  # pyrefly: ignore[missing-attribute]
        self.framer.commit_frame(force=True)  # pyrefly: ignore[missing-attribute]
        padding = 16 - (self.stream.tell() + 1) % 16
        self.stream.write(bytes([padding]) + b"\xff" * padding + obj.tobytes())


def write_joblib(path: pathlib.Path, value: Any, *, compressed: bool = False) -> None:
    """As `joblib.dump(value, path, compress=compressed)`."""
    module = types.ModuleType("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper  # pyrefly: ignore[missing-attribute]
    stream = io.BytesIO()
    with _modules({"joblib": types.ModuleType("joblib"), "joblib.numpy_pickle": module}):
        _JoblibPickler(stream).dump(value)
    path.write_bytes(zlib.compress(stream.getvalue()) if compressed else stream.getvalue())


class _modules:
    """For a while there are modules of these names, as pickle looks up what it names."""

    def __init__(self, made: dict[str, types.ModuleType]):
        self.made = made

    def __enter__(self) -> None:
        sys.modules.update(self.made)

    def __exit__(self, *_: object) -> None:
        for name in self.made:
            del sys.modules[name]


def _torch() -> dict[str, types.ModuleType]:
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: Any) -> None:
        raise AssertionError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # pyrefly: ignore[missing-attribute]
    for name in ("FloatStorage", "DoubleStorage", "LongStorage", "BoolStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    return {"torch": torch, "torch._utils": utils}


_KINDS = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage", "bool": "BoolStorage"}


class _Storage:
    def __init__(self, array: np.ndarray):
        self.array = array


class _TorchPickler(pickle.Pickler):
    """Every array is a tensor: a call that rebuilds it from a storage outside the pickle."""

    def __init__(self, file: io.BytesIO, torch: dict[str, types.ModuleType]):
        super().__init__(file, protocol=2)
        self.torch, self.storages = torch, []

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is not np.ndarray:
            return NotImplemented
        array = np.ascontiguousarray(obj)
        stride = tuple(step // array.itemsize for step in array.strides)
        arguments = (_Storage(array), 0, array.shape, stride, False, {})
        return self.torch["torch._utils"]._rebuild_tensor_v2, arguments

    def persistent_id(self, obj: Any) -> Any:
        if not isinstance(obj, _Storage):
            return None
        self.storages.append(obj.array)
        kind = getattr(self.torch["torch"], _KINDS[obj.array.dtype.name])
        return "storage", kind, str(len(self.storages) - 1), "cpu", obj.array.size


def write_torch(path: pathlib.Path, value: Any, *, archive: bool = True) -> None:
    """As `torch.save(value, path)` of a dictionary of tensors; without `archive` as before version 1.6."""
    stream, torch = io.BytesIO(), _torch()
    with _modules(torch):
        pickler = _TorchPickler(stream, torch)
        pickler.dump(value)
    if archive:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(f"{path.stem}/data.pkl", stream.getvalue())
            file.writestr(f"{path.stem}/byteorder", "little")
            for number, array in enumerate(pickler.storages):
                file.writestr(f"{path.stem}/data/{number}", array.tobytes())
            file.writestr(f"{path.stem}/version", "3\n")
        return
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}]
    keys = [str(number) for number in range(len(pickler.storages))]
    parts = [*(pickle.dumps(x, 2) for x in head), stream.getvalue(), pickle.dumps(keys, 2)]
    parts += [array.size.to_bytes(8, "little") + array.tobytes() for array in pickler.storages]
    path.write_bytes(b"".join(parts))
