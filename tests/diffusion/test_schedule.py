import numpy as np
import pytest

from sm_jax.diffusion.schedule import cosine, trailing


def test_cosine_falls_from_clean_to_noise():
    level = cosine()
    assert level.shape == (1000,) and level.dtype == np.float32
    assert np.all(np.diff(level) < 0) and level[0] > 0.9999 and 0 < level[-1] < 1e-6
    np.testing.assert_allclose(level[499], 0.494, atol=2e-3)  # eq. 17 at half time


def test_trailing_steps_begin_at_the_last():
    np.testing.assert_array_equal(trailing(1000, 5), [999, 799, 599, 399, 199])
    np.testing.assert_array_equal(trailing(10, 10), np.arange(10)[::-1])
    assert len(np.unique(trailing(1000, 37))) == 37 and trailing(1000, 1) == [999]


@pytest.mark.parametrize("count", [0, 11])
def test_trailing_refuses_impossible_counts(count):
    with pytest.raises(ValueError, match="10 steps"):
        trailing(10, count)
