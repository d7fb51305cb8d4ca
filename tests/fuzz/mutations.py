"""What happens to files: cut, flipped, spliced, with numbers that lie, of another kind, or written to do harm.

Everything follows from the random generator that is given.
"""

import io
import json
import pathlib
import pickle
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np

_NUMBERS = (0, -1, 1, 2, 127, 255, 2**15, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1)
_WORDS = ("nan", "inf", "-inf", "0", "-0", "-1", "1e308", "-1e308", "1e-320", "99999999999999999999", "1e9", "0x10", "",
          "#", "abc", "ä", "\0", "\u2028", "１", "1_0", "1,5", "%s", "../..", "-")  # fmt: skip


# Any bytes.


def mutate_bytes(content: bytes, chance: Random) -> bytes:
    """One to three changes that know nothing of the format."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        content = chance.choice(_BYTE_CHANGES)(content, chance)
    return content


def _truncate(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _behead(content: bytes, chance: Random) -> bytes:
    return content[chance.randrange(min(len(content), 64) + 1) :]


def _flip(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 4, 32)) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _flip_header(content: bytes, chance: Random) -> bytes:
    return _flip(content[:256], chance) + content[256:]


def _span(content: bytes, chance: Random) -> tuple[int, int]:
    begin = chance.randrange(len(content) + 1)
    return begin, min(len(content), begin + chance.choice((1, 8, 100, 1000)))


def _replace(content: bytes, chance: Random) -> bytes:
    begin, end = _span(content, chance)
    fill = chance.choice((b"\0" * (end - begin), b"\xff" * (end - begin), chance.randbytes(end - begin)))
    return content[:begin] + fill + content[end:]


def _remove(content: bytes, chance: Random) -> bytes:
    begin, end = _span(content, chance)
    return content[:begin] + content[end:]


def _duplicate(content: bytes, chance: Random) -> bytes:
    begin, end = _span(content, chance)
    return content[:end] + content[begin:end] * chance.choice((1, 1, 50)) + content[end:]


def _number(content: bytes, chance: Random) -> bytes:
    """A binary number, mostly in the header, that is huge, negative or zero."""
    kind = chance.choice(("<H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(kind)
    value = struct.pack(kind, chance.choice(_NUMBERS) % 256**size)
    begin = chance.randrange(max(1, min(len(content), chance.choice((64, 512, 10**9))) - size + 1))
    return content[:begin] + value + content[begin + size :]


def _undecodable(content: bytes, chance: Random) -> bytes:
    begin = chance.randrange(len(content) + 1)
    return content[:begin] + chance.choice((b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\0")) + content[begin:]


def _double(content: bytes, chance: Random) -> bytes:
    return content + content


_BYTE_CHANGES = (_truncate, _behead, _flip, _flip, _flip_header, _replace, _remove, _duplicate, _number, _number,
                 _undecodable, _double)  # fmt: skip


# Text.


def mutate_text(content: bytes, chance: Random) -> bytes:
    """Changes of words and lines; the bytes themselves in every fourth case."""
    if chance.random() < 0.25:
        return mutate_bytes(content, chance)
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(chance.choice((1, 1, 2, 4))):
        text = chance.choice(_TEXT_CHANGES)(text, chance)
    return text.encode("utf-8", "surrogateescape")


def _word(text: str, chance: Random) -> str:
    words = list(re.finditer(r"[^\s{}\[\],:\"]+", text))
    if not words:
        return text
    found = chance.choice(words)
    return text[: found.start()] + chance.choice(_WORDS) + text[found.end() :]


def _digits(text: str, chance: Random) -> str:
    numbers = list(re.finditer(r"-?\d+(\.\d+)?", text))
    if not numbers:
        return text
    found = chance.choice(numbers)
    return text[: found.start()] + chance.choice(_WORDS) + text[found.end() :]


def _other_word(text: str, chance: Random) -> str:
    words = list(re.finditer(r"\S+", text))
    if not words:
        return text
    found, other = chance.choice(words), chance.choice(words)
    return text[: found.start()] + other.group() + text[found.end() :]


def _lines(change: Callable[[list[str], Random], list[str]]) -> Callable[[str, Random], str]:
    return lambda text, chance: "".join(change(text.splitlines(keepends=True) or [""], chance))


def _drop(lines: list[str], chance: Random) -> list[str]:
    begin = chance.randrange(len(lines))
    return lines[:begin] + lines[begin + chance.choice((1, 1, 5)) :]


def _repeat(lines: list[str], chance: Random) -> list[str]:
    begin = chance.randrange(len(lines))
    return lines[: begin + 1] + lines[begin : begin + 1] * chance.choice((1, 3, 300)) + lines[begin + 1 :]


def _swap(lines: list[str], chance: Random) -> list[str]:
    a, b = (chance.randrange(len(lines)) for _ in range(2))
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def _halve(lines: list[str], chance: Random) -> list[str]:
    at = chance.randrange(len(lines))
    return [*lines[:at], lines[at][: len(lines[at]) // 2]]


def _nest(text: str, chance: Random) -> str:
    at = chance.randrange(len(text) + 1)
    opening = chance.choice(("{", "[", '{"a":', "(", "JOINT a\n{\n", "begin\n"))
    return text[:at] + opening * chance.choice((3, 20_000)) + text[at:]


_TEXT_CHANGES = (_word, _word, _digits, _digits, _digits, _other_word, _lines(_drop), _lines(_drop), _lines(_repeat),
                 _lines(_swap), _lines(_halve), _nest)  # fmt: skip


# JSON.

_VALUES = (None, True, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", "x" * 10_000, "\ud800", [], {}, [[]], [None],
           {"a": 1}, "nan", 10**400, [1] * 5000)  # fmt: skip


def mutate_json(content: bytes, chance: Random) -> bytes:
    """Values, names and nesting that nobody expects; the text itself in every third case."""
    if chance.random() < 1 / 3:
        return mutate_text(content, chance)
    try:
        value = json.loads(content)
    except ValueError:
        return mutate_bytes(content, chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        value = _json(value, chance)
    text = json.dumps(value)
    if chance.random() < 0.05:
        text = text.replace("null", "[" * 20_000 + "]" * 20_000)
    return text.encode("utf-8", "surrogatepass")


def _json(value: Any, chance: Random) -> Any:
    if chance.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return chance.choice(_VALUES)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = chance.choice(list(keys))
    changed = dict(value) if isinstance(value, dict) else list(value)
    if chance.random() < 0.15:
        del changed[key]
    elif chance.random() < 0.1 and isinstance(changed, dict):
        changed["x" * chance.choice((1, 3000))] = changed[key]
    else:
        changed[key] = _json(value[key], chance)
    return changed


# Arrays.


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """An .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def mutate_npz(content: bytes, chance: Random) -> bytes:
    """Arrays of wrong types, shapes and values, lying headers and archives; the bytes in every fourth case."""
    if chance.random() < 0.25:
        return mutate_bytes(content, chance)
    with np.load(io.BytesIO(content), allow_pickle=True) as file:
        arrays = {name: file[name] for name in file.files}
    if chance.random() < 0.25:
        return chance.choice(_ARCHIVES)(arrays, chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if not arrays:
            break
        name = chance.choice(sorted(arrays))
        if chance.random() < 0.15:
            del arrays[name]
        else:
            with np.errstate(all="ignore"):
                arrays[name] = chance.choice(_ARRAY_CHANGES)(arrays[name], chance)
    return npz_bytes(arrays)


def _value(array: np.ndarray, chance: Random) -> np.ndarray:
    if array.dtype.kind not in "fiu" or not array.size:
        return array
    changed = np.array(array, np.float64 if chance.random() < 0.5 or array.dtype.kind == "f" else array.dtype)
    value = chance.choice((np.nan, np.inf, -np.inf, 0, -1, 1e30, -1e30, 1e300, 1e-30, 2**40, 7, 1e5))
    if changed.dtype.kind != "f":
        value = 0 if not np.isfinite(value) else int(np.clip(value, *_limits(changed.dtype)))
    if chance.random() < 0.5:
        changed[...] = value
    else:
        changed.reshape(-1)[chance.randrange(changed.size)] = value
    return changed


def _limits(dtype: np.dtype) -> tuple[int, int]:
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max) // 2


