import os
import pickle
import resource

import numpy as np
import pytest

from sm_jax.assets.arrays import Unreadable, check_shapes, numbers, read_npy, read_npz
from tests.fuzz.mutations import npy_header, npz_bytes, zip_bomb


def test_what_is_asked_for_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(3), words=np.array("text"), odd=np.array({}, dtype=object))
    found = read_npz(tmp_path / "a.npz", ("a", "words", "missing"))
    assert sorted(found) == ["a", "words"] and str(found["words"]) == "text"
    np.testing.assert_array_equal(found["a"], [0, 1, 2])
    np.savez_compressed(tmp_path / "b.npz", a=np.asfortranarray(np.ones((2, 3))), empty=np.zeros((0, 4)))
    found = read_npz(tmp_path / "b.npz")
    assert found["a"].shape == (2, 3) and found["empty"].shape == (0, 4)
    np.save(tmp_path / "a.npy", np.arange(3.0))
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy"), [0, 1, 2])


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a zip file"),
        (npz_bytes({"a": np.arange(300)})[:-100], "not a zip file"),
        (npz_bytes({"a": np.array([Hostile()], object)}), "`a` holds Python objects"),
        (npz_bytes({"a": np.arange(3)}).replace(b"(3,)", b"(9,)"), "Bad CRC-32|announces"),
        (zip_bomb("a.npy", 20 * 2**30, {}), r"would unpack to 21.5 GB from 1.\d MB"),
    ],
)
def test_other_files_are_unreadable(tmp_path, monkeypatch, content, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(Unreadable, match=words) as caught:
        read_npz(tmp_path / "a.npz")
    assert "\n" not in str(caught.value) and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("shape", ["(99999999999999,)", "(-3,)", "(2, 2)", "(((((" * 500, "(3.5,)"])
def test_a_header_is_not_believed(tmp_path, shape):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (tmp_path / "a.npy").write_bytes(npy_header(shape, "<f8") + bytes(24))
    with pytest.raises(Unreadable):
        read_npy(tmp_path / "a.npy")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # KiB


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError):
        read_npy(tmp_path / "a.npy")


def test_objects_are_left_to_who_knows_them(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array({"x": 1}, dtype=object), b=np.arange(2))

    def known(file):
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        return np.array(pickle.load(file).item()["x"])

    found = read_npz(tmp_path / "a.npz", objects=known)
    assert found["a"] == 1 and found["b"].tolist() == [0, 1]
    with pytest.raises(Unreadable, match="`a` holds Python objects"):
        read_npz(tmp_path / "a.npz", objects=lambda file: None)


def test_numbers_and_shapes():
    arrays = {
        "a": np.zeros((2, 5, 3)),
        "b": np.zeros((5,), np.uint8),
        "words": np.array("1.5"),
        "none": np.zeros((2, 0)),
    }
    check_shapes(arrays, {"a": (2, "T", 3), "b": ("T",)})
    for axes, words in (
        ({"a": (2, "T", 3), "b": (2,)}, r"`b` has shape \(5,\), expected \(2,\)"),
        ({"a": ("P", "P", 3)}, "`a` has shape"),
        ({"a": (2, 5)}, "`a` has shape"),
        ({"c": ()}, "`c` is missing"),
        ({"none": (2, "N")}, "`none` has shape"),
    ):
        with pytest.raises(Unreadable, match=words):
            check_shapes(arrays, axes)
    assert numbers(arrays, "b").dtype == np.float64 and numbers(arrays, "a", np.int64).dtype == np.int64
    for name in ("words", "c"):
        with pytest.raises(Unreadable, match=f"`{name}`"):
            numbers(arrays, name)
