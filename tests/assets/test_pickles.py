import io
import pickle
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest

from experiments.lib.pickled import write_joblib, write_torch
from sm_jax.assets.arrays import Unreadable
from sm_jax.assets.pickles import Refused, read_pickled
from tests.perception.importers.hostile import run_on_load

VALUE: dict[str, Any] = {
    "a": np.arange(24.0, dtype=np.float32).reshape(2, 3, 4),
    "b": [np.arange(5), {"c": np.float64(2.5), 3: "text"}],
    "flags": np.array([True, False]),
}


def dump(path, value):
    path.write_bytes(pickle.dumps(value))


def save_npy(path, value):
    with path.open("wb") as file:
        np.save(file, np.array(value, dtype=object), allow_pickle=True)


WRITERS = {
    "pickle": dump,
    "joblib": write_joblib,
    "joblib, compressed": lambda path, value: write_joblib(path, value, compressed=True),
    "torch": write_torch,
    "old torch": lambda path, value: write_torch(path, value, archive=False),
    "npy": save_npy,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_reads_what_was_written(tmp_path, kind):
    WRITERS[kind](tmp_path / "file", VALUE)
    found = read_pickled(tmp_path / "file")
    for a, b in ((found["a"], VALUE["a"]), (found["b"][0], VALUE["b"][0]), (found["flags"], VALUE["flags"])):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype
    assert found["b"][1] == {"c": 2.5, 3: "text"}


@pytest.mark.parametrize("kind", WRITERS)
def test_nothing_is_executed(tmp_path, kind):
    marker = tmp_path / "executed"
    WRITERS[kind](tmp_path / "file", {"a": np.zeros(3), "b": [run_on_load(marker)]})
    with pytest.raises(Refused, match=r"pathlib\.(_local\.)?(Path|PosixPath)|getattr"):
        read_pickled(tmp_path / "file")
    assert not marker.exists()


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_torn_file_is_unreadable(tmp_path, kind, share):
    WRITERS[kind](tmp_path / "whole", VALUE)
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "file").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Unreadable):
        read_pickled(tmp_path / "file")


def test_a_tensor_stays_within_its_storage(tmp_path):
    write_torch(tmp_path / "file.pt", {"a": np.zeros(100, np.float32)})
    with zipfile.ZipFile(tmp_path / "file.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "short.pt", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data[:200] if name.endswith("/0") else data)
    with pytest.raises(Unreadable):
        read_pickled(tmp_path / "short.pt")


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("sm_jax.assets.pickles._LARGE", 2**16)
    stream = io.BytesIO(zlib.compress(bytes(2**24)))
    (tmp_path / "file").write_bytes(stream.getvalue())
    with pytest.raises(Unreadable, match="unpack"):
        read_pickled(tmp_path / "file")