def _type(array: np.ndarray, chance: Random) -> np.ndarray:
    kind = chance.choice(("U", "S", "O", "complex128", "bool", "uint8", "int16", "float16", "M8[s]", "V8", "structure"))
    if kind == "structure":
        return np.zeros(array.shape, [("a", np.float32), ("b", np.int8)])
    if kind in ("M8[s]", "V8"):
        return np.zeros(array.shape, kind)
    try:
        return array.astype(kind)
    except (ValueError, TypeError):
        return np.zeros(array.shape, "U3")


def _shape(array: np.ndarray, chance: Random) -> np.ndarray:
    change = chance.randrange(8)
    if change == 0 or array.ndim == 0:
        return array[None]
    if change == 1:
        return array.reshape(-1)
    if change == 2:
        return array[0]
    if change == 3:
        return array[..., :0]
    if change == 4:
        return array[:-1] if chance.random() < 0.5 else array[..., :-1]
    if change == 5:
        return np.concatenate([array, array], axis=chance.randrange(array.ndim))
    if change == 6:
        return array.T
    return array[:0]


def _something(array: np.ndarray, chance: Random) -> np.ndarray:
    return np.array(chance.choice(("", "x" * 5000, b"\xff\xfe", 0, -1, None, 2**62, "{" * 5000, "nan", True)))


