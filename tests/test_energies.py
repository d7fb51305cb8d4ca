"""What must not matter does not: every term of the combined energy before and after a change of the whole scene."""

import dataclasses

import jax
import numpy as np
import pytest

from sm_jax.body import skeleton
from sm_jax.body.io import load_body
from sm_jax.data.augment import mirror
from sm_jax.energies.combine import SURFACE_EVERY, EnergyWeights, Evidence, energy
from sm_jax.geometry import rotations
from sm_jax.motion.frames import map_frames
from sm_jax.types import Motion
from tests.energies.scenes import TERMS, scene

T, LONG = 5, 11  # frames: no other numbers, since each compiles all energies anew
GRAVITY = {"ground", "skating"}  # terms that know which way is up
Scene = tuple[Motion, np.ndarray, Evidence]


@pytest.fixture(scope="module")
def report():
    body = load_body("open-low")
    run = jax.jit(
        lambda motion, contact, evidence: energy(body, motion, contact, evidence, EnergyWeights().active())[1]
    )
    return lambda scene: {name: float(value) for name, value in run(*scene).items()}


@pytest.fixture(scope="module")
def before(report) -> dict[str, float]:
    found = report(scene(T))
    assert set(found) == set(TERMS)
    assert min(found.values()) > 1e-4, f"some term is at rest, the comparison would say nothing: {found}"
    return found


def assert_same(after: dict[str, float], before: dict[str, float], names=TERMS, rtol: float = 2e-3) -> None:
    for name in names:
        assert after[name] == pytest.approx(before[name], rel=rtol), name


def moved(motion: Motion, R: np.ndarray, t: np.ndarray) -> Motion:
    return dataclasses.replace(
        motion, global_orient=R @ np.asarray(motion.global_orient), pelvis=np.asarray(motion.pelvis) @ R.T + t
    )


def in_another_world(given: Scene, axis_angle: list[float], t: list[float]) -> Scene:
    """The people, the estimate and the camera in a world that is turned and moved."""
    motion, foot_contact, evidence = given
    R = np.asarray(rotations.axis_angle_to_matrix(np.array(axis_angle, np.float32)))
    shift = np.array(t, np.float32)
    camera = evidence.camera
    turned = np.asarray(camera.R) @ R.T
    camera = dataclasses.replace(camera, R=turned, t=np.asarray(camera.t) - turned @ shift)
    estimate = moved(evidence.estimate, R, shift)
    return moved(motion, R, shift), foot_contact, dataclasses.replace(evidence, camera=camera, estimate=estimate)


def test_heading_place_and_height_of_the_world(report, before):
    assert_same(report(in_another_world(scene(T), [0, 0, 2.1], [3, -2, 1.5])), before)


def test_any_turn_of_the_world_for_terms_without_gravity(report, before):
    after = report(in_another_world(scene(T), [1.1, -0.7, 0.4], [1, 2, 3]))
    assert_same(after, before, set(TERMS) - GRAVITY)
    assert all(after[name] != pytest.approx(before[name], rel=0.02) for name in GRAVITY)


def test_which_person_comes_first(report, before):
    motion, foot_contact, evidence = scene(T)
    motion, estimate = (jax.tree.map(lambda x: x[::-1], m) for m in (motion, evidence.estimate))
    contacts = evidence.contacts
    evidence = dataclasses.replace(
        evidence,
        **{name: getattr(evidence, name)[::-1] for name in ("keypoints", "keypoint_confidence", "visibility")},
        estimate=estimate,
        contacts=dataclasses.replace(contacts, mask_a=contacts.mask_b, mask_b=contacts.mask_a),
    )
    assert_same(report((motion, foot_contact[::-1], evidence)), before)


def test_resolution_of_the_picture(report, before):
    motion, foot_contact, evidence = scene(T)
    zoom = np.float32(3)
    camera = evidence.camera
    K = np.asarray(camera.K) * np.array([[3], [3], [1]], np.float32)
    camera = dataclasses.replace(camera, K=K, image_size=zoom * camera.image_size)
    evidence = dataclasses.replace(evidence, camera=camera, keypoints=zoom * evidence.keypoints)
    assert_same(report((motion, foot_contact, evidence)), before)


