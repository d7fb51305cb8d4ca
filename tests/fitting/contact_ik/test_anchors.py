import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from sm_jax.body import smpl
from sm_jax.body.skeleton import JOINTS, SIDED_REGIONS
from sm_jax.errors import UserError
from sm_jax.fitting.contact_ik import anchors as module
from sm_jax.fitting.contact_ik.anchors import GRIP, anchors, distances, touches
from sm_jax.types import Contact
from tests.fitting.people import FPS, FRAMES, facing

SHAKE = Contact(region_a="hand", side_a="right", region_b="hand", side_b="right", start=20, end=40)
HUG = Contact(region_a="chest", region_b="chest", start=20, end=40)


def test_hands_are_their_knuckles(body):
    found = anchors(body, facing(0.8), [SHAKE], FPS)
    assert [JOINTS[int(j[0])] for j in (found.joint_a, found.joint_b)] == ["right_hand", "right_hand"]
    np.testing.assert_array_equal(found.point_a[0], 0)
    assert found.gap[0] == pytest.approx(GRIP)


def test_other_regions_are_their_nearest_points(body):
    motion = facing(0.5)
    found = anchors(body, motion, [HUG], FPS)
    points = np.asarray(smpl.surface_points(body, smpl.pose(body, motion)))
    chest = np.asarray(body.surface_region) == SIDED_REGIONS.index("chest")
    apart = np.linalg.norm(points[0, 30][chest][:, None] - points[1, 30][chest][None], axis=-1)
    # A point rides on one joint, where skin follows several.
    assert np.asarray(distances(body, motion, found))[0, 30] == pytest.approx(apart.min(), abs=0.01)


def test_weight_is_one_in_the_span_and_ramps_around_it(body):
    weight = np.asarray(anchors(body, facing(0.8), [SHAKE], FPS).weight)
    assert weight.shape == (8, FRAMES)
    assert (weight[0, 20:40] == 1).all()
    assert (np.diff(weight[0, :21]) >= -1e-6).all()
    assert (np.diff(weight[0, 39:]) <= 1e-6).all()
    assert 0.05 < weight[0, 17] < 1
    assert weight[0, [0, -1]].max() < 0.01
    assert not weight[1:].any()


def test_person_a_says_whose_region_comes_first(body):
    contact = Contact(region_a="hand", side_a="left", region_b="shoulder", side_b="right", person_a=1, start=5, end=9)
    found = anchors(body, facing(0.6), [contact], FPS)
    assert JOINTS[int(found.joint_b[0])] == "left_hand"
    assert JOINTS[int(found.joint_a[0])].startswith("right_")


def test_without_a_side_the_nearer_one_is_taken(body):
    motion = facing(0.6)
    motion = dataclasses.replace(
        motion, pelvis=jnp.asarray(motion.pelvis).at[1, :, 1].add(0.4)
    )  # to the left of person 0
    found = anchors(body, motion, [Contact(region_a="hand", region_b="hand", start=0, end=9)], FPS)
    assert JOINTS[int(found.joint_a[0])] == "left_hand"


def test_contacts_of_the_same_points_share_a_row(body):
    later = dataclasses.replace(SHAKE, start=50, end=60)
    weight = np.asarray(anchors(body, facing(0.8), [SHAKE, later], FPS).weight)
    assert (weight[0, 20:40] == 1).all() and (weight[0, 50:60] == 1).all()
    assert not weight[1:].any()


def test_points_of_a_touch_go_with_the_shape(body):
    motion = facing(0.5)
    kept = touches(body, motion, [HUG], FPS)
    betas = np.zeros((2, 10), np.float32)
    betas[0, 0] = 1.5
    found = kept.on(betas)
    vertex = np.argmin(np.abs(np.asarray(body.v_template) - np.asarray(body.joint_template)[int(found.joint_a[0])]
                              - np.asarray(kept.a.point)[0]).sum(axis=1))  # fmt: skip
    shaped = smpl.shaped(body.v_template, body.shapedirs, betas[0])[vertex]
    rest = smpl.rest_joints(body, betas[0])[int(found.joint_a[0])]
    np.testing.assert_allclose(found.point_a[0], shaped - rest, atol=1e-5)


def test_mistakes_are_named(body):
    motion = facing(0.8)
    with pytest.raises(UserError, match="frames 80 to 90 in a motion of 64"):
        anchors(body, motion, [dataclasses.replace(SHAKE, start=80, end=90)], FPS)
    with pytest.raises(UserError, match="left_wing: no such body region|wing: no such body region"):
        anchors(body, motion, [dataclasses.replace(SHAKE, region_a="wing")], FPS)
    with pytest.raises(UserError, match="2 contacts, where 1 fit"):
        anchors(body, motion, [SHAKE, HUG], FPS, capacity=1)


def test_ramps_of_spans_at_the_ends_stay_whole():
    assert (module.ramped(np.ones((1, 20)), FPS) == 1).all()
