import jax
import numpy as np

from sm_jax.body.assets import load_body
from tests.data.conftest import BATCH, FRAMES


def test_the_same_key_gives_the_same_observation(simulator, windows, simulated):
    again = simulator(jax.random.split(jax.random.key(0), BATCH), windows, load_body("open-low"))
    jax.tree.map(np.testing.assert_array_equal, again, simulated.seen)


def test_another_key_gives_another(simulator, windows, simulated):
    other = simulator(jax.random.split(jax.random.key(1), BATCH), windows, load_body("open-low"))
    for name in ("keypoints", "visibility"):
        assert np.abs(getattr(other, name) - getattr(simulated.seen, name)).max() > 0.1
    assert np.abs(other.camera.t - simulated.seen.camera.t).max() > 0.1


def test_shapes_and_ranges(simulated):
    seen = simulated.seen
    assert seen.keypoints.shape == (BATCH, 2, FRAMES, 23, 2)
    assert seen.keypoint_confidence.shape == (BATCH, 2, FRAMES, 23)
    assert seen.visibility.shape == (BATCH, 2, FRAMES, 24)
    for values in (seen.visibility, seen.keypoint_confidence):
        assert float(values.min()) >= 0
        assert float(values.max()) <= 1
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(seen))
    assert (seen.fps == 30).all()


def test_much_is_seen_and_much_is_hidden(simulated):
    visible = np.asarray(simulated.seen.visibility) > 0.5
    assert 0.5 < visible.mean() < 0.9


def test_what_the_other_body_hides_is_reported_hidden(simulated):
    """And so is what random occlusion hides; apart from a few misjudged joints."""
    reported = np.asarray(simulated.seen.visibility)
    assert reported[simulated.clear < 0.1].mean() < 0.15
    clear = reported[simulated.clear > 0.95]
    assert 0.05 < (clear < 0.3).mean() < 0.4
