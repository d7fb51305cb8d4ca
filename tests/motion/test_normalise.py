import numpy as np

from sm_jax.motion import normalise, state


def test_round_trip_and_unit_scale():
    states = np.random.default_rng(0).normal(size=(50, 2, 8, state.D)).astype(np.float32) * 3 + 1
    statistics = normalise.fit(states)
    scaled = normalise.normalise(states, statistics)
    for part in state.STATE.values():
        assert abs(float(np.sqrt(np.asarray(scaled[..., part]).var(axis=(0, 1, 2)).mean())) - 1) < 1e-3
    np.testing.assert_allclose(normalise.denormalise(scaled, statistics), states, atol=1e-5)


def test_a_slice_shares_one_std():
    states = np.random.default_rng(0).normal(size=(9, state.D)) * np.arange(state.D)
    std = normalise.fit(states).std
    assert all(np.ptp(std[part]) == 0 for part in state.STATE.values())


def test_combined_statistics_are_those_of_the_states_together():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3000, state.D)) * 2 + 1, rng.normal(size=(1000, state.D)) - 3
    combined = normalise.combine([(normalise.fit(a), 3.0), (normalise.fit(b), 1.0)])
    together = normalise.fit(np.concatenate([a, b]))
    np.testing.assert_allclose(combined.mean, together.mean, atol=1e-5)
    np.testing.assert_allclose(combined.std, together.std, rtol=1e-5)
