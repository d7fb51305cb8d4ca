import dataclasses

import numpy as np

from experiments.benchmark_sets.rendering.backgrounds import Rectangle, Scene, paint

RED, GREEN = ((np.ones((8, 8, 1)) * colour).astype(np.uint8) for colour in ([255, 0, 0], [0, 255, 0]))
FLOOR = Rectangle(np.array([-50.0, -50, 0]), np.array([100.0, 0, 0]), np.array([0, 100.0, 0]), RED)
WALL = Rectangle(np.array([3.0, 1, 2]), np.array([0, -2.0, 0]), np.array([0, 0, -2.0]), GREEN)


def test_a_floor_that_reaches_behind_the_camera_ends_at_the_horizon(shot):
    image = np.zeros((120, 160, 3), np.uint8)
    paint(image, shot, FLOOR)
    assert (image[64:, :, 0] == 255).all() and (image[:59] == 0).all()


def test_a_rectangle_is_where_its_corners_are(shot):
    image = np.zeros((120, 160, 3), np.uint8)
    paint(image, shot, WALL)
    rows, columns = np.nonzero(image[..., 1])
    low, high = shot.project(np.array([[3.0, 1, 2], [3, -1, 0]]))[0]
    np.testing.assert_allclose([columns.min(), rows.min()], low, atol=1)
    np.testing.assert_allclose([columns.max(), rows.max()], high, atol=1)


def test_textures_are_not_mirrored(shot):
    texture = RED.copy()
    texture[:, 4:] = [0, 255, 0]
    texture[4:] //= 2
    image = np.zeros((120, 160, 3), np.uint8)
    paint(image, shot, dataclasses.replace(WALL, texture=texture))
    left_up, right_down = image[50, 60], image[100, 100]
    assert left_up.tolist() == [255, 0, 0] and right_down.tolist() == [0, 127, 0]


def test_what_comes_later_stands_before(shot):
    picture = Scene([FLOOR, WALL], np.full((120, 160, 3), 9, np.uint8)).picture(shot)
    assert picture[70, 80].tolist() == [0, 255, 0] and picture[119, 0].tolist() == [255, 0, 0]
    assert picture[0, 0].tolist() == [9, 9, 9]


def test_nothing_is_drawn_of_what_is_behind_or_beside(shot):
    image = np.zeros((120, 160, 3), np.uint8)
    for aside in ([-6.0, 0, 0], [0, 40.0, 0]):
        paint(image, shot, dataclasses.replace(WALL, corner=WALL.corner + aside))
    assert (image == 0).all()
