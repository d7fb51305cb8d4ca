import dataclasses

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks import frozen
from sm_jax.evaluation.benchmarks.frozen import SHA256, VIEWS, digest, load, rounded, take_of


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_what_ships_is_what_was_frozen(path):
    assert digest(path) == SHA256[path]
    assert all(len(sequence.views) == len(VIEWS[path]) for sequence in load(path))


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_only_held_out_motion_is_in_it(path):
    assert all(sequence.split == "test" for sequence in load(path))


def test_another_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "simulated.npz"
    path.write_bytes(frozen.SIMULATED.read_bytes()[:-1])
    monkeypatch.setitem(SHA256, path, SHA256[frozen.SIMULATED])
    with pytest.raises(UserError, match="not the benchmark that was frozen"):
        load(path)


def test_rounding_moves_nothing_that_matters():
    view = load(frozen.FOUR_VIEWS)[0].views[0].observation
    assert view is not None
    moved = dataclasses.replace(view, keypoints=view.keypoints + 0.03, visibility=np.clip(view.visibility - 1e-3, 0, 1))
    np.testing.assert_array_equal(rounded(moved).keypoints, view.keypoints)
    np.testing.assert_array_equal(rounded(moved).visibility, view.visibility)


def test_clips_of_one_take_say_so():
    assert take_of("salsa_13_from_259") == take_of("salsa_13_from_500") == "salsa_13"