_ARRAY_CHANGES = (_value, _value, _value, _type, _shape, _shape, _something)


def _written(headers: Mapping[str, bytes], **how: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **how) as archive:
        for name, content in headers.items():
            archive.writestr(name, content)
    return file.getvalue()


def _members(arrays: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(npz_bytes(arrays))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _lying_header(arrays: Mapping[str, np.ndarray], chance: Random) -> bytes:
    """A header that announces another shape, type or order than what follows."""
    members = _members(arrays)
    name = chance.choice(sorted(members))
    shape = chance.choice(("(10**12,)", "(99999999999999,)", "(-5,)", "(0,)", "(4294967297, 4294967297)", "(3.5,)",
                           "('a',)", "None", "(((((" * 500))  # fmt: skip
    kind = chance.choice(("<f8", "<f4", "|O", "<U100000000", "|V0", "<c16", "z", "__import__('os')"))
    members[name] = npy_header(shape, kind) + members[name][128:]
    return _written(members)


def npy_header(shape: str, kind: str) -> bytes:
    """The beginning of an .npy file, whose words need not make sense."""
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head) % 2**16) + head


def _bomb(arrays: Mapping[str, np.ndarray], chance: Random) -> bytes:
    name = chance.choice(sorted(arrays))
    return zip_bomb(f"{name}.npy", 20 * 2**30, {f"{n}.npy": c for n, c in _members_of_others(arrays, name).items()})


def _members_of_others(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, bytes]:
    return {n.removesuffix(".npy"): c for n, c in _members({k: v for k, v in arrays.items() if k != name}).items()}


