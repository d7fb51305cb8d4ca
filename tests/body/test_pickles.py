import pickle

import numpy as np
import pytest

from sm_jax.body.assets import load_body
from sm_jax.errors import UserError
from tests.body.models import random_arrays, write_chumpy_pickle


def test_pickle_with_chumpy_and_sparse_matrices_equals_the_npz(tmp_path):
    arrays = random_arrays()
    np.savez(tmp_path / "body.npz", **arrays)
    write_chumpy_pickle(tmp_path / "body.pkl", arrays)
    a, b = load_body(tmp_path / "body.npz", betas=12), load_body(tmp_path / "body.pkl", betas=12)
    for field in ("v_template", "shapedirs", "posedirs", "weights", "faces", "joint_template", "surface_index"):
        np.testing.assert_allclose(getattr(a, field), getattr(b, field), atol=1e-6)
    assert a.posedirs is not None and a.posedirs.shape == (300, 3, 207)


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/hostile-pickle-ran",)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (pickle.dumps(Hostile()), "posix.system"),
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
        load_body(path)
    assert "body.pkl" in str(caught.value) and "\n" not in str(caught.value)
