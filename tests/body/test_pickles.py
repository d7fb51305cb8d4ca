import pickle
import resource
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from experiments.lib.random_body import random_arrays
from sm_jax.body.io import read_body
from sm_jax.body.pickles import read_pickle
from sm_jax.errors import UserError
from tests.body.models import write_chumpy_pickle


def test_pickle_with_chumpy_and_sparse_matrices_equals_the_npz(tmp_path):
    arrays = random_arrays()
    np.savez(tmp_path / "body.npz", **arrays)
    write_chumpy_pickle(tmp_path / "body.pkl", arrays)
    a, b = read_body(tmp_path / "body.npz"), read_body(tmp_path / "body.pkl")
    assert set(a) == set(b) and b["posedirs"].shape == (300, 3, 207)
    for key in a:
        np.testing.assert_allclose(a[key], b[key], atol=1e-6)


def python2_pickle(entry: bytes) -> bytes:
    """{'v_template': entry} in protocol 2, as Python 2 wrote it."""
    return b"\x80\x02}U\nv_template" + entry + b"s."


def chumpy_object(module: bytes, name: bytes, state: dict[str, Any]) -> bytes:
    """What chumpy's own classes leave in a file: made by `__new__`, then given their state."""
    body = b"".join(
        pickle.dumps(key, protocol=2)[2:-1] + (value if isinstance(value, bytes) else pickle.dumps(value, 2)[2:-1])
        for key, value in state.items()
    )
    return b"c" + module + b"\n" + name + b"\n)\x81}(" + body + b"ub"


# the bookkeeping that chumpy keeps with every array
OWN = {"_dirty_vars": {"x"}, "_itr": None, "_depends_on_deps": {}, "_make_dense": False}
VALUES = np.arange(24.0).reshape(2, 3, 4)
PLAIN = chumpy_object(b"chumpy.ch", b"Ch", OWN | {"x": VALUES})
EXPRESSIONS = {
    "values": (PLAIN, VALUES),
    "a slice": (
        chumpy_object(
            b"chumpy.reordering",
            b"Select",
            OWN | {"a": PLAIN, "idxs": np.arange(24).reshape(2, 3, 4)[..., :2].ravel(), "preferred_shape": (2, 3, 2)},
        ),
        VALUES[..., :2],
    ),
    "another shape": (
        chumpy_object(b"chumpy.reordering", b"Reshape", OWN | {"a": PLAIN, "newshape": (6, 4)}),
        VALUES.reshape(6, 4),
    ),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_chumpys_own_objects_are_evaluated(tmp_path, name):
    entry, expected = EXPRESSIONS[name]
    (tmp_path / "body.pkl").write_bytes(python2_pickle(entry))
    np.testing.assert_array_equal(read_pickle(tmp_path / "body.pkl")["v_template"], expected)


def test_an_expression_that_is_not_known_is_not_guessed(tmp_path):
    entry = chumpy_object(b"chumpy.ch_ops", b"add", OWN | {"a": PLAIN, "b": PLAIN})
    (tmp_path / "body.pkl").write_bytes(python2_pickle(entry))
    assert read_pickle(tmp_path / "body.pkl") == {}


def sparse(**changes: Any) -> scipy.sparse.csc_matrix:
    matrix = scipy.sparse.csc_matrix(np.eye(3))
    vars(matrix).update(changes)
    return matrix


@pytest.mark.parametrize(
    "matrix",
    [
        sparse(indices=np.array([0, 1, 10**6], np.int32)),  # would write outside the matrix
        sparse(indptr=np.array([0, 1, 2, 10**6], np.int32)),
        sparse(_shape=(10**6, 10**6)),
        sparse(_shape=(-3, -3)),
        sparse(data="text"),
    ],
)
def test_sparse_matrices_that_lie_about_themselves_are_damaged(tmp_path, matrix):
    path = tmp_path / "body.pkl"
    path.write_bytes(pickle.dumps({"J_regressor": matrix}))
    with pytest.raises(UserError, match="damaged") as caught:
        read_pickle(path)
    assert "\n" not in str(caught.value)


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/hostile-pickle-ran",)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (pickle.dumps(Hostile()), "posix.system"),
        (pickle.dumps({"x": eval}), "builtins.eval"),
        (pickle.dumps({"x": getattr}), "builtins.getattr"),
        (pickle.dumps({"x": np.load}), "numpy.load"),
        (b"cchumpy.ch\nCh\n(S'x'\ntcposix\nsystem\n.", "posix.system"),
        (pickle.dumps({"v_template": np.zeros((5, 3))})[:40], "damaged"),
        (b"", "damaged"),
        (pickle.dumps([1, 2]), "holds a list"),
        (pickle.dumps({"v_template": np.zeros((5, 3))}), "lacks shapedirs"),
    ],
)
def test_bad_pickles_get_one_line(tmp_path, content, complaint):
    path = tmp_path / "body.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=complaint) as caught:
        read_body(path)
    assert "body.pkl" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02}r\xff\xff\xff\x7f.",  # makes room for two thousand million memories
        b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00ax\x03\x00\x00\x00hex\x86R.",
        b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"abc.",
        b"(" * 100_000 + b"t" * 100_000 + b".",
    ],
)
def test_a_pickle_takes_no_more_memory_than_it_is_worth(tmp_path, content):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (tmp_path / "body.pkl").write_bytes(content)
    with pytest.raises(UserError, match=r"body.pkl (is damaged|was refused|is no SMPL model)"):
        read_body(tmp_path / "body.pkl")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # KiB