def zip_bomb(name: str, size: int, others: Mapping[str, bytes]) -> bytes:
    """An archive of some kilobytes with a member of `size` bytes, an array of zeros as its header says."""
    head = npy_header(f"({(size - 128) // 8},)", "<f8")
    chunk = 2**20
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = pack.compress(head + b"\0" * (chunk - len(head))) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(b"\0" * chunk) + pack.flush(zlib.Z_FULL_FLUSH)
    # of all the zeros a thousandth is there: a reader that begins to unpack has its gigabyte
    data = begin + again * min(size // chunk - 1, 1000) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    written = _written({**others, name: b"placeholder"}, compression=zipfile.ZIP_STORED)
    return _with_member(written, name, data, size)


def _with_member(archive: bytes, name: str, data: bytes, size: int) -> bytes:
    """The archive with other content of its last member, packed, and the size that it has when unpacked."""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        info = file.getinfo(name)
    encoded = name.encode()
    large = struct.pack("<HHQQ", 1, 16, size, len(data))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 8, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(encoded), len(large))
    body = archive[: info.header_offset] + local + encoded + large + data
    central = b""
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for other in file.infolist():
            if other.filename != name:
                central += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 0, 0, 0, other.CRC,
                                       other.compress_size, other.file_size, len(other.filename.encode()), 0, 0, 0, 0,
                                       0, other.header_offset) + other.filename.encode()  # fmt: skip
        count = len(file.infolist())
    central += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 45, 45, 0, 8, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(encoded),
                           len(large), 0, 0, 0, 0, info.header_offset) + encoded + large  # fmt: skip
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(central), len(body), 0)
    return body + central + end


def _objects(arrays: Mapping[str, np.ndarray], chance: Random) -> bytes:
    """An array that is a pickle which does harm, or a torch-style archive of one."""
    members = _members(arrays)
    name = chance.choice(sorted(members))
    members[name] = npy_header("(1,)", "|O") + chance.choice(hostile_pickles(arrays))
    if chance.random() < 0.3:
        members = {"archive/data.pkl": chance.choice(hostile_pickles(arrays)), "archive/data/0": b"\0" * 64} | members
    return _written(members)


def _packed(arrays: Mapping[str, np.ndarray], chance: Random) -> bytes:
    """Compressed in a way of its own, announced as encrypted, or with a method that nobody knows."""
    method = chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    content = bytearray(_written(_members(arrays), compression=method))
    if chance.random() < 0.7:
        for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            begin = content.find(signature)
            offset, value = chance.choice(((0, 1), (2, 99)))
            content[begin + at + offset] = value
    return mutate_bytes(bytes(content), chance) if chance.random() < 0.5 else bytes(content)


_ARCHIVES = (_lying_header, _lying_header, _bomb, _objects, _objects, _packed)


# Pickles.

CANARY = "SM_JAX_FUZZ_CANARY"


class _Call:
    def __init__(self, function: Any, *arguments: Any):
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def hostile_pickles(content: Any) -> tuple[bytes, ...]:
    """Pickles that would make a file of the name in the environment's CANARY, or fill the memory."""
    import os
    import subprocess

    path = os.environ.get(CANARY, "/nowhere/at/all")
    touch = f"open({path!r}, 'w').close()"
    calls = (
        _Call(os.system, f"touch {path}"),
        _Call(exec, touch),
        _Call(eval, touch),
        _Call(subprocess.call, ["touch", path]),
        _Call(pathlib.Path.touch, pathlib.Path(path)),
        _Call(os.getenv, "HOME"),
        _Call(np.load, path),
        _Call(np.ndarray, (2**40,)),
        _Call(bytearray, 2**40),
    )
    whole = tuple(pickle.dumps(x, protocol) for call in calls for x in (call, {"x": call}) for protocol in (0, 2, 4))
    system = f"cposix\nsystem\n(S'touch {path}'\ntR.".encode()
    persistent = b"\x80\x02}(U\x01xU\x01yQu."  # as torch refers to its storages
    memo = b"\x80\x02]r" + struct.pack("<I", 2**29) + b"."
    large = b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"abc."
    built = b"\x80\x02cnumpy\nndarray\n(M\x10'tRcnumpy\ndtype\nU\x01OK\x00K\x01\x87Rb."
    return (*whole, system, persistent, memo, large, built, b"(" * 100_000 + b"t" * 100_000 + b".")


def mutate_pickle(content: bytes, chance: Random) -> bytes:
    """Damage, or one that does harm."""
    if chance.random() < 0.35:
        found = chance.choice(hostile_pickles(None))
        return found if chance.random() < 0.7 else mutate_bytes(found, chance)
    return mutate_bytes(content, chance)
