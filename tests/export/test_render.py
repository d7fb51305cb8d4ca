"""Who is in front, where it lands, and that closed meshes have no holes."""

import numpy as np
import pytest

from sm_jax.export import mesh
from sm_jax.export.render import Shot, blend, bodies
from sm_jax.geometry.camera import project_points

BOX = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
FACES = np.array([triangle for a, b, c, d in QUADS for triangle in ((a, b, c), (a, c, d))])
COLOURS = np.broadcast_to(mesh.COLOURS[:, None], (2, 8, 3))
SHOT = Shot(K=np.array([[100.0, 0, 60], [0, 100, 50], [0, 0, 1]]), R=np.eye(3), t=np.zeros(3), size=(120, 100))


def draw(first, second):
    return bodies(SHOT, np.stack([BOX + first, BOX + second]), FACES, COLOURS)


def test_a_box_covers_its_projection():
    _, person = draw([0, 0, 3], [50, 0, 3])
    rows, columns = np.nonzero(person == 0)  # the near side, 2.5 m off, is 40 pixels wide
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (40, 80, 30, 70)
    assert len(rows) == 41 * 41, "no holes"
    assert not (person == 1).any(), "the other is outside the picture"


def test_the_nearer_one_hides_the_farther():
    assert draw([0, 0, 3], [0.1, 0, 5])[1][50, 60] == 0
    assert draw([0, 0, 5], [0.1, 0, 3])[1][50, 60] == 1


def test_what_stands_behind_the_camera_is_not_drawn():
    picture, person = draw([0, 0, -3], [0, 0, 0])
    assert (person == -1).all() and not picture.any()


def test_colours_belong_to_their_people_and_shade_smoothly():
    picture, person = draw([-0.6, 0, 3], [0.6, 0, 3])
    blue, orange = picture[person == 0].mean(0), picture[person == 1].mean(0)
    assert blue[2] > blue[0] and orange[0] > orange[2]
    row = picture[50, person[50] == 0].astype(int)
    assert np.ptp(row.sum(-1)) > 0 and np.abs(np.diff(row, axis=0)).max() < 40


def test_a_body_has_no_cracks(body, content):
    """Closed bodies cover the same pixels with the faces towards us as with those away from us."""
    vertices = mesh.posed_vertices(body, content)[:, 0]
    camera = content.camera
    shot = Shot(K=np.diag([3, 3, 1]) @ camera.K, R=camera.R[0], t=camera.t[0], size=(720, 600))
    colours, faces = np.broadcast_to(mesh.COLOURS[:, None], vertices.shape), np.asarray(body.faces)
    front, back = (bodies(shot, vertices, turned, colours)[1] >= 0 for turned in (faces, faces[:, ::-1]))
    assert front.mean() > 0.05
    assert (back & ~front).sum() < 0.002 * front.sum()
    lacking = bodies(shot, vertices, np.delete(faces, np.s_[::50], axis=0), colours)[1] >= 0
    assert (back & ~lacking).sum() > 0.005 * front.sum(), "the test sees a crack"


def test_the_drawing_lands_where_the_projection_says(body, content):
    pixels, _ = project_points(content.camera, content.joints)
    shot = Shot(K=content.camera.K, R=content.camera.R[3], t=content.camera.t[3], size=(240, 200))
    vertices = mesh.posed_vertices(body, content)[:, 3]
    colours = np.broadcast_to(mesh.COLOURS[:, None], vertices.shape)
    person = bodies(shot, vertices, np.asarray(body.faces), colours)[1]
    for p in range(2):
        x, y = np.round(np.asarray(pixels)[p, 3, 9]).astype(int)  # the chest
        assert person[y, x] == p


def test_blend():
    background = np.full((100, 120, 3), 200, np.uint8)
    picture, person = draw([0, 0, 3], [50, 0, 3])
    mixed = blend(background, picture, person, 0.5)
    np.testing.assert_allclose(mixed[50, 60], (200 + picture[50, 60].astype(int)) / 2, atol=1)
    np.testing.assert_array_equal(mixed[person < 0], 200)
    assert (background == 200).all(), "the input is left alone"
    np.testing.assert_array_equal(blend(background, picture, np.full_like(person, -1), 0.5), background)


@pytest.mark.parametrize("size", [(120, 100), (31, 17)])
def test_sizes(size):
    shot = Shot(K=SHOT.K, R=SHOT.R, t=SHOT.t, size=size)
    picture, person = bodies(shot, np.stack([BOX, BOX]) + np.array([0, 0, 3]), FACES, COLOURS)
    assert picture.shape == (size[1], size[0], 3) and person.shape == (size[1], size[0])
