import numpy as np

from experiments.benchmark_sets.rendering.clothes import dress
from sm_jax.body.skeleton import JOINTS


def test_hands_and_noses_are_bare_and_trunks_and_feet_are_clothed(body):
    owner = np.asarray(body.weights).argmax(axis=1)
    rest = np.asarray(body.v_template)
    for seed in range(8):
        outfit = dress(np.random.default_rng(seed), body)
        assert outfit.colours.shape == rest.shape and (outfit.colours >= 0).all() and (outfit.colours <= 1).all()
        assert (outfit.thickness[np.isin(owner, [JOINTS.index("left_hand"), JOINTS.index("right_hand")])] == 0).all()
        assert outfit.thickness[rest[:, 2].argmax()] <= outfit.thickness.max() < 0.04
        assert (outfit.thickness[np.isin(owner, [JOINTS.index("pelvis"), JOINTS.index("left_foot")])] > 0).all()
        face = rest[:, 1] > rest[:, 1].max() - 0.2
        assert outfit.thickness[np.flatnonzero(face)[rest[face, 2].argmax()]] == 0, "hair over the nose"
        assert outfit.thickness[rest[:, 1].argmax()] > 0, "bald"


def test_people_are_told_apart_and_chance_is_repeatable(body):
    first, again, other = (dress(np.random.default_rng(seed), body).colours for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.03
