import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.motion import windows


@pytest.mark.parametrize("n_frames", [1, 63, 64, 65, 112, 113, 400])
def test_windows_cover_every_frame(n_frames):
    n = windows.count(n_frames)
    assert windows.padded_frames(n) >= n_frames
    assert windows.frames(n).max() == windows.padded_frames(n) - 1


def test_the_numbers_of_windows_are_few():
    longest = windows.padded_frames(windows.CHUNK)
    assert sorted({windows.count(n) for n in range(1, longest + 1)}) == [1, 2, 3, 4, 6, 8]
    with pytest.raises(ValueError, match="more than a chunk"):
        windows.count(longest + 1)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_blending_what_was_split_changes_nothing(n):
    clip = jnp.asarray(np.random.default_rng(0).normal(size=(2, windows.padded_frames(n), 3)), jnp.float32)
    np.testing.assert_allclose(windows.blend(windows.split(clip, n, axis=1)), clip, atol=1e-6)


def test_disagreeing_windows_cross_fade():
    values = jnp.stack([jnp.zeros((2, windows.LENGTH, 1)), jnp.ones((2, windows.LENGTH, 1))])
    clip = np.asarray(windows.blend(values))[0, :, 0]
    assert clip[0] == 0 and clip[-1] == 1 and (np.diff(clip) >= -1e-6).all() and np.abs(np.diff(clip)).max() < 0.07
