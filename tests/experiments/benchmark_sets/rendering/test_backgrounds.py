"""Backgrounds: rectangles in a picture, textures, and scenes around people."""

import dataclasses

import numpy as np
import pytest

from experiments.benchmark_sets.rendering.backgrounds import (
    DENSITY,
    Rectangle,
    Scene,
    make_sky,
    make_texture,
    octave_noise,
    paint,
    random_scene,
)
from experiments.benchmark_sets.rendering.cameras import aim_camera

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


@pytest.mark.parametrize("kind", ["plain", "planks", "tiles", "checks", "bricks", "windows", "shelves", "picture"])
def test_surfaces_have_the_asked_size_and_something_on_them(kind):
    texture = make_texture(np.random.default_rng(0), 3.0, 2.0, kind)
    assert texture.shape == (2 * DENSITY, 3 * DENSITY, 3) and texture.dtype == np.uint8
    assert texture.std() > 2


def test_a_square_of_a_kilometre_does_not_take_a_gigabyte():
    assert max(make_texture(np.random.default_rng(0), 1000.0, 20.0, "tiles").shape) <= 1024


def test_blotches_are_coarse():
    fine, coarse = (octave_noise(np.random.default_rng(0), (128, 128), size) for size in (2.0, 64.0))
    change = lambda x: np.abs(np.diff(x, axis=0)).mean() / x.std()  # noqa: E731
    assert change(coarse) < 0.5 * change(fine)


def test_the_sky_fills_the_picture():
    assert make_sky(np.random.default_rng(0), (80, 60)).shape == (60, 80, 3)


@pytest.mark.parametrize("seed", range(6))
def test_people_and_camera_are_inside_and_no_furniture_stands_between(seed):
    rng = np.random.default_rng(seed)
    people = rng.uniform((-0.8, -0.8, 0), (0.8, 0.8, 1.8), (50, 3))
    angle = rng.uniform(0, 6.3)
    eye = np.array([5 * np.cos(angle), 5 * np.sin(angle), 1.5])
    scene = random_scene(rng, people, eye, (160, 120))
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
    shot = aim_camera(np.array([4.0, 1, 1.4]), np.array([0, 0, 0.9]), 0.0, 130.0, (160, 120))
    scene = random_scene(rng, people, shot.position, shot.size)
    low = scene.picture(shot)[60:]
    scene.behind[:] = 255 - scene.behind
    np.testing.assert_array_equal(scene.picture(shot)[60:], low)
