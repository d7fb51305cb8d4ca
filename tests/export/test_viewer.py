"""The viewer builds its scene without a browser: who is where, what is marked, switched, drawn over time, recorded."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed; pip install 'sm_jax[viewer]'")

from sm_jax.errors import UserError
from sm_jax.export import mesh
from sm_jax.export.viewer import FIRST, NOTHING, RESULT, ViewerScene, start_server


@pytest.fixture(scope="module")
def server():
    server = start_server(None)
    yield server
    server.stop()


def raised(content, metres):
    """Both people so much higher."""
    up = np.array([0, 0, metres], np.float32)
    motion = dataclasses.replace(content.motion, pelvis=content.motion.pelvis + up)
    return dataclasses.replace(content, motion=motion, joints=content.joints + up)


@pytest.fixture
def others(content):
    return {FIRST: raised(content, 0.5), "refined": raised(content, 0.2)}


def test_the_bodies_follow_the_slider(server, body, content):
    scene = ViewerScene(server, body, content)
    for frame in (0, 4):
        scene.show(frame)
        for person in range(2):
            bones = np.array([bone.position for bone in scene.bodies.skins[person].bones])
            np.testing.assert_allclose(bones, content.joints[person, frame], atol=1e-5)
    np.testing.assert_allclose(scene.camera.position, [0, -4, 1], atol=1e-6)
    assert scene.frame.max == 6


def test_one_switch_between_the_motions_and_one_for_what_stands_beside(server, body, content, others):
    scene = ViewerScene(server, body, content, others=others)
    assert scene.motion.options == (FIRST, "refined", RESULT) and scene.motion.value == RESULT
    assert scene.ghosts
    motions = {**others, RESULT: content}
    for shown, beside in ((RESULT, NOTHING), (FIRST, NOTHING), ("refined", FIRST), (FIRST, FIRST)):
        scene.motion.value, scene.beside.value = shown, beside
        scene.show(3)
        np.testing.assert_allclose(scene.bodies.skins[0].bones[0].position, motions[shown].joints[0, 3, 0], atol=1e-5)
        assert scene.ghosts.skins[0].visible == (beside not in (NOTHING, shown))
        if scene.ghosts.skins[0].visible:
            np.testing.assert_allclose(
                scene.ghosts.skins[0].bones[0].position, motions[beside].joints[0, 3, 0], atol=1e-5
            )
    alone = ViewerScene(server, body, content)
    assert alone.motion.options == (RESULT,) and alone.ghosts is None and not alone.beside.visible


def test_marks_lie_on_the_skin_that_is_shown(server, body, content, others):
    scene = ViewerScene(server, body, content, others=others)
    scene.show(2)
    result = scene.marks["made up"].points.copy()
    scene.motion.value = FIRST
    scene.show(2)
    np.testing.assert_allclose(scene.marks["made up"].points, result + np.array([0, 0, 0.5]), atol=1e-5)


def test_the_other_hypotheses_are_lines(server, body, content, others):
    scene = ViewerScene(server, body, content, hypotheses=list(others.values()))
    scene.show(5)
    assert scene.skeletons
    for person, lines in enumerate(scene.skeletons.lines):
        assert lines.visible and lines.points.shape == (2 * 23, 2, 3)
        ends = np.unique(lines.points.reshape(-1, 3).round(5), axis=0)
        joints = np.concatenate([other.joints[person, 5] for other in others.values()])
        np.testing.assert_allclose(ends, np.unique(joints.round(5), axis=0), atol=1e-4)
    assert scene.bodies.opacity == 0.5  # else most of them would be inside
    scene.with_hypotheses.value = False
    scene.show(5)
    assert scene.bodies.opacity is None
    assert not any(lines.visible for lines in scene.skeletons.lines)
    assert not ViewerScene(server, body, content).with_hypotheses.visible


def test_curves_have_a_line_where_the_clip_stands(server, body, content):
    time = content.time[0] + np.arange(600) / 600 * (content.time[-1] - content.time[0])
    height = np.where(np.arange(600) == 401, 9.0, 1.0)  # a peak of one moment stays
    curves = {"a (mm)": {FIRST: height, RESULT: np.full(600, np.nan)}, "b (px)": {FIRST: 2 * height, RESULT: height}}
    scene = ViewerScene(server, body, content, curves=curves, curve_times=time)
    scene.show(3)
    assert scene.plot
    x, before, after, now = scene.plot.chart.data
    assert len(x) < 400 and (np.diff(x) >= 0).all() and np.nanmax(before) == 9.0 and np.isnan(after).all()
    (ends,) = np.nonzero(np.isfinite(now))
    np.testing.assert_allclose(x[ends], content.time[3], atol=0.01)
    np.testing.assert_array_equal(now[ends], [0.0, 9.0])
    scene.plot.kind.value = "b (px)"
    scene.show(6)
    assert np.nanmax(scene.plot.chart.data[1]) == 18.0
    scales = scene.plot.chart.scales
    assert scales and scales["y"]["range"] == pytest.approx((0.0, 1.05 * 18))
    assert [series["label"] for series in scene.plot.chart.series[1:]] == [FIRST, RESULT, "now"]


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
