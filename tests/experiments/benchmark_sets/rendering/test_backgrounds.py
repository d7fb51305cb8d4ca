import numpy as np
import pytest

from experiments.benchmark_sets.rendering.backgrounds import place
from experiments.benchmark_sets.rendering.cameras import aimed


@pytest.mark.parametrize("seed", range(6))
def test_people_and_camera_are_inside_and_no_furniture_stands_between(seed):
    rng = np.random.default_rng(seed)
    people = rng.uniform((-0.8, -0.8, 0), (0.8, 0.8, 1.8), (50, 3))
    angle = rng.uniform(0, 6.3)
    eye = np.array([5 * np.cos(angle), 5 * np.sin(angle), 1.5])
    scene = place(rng, people, eye, (160, 120))
    floor = scene.rectangles[0]
    sides = np.stack([floor.across, floor.down])
    where = (np.concatenate([people, eye[None]]) - floor.corner) @ sides.T / (sides**2).sum(axis=1)
    assert (where > 0).all() and (where < 1).all()

    ahead = floor.across / np.linalg.norm(floor.across)
    farthest = (people @ ahead).max()
    upright = [r for r in scene.rectangles if abs(r.down[2]) > 0]
    corners = np.concatenate([[r.corner, r.corner + r.across, r.corner + r.across + r.down] for r in upright])
    inside = (corners - floor.corner) @ sides.T / (sides**2).sum(axis=1)
    furniture = ((inside > 1e-6) & (inside < 1 - 1e-6)).all(axis=1)
    assert furniture.any() and (corners[furniture] @ ahead > farthest).all()


def test_the_camera_sees_no_hole(body):
    rng = np.random.default_rng(3)
    people = rng.uniform((-0.8, -0.8, 0), (0.8, 0.8, 1.8), (50, 3))
    shot = aimed(np.array([4.0, 1, 1.4]), np.array([0, 0, 0.9]), 0.0, 130.0, (160, 120))
    scene = place(rng, people, shot.position, shot.size)
    low = scene.picture(shot)[60:]
    scene.behind[:] = 255 - scene.behind
    np.testing.assert_array_equal(scene.picture(shot)[60:], low)
