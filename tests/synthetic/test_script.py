"""Ways go where they are told."""

import numpy as np

from sm_jax.synthetic.script import orbit, stay, travel


def test_travel_and_stay():
    t = np.array([0.0, 1.0, 3.0])
    np.testing.assert_allclose(
        travel((1.0, 0.0, 0.0, 0.0), (3.0, 2.0, 1.0, 90.0))(t), [[0, 0, 0], [0, 0, 0], [2, 1, 90]]
    )
    np.testing.assert_allclose(stay(1.0, 2.0, 3.0)(t), [[1, 2, 3]] * 3)


def test_an_orbit_keeps_its_radius_and_faces_the_centre():
    way = orbit(0.8, ((0.0, 0.0), (2.0, 200.0)), 180.0, (1.0, 0.0))(np.linspace(0, 2, 9))
    out = way[:, :2] - [1.0, 0.0]
    np.testing.assert_allclose(np.linalg.norm(out, axis=1), 0.8)
    facing = np.stack([np.cos(np.radians(way[:, 2])), np.sin(np.radians(way[:, 2]))], axis=-1)
    np.testing.assert_allclose(facing, -out / 0.8, atol=1e-9)
