"""Arrays of .npz and .npy files that strangers wrote: numbers and texts alone, and no more memory than a file is worth.

NumPy believes a header and allocates what it asks for; a zip archive of a few kilobytes may unpack to terabytes. Here
both are compared with what the file can hold before anything is read.
"""

import contextlib
import math
import pathlib
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO

import numpy as np

_LARGE = 2**28  # bytes; what unpacks to more than this and more than RATIO times its size is no honest file
_RATIO = 100
_Header = tuple[tuple[int, ...], bool, np.dtype]


class Unreadable(Exception):
    """A file of arrays that is damaged, hostile or of another kind. The message is one short line."""


def read_npz(
    path: pathlib.Path,
    names: Collection[str] | None = None,
    objects: Callable[[IO[bytes]], np.ndarray | None] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name.

    names: read only these, where they are there; None reads all.  objects: reads an entry that holds Python objects,
    None where they are none that it knows; without it such an entry is refused. Raises FileNotFoundError, and
    Unreadable for any other fault.
    """
    with _faults(), zipfile.ZipFile(path) as archive:
        members = {
            info.filename.removesuffix(".npy"): info for info in archive.infolist() if info.filename.endswith(".npy")
        }
        chosen = {name: info for name, info in members.items() if names is None or name in names}
        unpacked = sum(info.file_size for info in chosen.values())
        if unpacked > max(_LARGE, _RATIO * path.stat().st_size):
            raise Unreadable(f"it would unpack to {unpacked / 1e9:.1f} GB from {path.stat().st_size / 1e6:.1f} MB")
        return {name: _member(archive, info, name, objects) for name, info in chosen.items()}


def npz_names(path: pathlib.Path) -> frozenset[str]:
    """The names of an .npz file's arrays. Raises FileNotFoundError, and Unreadable for any other fault."""
    with _faults(), zipfile.ZipFile(path) as archive:
        return frozenset(name.removesuffix(".npy") for name in archive.namelist())


def read_npy(path: pathlib.Path) -> np.ndarray:
    """The array of an .npy file. Raises FileNotFoundError, and Unreadable for any other fault."""
    with _faults():
        with path.open("rb") as file:
            _check_header(npy_header(file), path.stat().st_size - file.tell(), path.stem)
        return np.load(path, allow_pickle=False)


def numbers(arrays: dict[str, np.ndarray], name: str, dtype: type[np.generic] = np.float64) -> np.ndarray:
    """An entry as finite or infinite numbers of a type. Raises Unreadable where it is missing or holds none."""
    if name not in arrays:
        raise Unreadable(f"`{name}` is missing")
    if arrays[name].dtype.kind not in "fiub":
        raise Unreadable(f"`{name}` holds no numbers but {arrays[name].dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        return arrays[name].astype(dtype)


def check_shapes(arrays: Mapping[str, np.ndarray], axes: Mapping[str, tuple[int | str, ...]]) -> None:
    """Raise Unreadable unless there is an array of each name in `axes` with these sizes, none of them zero. A letter
    stands for any one size, the same in all arrays."""
    sizes: dict[str, int] = {}
    for name, wanted in axes.items():
        if name not in arrays:
            raise Unreadable(f"`{name}` is missing")
        shape = arrays[name].shape
        fits = len(shape) == len(wanted) and all(
            size == (sizes.setdefault(axis, size) if isinstance(axis, str) else axis)
            for size, axis in zip(shape, wanted, strict=True)
        )
        if not fits or 0 in shape:
            expected = tuple(sizes.get(axis, axis) if isinstance(axis, str) else axis for axis in wanted)
            raise Unreadable(f"`{name}` has shape {shape}, expected {expected}")


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Raises Unreadable in place of what zipfile, zlib, lzma and NumPy report damage with, in two dozen ways."""
    try:
        yield
    except (Unreadable, FileNotFoundError):
        raise
    except Exception as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreadable(" ".join(words.split())[:120]) from error


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, objects: Callable[[IO[bytes]], np.ndarray | None] | None
) -> np.ndarray:
    with archive.open(info) as file:
        header = npy_header(file)
        if header[2].hasobject and objects is not None:
            with archive.open(info) as again:
                found = objects(again)
            if found is None:
                raise Unreadable(f"`{name}` holds Python objects")
            return found
        _check_header(header, info.file_size - file.tell(), name)
    with archive.open(info) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def npy_header(file: IO[bytes]) -> _Header:
    """Shape, whether in Fortran's order, and type of an .npy file, read up to where its data begin."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _check_header(header: _Header, size: int, name: str) -> None:
    """Raise Unreadable unless a header is of no objects and asks for the `size` bytes that follow it."""
    shape, _, dtype = header
    if dtype.hasobject:
        raise Unreadable(f"`{name}` holds Python objects")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size:
        raise Unreadable(f"`{name}` announces {dtype} {shape}, which {size} bytes are not")
