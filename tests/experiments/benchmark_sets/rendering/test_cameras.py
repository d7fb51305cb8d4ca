import numpy as np
import pytest

from experiments.benchmark_sets.rendering.cameras import (
    FOCAL,
    SHAKE,
    aim_camera,
    choose_camera,
    hold_camera,
    place_camera,
    shot_at,
)
from experiments.benchmark_sets.rendering.front_end import true_keypoints


@pytest.mark.parametrize("much", [False, True])
def test_people_are_in_the_picture_and_hide_each_other_as_asked(body, dance, much):
    camera, seen = choose_camera(np.random.default_rng(1), body, dance.motion, much, by_hand=False)
    pixels = true_keypoints(body, dance.motion, camera)
    assert ((pixels > 0) & (pixels < camera.image_size)).mean() > 0.98
    tall = np.ptp(pixels[..., 1], axis=-1).mean()
    assert tall > 0.25 * camera.image_size[1]
    focal = camera.K[0, 0] / np.linalg.norm(camera.image_size)
    assert FOCAL[0] <= focal <= FOCAL[1]
    assert ((seen < 0.5).mean() > 0.08) == much


def test_from_every_side_people_fill_the_picture_and_are_in_it():
    people = np.random.default_rng(0).uniform((-0.7, -0.4, 0), (0.7, 0.4, 1.75), (200, 3))
    for seed, side in enumerate(np.linspace(0, 6, 40)):
        still = place_camera(np.random.default_rng(seed), people, side, (960, 540))
        pixels, _ = still.project(people)
        assert ((pixels > 0) & (pixels < still.size)).all(axis=-1).mean() > 0.99
        feet_and_head, _ = still.project(np.array([[0.0, 0, 0], [0, 0, 1.75]]))
        assert feet_and_head[0, 1] - feet_and_head[1, 1] > 0.385 * 540


def test_a_camera_looks_where_it_is_aimed():
    still = aim_camera(np.array([3.0, -2, 1.6]), np.array([0.2, 0.1, 0.9]), 0.02, 700.0, (640, 480))
    np.testing.assert_allclose(still.position, [3, -2, 1.6])
    pixels, depth = still.project(np.array([[0.2, 0.1, 0.9], [0.2, 0.1, 1.4]]))
    np.testing.assert_allclose(pixels[0], [320, 240], atol=1e-9)
    assert depth[0] > 3 and pixels[1, 1] < 240 and abs(pixels[1, 0] - 320) < 5, "up is not up"


def test_a_hand_trembles_slowly_and_a_stand_does_not():
    still = aim_camera(np.array([3.0, -2, 1.6]), np.array([0.0, 0, 0.9]), 0.0, 700.0, (640, 480))
    on_stand, by_hand = (
        hold_camera(np.random.default_rng(0), still, 500, held_by_hand) for held_by_hand in (False, True)
    )
    assert (np.ptp(on_stand.R, axis=0) == 0).all() and (np.ptp(on_stand.t, axis=0) == 0).all()
    np.testing.assert_allclose(shot_at(on_stand, 7).R, still.R, atol=1e-6)
    eye = -np.einsum("tji,tj->ti", by_hand.R, by_hand.t)
    assert 0.5 * SHAKE[1] < (eye - still.position).std() < 2 * SHAKE[1]
    middle = (by_hand.R @ np.array([0, 0, 0.9]) + by_hand.t) @ by_hand.K.T
    pixels = middle[:, :2] / middle[:, 2:]
    assert 2 < pixels.std(axis=0).mean() < 12 and np.abs(np.diff(pixels, axis=0)).max() < 3
