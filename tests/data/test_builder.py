import sys

import numpy as np
import pytest

from sm_jax.data import builder
from sm_jax.data.store import load_salsa


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = builder.MotionPairs(config="salsa", data_dir=str(tmp_path_factory.mktemp("tfds")))
    made.download_and_prepare()
    return made


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_what_is_built_is_read_back(prepared, split):
    built = {s.name: s for s in builder.read(prepared, split)}
    packaged = {s.name: s for s in load_salsa(split)}
    assert built.keys() == packaged.keys()
    for name, one in built.items():
        other = packaged[name]
        for field in ("global_orient", "body_pose", "pelvis", "betas"):
            np.testing.assert_allclose(getattr(one.motion, field), getattr(other.motion, field), atol=1e-5)
        np.testing.assert_array_equal(one.foot_contact, other.foot_contact)
        np.testing.assert_array_equal(one.hand_contact, other.hand_contact)
        assert (one.fps, one.text, one.split) == (other.fps, other.text, other.split)


def test_files_are_array_records_and_tensorflow_is_not_loaded(prepared):
    assert any("array_record" in path.name for path in prepared.data_path.iterdir())
    assert "tensorflow" not in sys.modules
