"""A script becomes tracks: hands have places to go, and touches become contacts."""

import numpy as np

from sm_jax.synthetic import direct
from sm_jax.synthetic.figure import PARTNER
from sm_jax.synthetic.script import Foot, Hand, On, Own, Role, Script, stay
from sm_jax.types import Contact

HAND = Hand(side="right", to=On(region="left_shoulder"), start=1.0, end=2.0)


def script(**more) -> Script:
    return Script(seconds=3.0, a=Role(way=stay(-0.4, 0.0, 0.0), **more), b=Role(way=stay(0.4, 0.0, 180.0)))


def test_a_hand_on_the_partner_is_a_contact():
    (touch,) = direct.touches(script(hands=(HAND, Hand(side="left", to=Own(point=(0, 0, 0)), start=0.0, end=1.0))))
    assert direct.contact(touch, 50) == Contact(
        region_a="hand", side_a="right", region_b="shoulder", side_b="left", start=30, end=50
    )


def test_tracks_follow_the_script(skins, cast):
    tracks = direct.tracks(script(hands=(HAND,)), cast, skins, 120, np.random.default_rng(0))
    assert tracks.way.shape == (2, 120, 2) and tracks.hand_point.shape == (2, 120, 2, direct.CAPACITY, 3)
    np.testing.assert_allclose(tracks.way[:, :, 0], np.tile([[-0.4], [0.4]], 120), atol=0.05)
    assert tracks.hand_frame[0, 1, 1] >= PARTNER and (
        tracks.hand_weight[0, 45, 1, 1],
        tracks.hand_weight[0, 0, 1, 1],
    ) == (1, 0)
    np.testing.assert_allclose(np.linalg.norm(tracks.hand_palm[0, 45, 1, 1]), 1.0, atol=1e-5)
    for track in (tracks.way, tracks.gaze, tracks.trunk):
        np.testing.assert_array_equal(track[:, 95:], np.repeat(track[:, 95:96], 25, axis=1), "still after the end")


def test_feet_can_be_placed(skins, cast):
    foot = Foot(side="left", place=(0.3, 0.1, 0.2), yaw=0.0, start=1.0, end=1.5, pitch=30.0)
    tracks = direct.tracks(script(feet=(foot,)), cast, skins, 90, np.random.default_rng(0))
    np.testing.assert_allclose(tracks.foot_place[0, 40, 0], [0.3, 0.1], atol=1e-6)
    np.testing.assert_allclose(
        [tracks.foot_lift[0, 40, 0], tracks.foot_pitch[0, 40, 0]], [0.2, np.radians(30)], atol=1e-6
    )
    assert tracks.foot_lift[0, 0, 0] == 0.0 and tracks.foot_lift[1].max() == 0.0


def test_the_same_chance_gives_the_same_tracks(skins, cast):
    first, again = (direct.tracks(script(), cast, skins, 60, np.random.default_rng(5)).way for _ in range(2))
    np.testing.assert_array_equal(first, again)
