"""The second viewpoint sees everything, from the side and from above, over a floor with shadows."""

import numpy as np

from sm_jax.export import mesh
from sm_jax.export.render import BACKGROUND, Floor, side_camera


def test_every_vertex_of_the_clip_is_in_the_picture(body, content):
    shot = side_camera(content.joints, content.camera, (400, 400))
    pixels, depth = shot.project(mesh.posed_vertices(body, content))
    assert depth.min() > 0.5 and pixels.min() > 0 and pixels.max() < 400
    assert np.ptp(pixels[..., 1]) > 150, "and fills it"


def test_it_looks_down_from_another_side(content):
    shot = side_camera(content.joints, content.camera, (400, 300))
    np.testing.assert_allclose(shot.R @ shot.R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(shot.R) > 0 and shot.position[2] > 1.5
    forward, theirs = shot.R[2, :2], content.camera.R[0, 2, :2]
    np.testing.assert_allclose(forward @ theirs / np.linalg.norm(forward), np.cos(np.deg2rad(60)), atol=1e-6)
    up = shot.project(np.array([[0, 0, 0.0], [0, 0, 1.0]]))[0]
    assert up[1, 1] < up[0, 1] - 50 and abs(up[1, 0] - up[0, 0]) < 20, "the world stands upright"


def test_shadows_fall_under_the_feet(body, content):
    shot = side_camera(content.joints, content.camera, (400, 400))
    floor = Floor(shot, content.joints, 0.0)
    vertices = mesh.posed_vertices(body, content)[:, 0]
    picture = floor.with_shadows(vertices)
    assert not (floor.empty == BACKGROUND).all()
    for person in range(2):
        under = content.joints[person, 0, 0] * np.array([1, 1, 0])
        x, y = np.round(shot.project(under)[0]).astype(int)
        assert picture[y, x].mean() < 0.8 * floor.empty[y, x].mean()
    assert (picture == floor.empty).mean() > 0.5


def test_a_wild_frame_does_not_make_a_huge_floor(content):
    joints = content.joints.copy()
    joints[0, 3] += 5000
    shot = side_camera(joints, content.camera, (100, 100))
    assert (Floor(shot, joints, 0.0).extent <= 30).all()