def padded(given: Scene, first: int, last: int) -> Scene:
    """The scene with frames of other scenes before and after it, masked out."""
    motion, foot_contact, evidence = given

    def put(x, other, axis):
        return np.concatenate([np.take(other, range(first), axis), x, np.take(other, range(last), axis)], axis)

    other_motion, other_contact, other = scene(max(first, last, 1), seed=50)
    nan = np.full_like(other.keypoints, np.nan)
    camera, contacts = evidence.camera, evidence.contacts
    return (
        _put_motion(motion, other_motion, put),
        put(foot_contact, other_contact, 1),
        dataclasses.replace(
            evidence,
            keypoints=put(evidence.keypoints, nan, 1),
            keypoint_confidence=put(evidence.keypoint_confidence, other.keypoint_confidence, 1),
            camera=dataclasses.replace(
                camera, R=put(camera.R, -other.camera.R, 0), t=put(camera.t, 1 - other.camera.t, 0)
            ),
            contacts=dataclasses.replace(contacts, weight=put(contacts.weight, other.contacts.weight, 1)),
            estimate=_put_motion(evidence.estimate, other.estimate, put),
            visibility=put(evidence.visibility, other.visibility, 1),
            frame_mask=put(evidence.frame_mask, 0 * other.frame_mask, 0),
        ),
    )


def _put_motion(motion: Motion, other: Motion, put) -> Motion:
    parts = {name: put(getattr(motion, name), getattr(other, name), 1) for name in ("global_orient", "body_pose")}
    return dataclasses.replace(motion, **parts, pelvis=put(motion.pelvis, other.pelvis, 1))


@pytest.mark.parametrize("standing", [True, False])
def test_padding_and_a_shift_in_time(report, standing):
    motion, foot_contact, evidence = scene(T)
    given = (motion, foot_contact * np.float32(standing), evidence)
    around, behind = (2 * SURFACE_EVERY, LONG - T - 2 * SURFACE_EVERY), (0, LONG - T)
    late, early = (report(padded(given, *frames)) for frames in (around, behind))
    assert_same(late, report(given))
    assert_same(early, report(given))


def test_left_and_right(report):
    """A mirrored scene costs the same, as far as the body is its own mirror image (its surface points are not)."""
    motion, foot_contact, evidence = scene(T)
    joints, keypoints = (np.array(skeleton.mirror_permutation(n)) for n in (skeleton.JOINTS, skeleton.KEYPOINTS))
    flip, feet = np.array([-1, 1, 1], np.float32), np.array([1, 0, 3, 2])
    camera = evidence.camera
    mirrored = dataclasses.replace(
        evidence,
        keypoints=(np.array([640, 0]) + np.array([-1, 1]) * evidence.keypoints)[:, :, keypoints].astype(np.float32),
        keypoint_confidence=evidence.keypoint_confidence[:, :, keypoints],
        camera=dataclasses.replace(camera, R=flip[:, None] * camera.R * flip, t=flip * camera.t),
        estimate=jax.device_get(mirror(evidence.estimate)),
        visibility=evidence.visibility[:, :, joints],
    )
    names = set(TERMS) - {"contact", "penetration"}
    after = report((jax.device_get(mirror(motion)), foot_contact[:, :, feet], mirrored))
    assert_same(after, report((motion, foot_contact, evidence)), names, rtol=5e-3)
    unlike = report((jax.device_get(mirror(motion)), foot_contact, evidence))
    assert unlike["prior"] != pytest.approx(after["prior"], rel=0.02)


def test_frame_rate(report):
    """The same glide at even speed and even rise at even acceleration, sampled more than twice as often."""

    def sampled(n: int, fps: int) -> dict[str, float]:
        time = np.arange(n, dtype=np.float32)[None, :, None] / np.float32(fps)
        path = time * np.array([0.3, 0, 0], np.float32) + np.square(time) * np.array([0, 0, 4], np.float32)
        motion, foot_contact, evidence = scene(n)
        still = map_frames(motion, lambda x: np.repeat(np.asarray(x)[:, :1], n, 1))
        motion = dataclasses.replace(still, pelvis=still.pelvis + path)
        evidence = dataclasses.replace(evidence, fps=np.array(fps, np.float32))
        return report((motion, np.ones_like(foot_contact), evidence))

    slow, fast = sampled(T, 30), sampled(LONG, 66)
    assert min(slow["skating"], slow["smoothness"]) > 0.1
    assert_same(fast, slow, {"skating", "smoothness"})
