import jax
import jax.numpy as jnp
import numpy as np

from sm_jax.motion import normalise, pair_frame, state, windows
from sm_jax.sampling import clip_windows
from tests.motion.motions import random_motion

RNG = np.random.default_rng(0)
STATISTICS = normalise.Statistics(
    mean=RNG.normal(size=state.D).astype(np.float32), std=RNG.uniform(0.5, 2, state.D).astype(np.float32)
)


def test_round_trip_through_windows_of_different_frames():
    motion = random_motion(frames=windows.padded_frames(3))
    whole = state.pack(motion, jnp.full((*motion.pelvis.shape[:2], 4), 0.5))
    pelvis = windows.split(motion.pelvis, 3, axis=1)
    weight = jnp.ones((3, windows.LENGTH))
    frames = jax.vmap(pair_frame.from_pelvises, in_axes=(0, None, 0, None))(
        pelvis, jnp.float32(0.0), weight, jnp.array([1.0, 0, 0])
    )
    seen = clip_windows.to_windows(whole, frames, STATISTICS)
    assert seen.shape == (3, 2, windows.LENGTH, state.D)
    np.testing.assert_allclose(clip_windows.from_windows(seen, frames, STATISTICS), whole, atol=1e-4)
