import dataclasses

import jax.numpy as jnp
import numpy as np

from sm_jax.geometry.rotations import axis_angle_to_matrix
from sm_jax.motion import pair_frame
from tests.motion.motions import front_camera, random_motion, swap_people

RIGHT = jnp.array([1.0, 0.0, 0.0])


def frame_of(motion, fallback=RIGHT):
    return pair_frame.from_pelvises(motion.pelvis, jnp.float32(0.0), jnp.ones(motion.pelvis.shape[1]), fallback)


def test_round_trip():
    motion = random_motion()
    frame = frame_of(motion)
    back = pair_frame.to_world(pair_frame.to_pair(motion, frame), frame)
    np.testing.assert_allclose(back.pelvis, motion.pelvis, atol=1e-5)
    np.testing.assert_allclose(back.global_orient, motion.global_orient, atol=1e-5)


def test_the_partner_stands_along_x():
    seen = pair_frame.to_pair(random_motion(distance=2.0), frame_of(random_motion(distance=2.0)))
    middle = np.median(np.asarray(seen.pelvis), axis=1)
    np.testing.assert_allclose(middle[:, 0], -1.0, atol=0.1)  # each stands one metre behind the origin of its view
    np.testing.assert_allclose(middle[:, 1], 0.0, atol=0.05)


def test_swapping_people_swaps_the_views():
    motion = random_motion()
    swapped = swap_people(motion)
    a, b = pair_frame.to_pair(motion, frame_of(motion)), pair_frame.to_pair(swapped, frame_of(swapped))
    np.testing.assert_allclose(a.pelvis, b.pelvis[::-1], atol=1e-6)
    np.testing.assert_allclose(a.global_orient, b.global_orient[::-1], atol=1e-6)
    camera = front_camera()
    here, there = (pair_frame.camera_to_pair(camera, frame_of(m)) for m in (motion, swapped))
    for x, y in zip(here, there, strict=True):
        np.testing.assert_allclose(x, y[::-1], atol=1e-6)


def test_turning_the_world_about_the_vertical_changes_nothing():
    motion = random_motion()
    turn = axis_angle_to_matrix(jnp.array([0.0, 0.0, 1.1]))
    turned = dataclasses.replace(
        motion, global_orient=turn[None, None] @ motion.global_orient, pelvis=motion.pelvis @ turn.T
    )
    a, b = pair_frame.to_pair(motion, frame_of(motion)), pair_frame.to_pair(turned, frame_of(turned))
    # Medians are taken axis by axis, so the frame itself may differ by their noise; distances must not.
    np.testing.assert_allclose(
        np.linalg.norm(a.pelvis[0] - a.pelvis[0][:1], axis=-1),
        np.linalg.norm(b.pelvis[0] - b.pelvis[0][:1], axis=-1),
        atol=1e-5,
    )


def test_coinciding_people_fall_back():
    motion = random_motion(distance=0.0)
    motion = dataclasses.replace(motion, pelvis=jnp.broadcast_to(motion.pelvis[:1], motion.pelvis.shape))
    frame = frame_of(motion, fallback=jnp.array([0.0, 1.0, 0.5]))
    np.testing.assert_allclose(frame.R_pair_world[0], [0.0, 1.0, 0.0], atol=1e-6)


def test_hidden_frames_do_not_move_the_frame():
    motion = random_motion(frames=9)
    weight = jnp.ones(9).at[4:].set(0.0)
    far = dataclasses.replace(motion, pelvis=jnp.asarray(motion.pelvis).at[:, 4:].add(50.0))
    a = pair_frame.from_pelvises(motion.pelvis, jnp.float32(0), weight, RIGHT)
    b = pair_frame.from_pelvises(far.pelvis, jnp.float32(0), weight, RIGHT)
    np.testing.assert_allclose(a.origin, b.origin)
