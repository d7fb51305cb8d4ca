"""The viewer builds its scene without a browser: who is where, what is marked, what is switched, what is recorded."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed; pip install 'sm_jax[viewer]'")

from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.viewer import BOTH, FIRST, RESULT, ViewerScene, start_server


@pytest.fixture(scope="module")
def server():
    server = start_server(None)
    yield server
    server.stop()


@pytest.fixture
def before(content):
    """Both half a metre higher."""
    up = np.array([0, 0, 0.5], np.float32)
    motion = dataclasses.replace(content.motion, pelvis=content.motion.pelvis + up)
    return dataclasses.replace(content, motion=motion, joints=content.joints + up)


def test_the_bodies_follow_the_slider(server, body, content):
    scene = ViewerScene(server, body, content)
    for frame in (0, 4):
        scene.show(frame)
        for person in range(2):
            bones = np.array([bone.position for bone in scene.people[RESULT].skins[person].bones])
            np.testing.assert_allclose(bones, content.joints[person, frame], atol=1e-5)
    np.testing.assert_allclose(scene.camera.position, [0, -4, 1], atol=1e-6)
    assert scene.frame.max == 6


def test_one_switch_between_the_result_and_the_estimate(server, body, content, before):
    scene = ViewerScene(server, body, content, before=before)
    for choice, shown in ((RESULT, {RESULT}), (FIRST, {FIRST}), (BOTH, {RESULT, FIRST})):
        scene.motion.value = choice
        scene.show(3)
        assert {name for name, people in scene.people.items() if people.skins[0].visible} == shown
    np.testing.assert_allclose(scene.people[FIRST].skins[0].bones[0].position, before.joints[0, 3, 0], atol=1e-5)
    assert "first estimate" not in ViewerScene(server, body, content).motion.options


def test_skin_is_marked_where_it_was_hidden_made_up_or_touches(server, body, content):
    visibility = content.visibility.copy()
    visibility[1, :, 15] = 0.4  # the head, which was not made up
    scene = ViewerScene(server, body, dataclasses.replace(content, visibility=visibility))
    for frame, made_up in ((0, False), (2, True)):
        scene.show(frame)
        assert scene.marks["made up"].visible == made_up and scene.marks["hidden"].visible
        head = np.linalg.norm(scene.marks["hidden"].points - content.joints[1, frame, 15], axis=-1)
        assert len(head) > 50 and head.max() < 0.35
    arm = scene.marks["made up"].points - content.joints[0, 2, 20]
    assert len(arm) > 20 and np.linalg.norm(arm, axis=-1).max() < 0.5
    scene.with_evidence.value = False
    scene.show(2)
    assert not scene.marks["made up"].visible and not scene.marks["hidden"].visible


def test_contacts_light_up_on_both_skins(server, body, content):
    assert not ViewerScene(server, body, content).marks["contacts"].visible
    pelvis = np.array(content.motion.pelvis)
    pelvis[1, 5] = pelvis[0, 5] + [0.2, 0, 0]
    near = dataclasses.replace(content, motion=dataclasses.replace(content.motion, pelvis=pelvis))
    scene = ViewerScene(server, body, near)
    scene.show(5)
    marks, (vertices, touching) = scene.marks["contacts"], list(zip(
        mesh.posed_frames(body, near.motion), mesh.touching_vertices(body, near.motion), strict=True
    ))[5]  # fmt: skip
    assert marks.visible and touching.any(axis=1).all() and len(marks.points) == touching.sum()
    assert np.linalg.norm(marks.points - vertices[touching], axis=-1).max() < 0.01
    scene.show(0)
    assert not marks.visible


def test_the_picture_of_the_frame_stands_in_the_camera(server, body, content):
    pictures = [np.full((4, 6, 3), 10 * n, np.uint8) for n in range(3)]
    scene = ViewerScene(server, body, content, pictures=pictures)
    for frame, number in ((0, 0), (2, 0), (3, 1), (5, 2), (6, 2)):
        scene.show(frame)
        assert scene.camera.image is pictures[number]
    assert scene.clock.value == "0.24 s, frame 16 of the video"


def test_a_recording_needs_no_python(server, body, content, tmp_path):
    scene = ViewerScene(server, body, content)
    scene.record(tmp_path / "scene.html")
    page = (tmp_path / "scene.html").read_text(encoding="utf-8")
    assert "__VISER_EMBED_DATA__" in page and "<script src=" not in page
    scene.record(tmp_path / "scene.viser")
    assert (tmp_path / "scene.viser").stat().st_size > 50_000
    with pytest.raises(UserError, match="does not exist"):
        scene.record(tmp_path / "gone" / "scene.html")
