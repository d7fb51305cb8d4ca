"""A result's folder becomes a scene, or a recording; a bare motion too."""

import dataclasses
import shutil

import numpy as np
import pytest

pytest.importorskip("viser", reason="viser is not installed; pip install 'sm_jax[viewer]'")

from sm_jax.errors import UserError
from sm_jax.export.npz import motion_file, save_motion
from sm_jax.export.viewer import FIRST, RESULT, start_server
from sm_jax.pipeline import view
from sm_jax.pipeline.result import load_result
from tests.pipeline.results import FRAMES, still_motion, write_result


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return write_result(tmp_path_factory.mktemp("view") / "out")


def test_a_result_has_all_its_motions_and_its_figures(result):
    server, found = start_server(None), load_result(result)
    try:
        scene = view.result_scene(server, found)
        assert tuple(scene.motions) == (FIRST, "infilled", "refined", RESULT)
        assert scene.pictures == []  # its video is not known
        assert scene.skeletons is not None and scene.skeletons.bones.shape == (2, FRAMES, 1, 23, 2, 3)
        assert "| Trembling | 20 m/s³ | 5 m/s³ | 4.0 times less |" in view.figures(found)
    finally:
        server.stop()


def test_what_is_drawn_over_time(result):
    """People who stand still, 10 cm apart in the result and a metre on the way; contacts are said of 20 frames."""
    found = load_result(result)
    drawn = view.curves(found, {**found.stages(), RESULT: found.content})
    assert list(drawn) == ["Off the picture (px)", "Bodies in each other (mm)", "Sliding feet (mm/s)",
                           "Trembling (m/s³)", "Contacts apart (mm)"]  # fmt: skip
    for each in drawn.values():
        assert list(each) == ["infilled", "refined", RESULT] and all(len(x) == FRAMES for x in each.values())
    depth = {name: values.max() for name, values in drawn["Bodies in each other (mm)"].items()}
    assert depth[RESULT] > depth["refined"] + 30
    apart = drawn["Contacts apart (mm)"][RESULT]
    assert np.isfinite(apart[:20]).all() and np.isnan(apart[20:]).all()
    off = drawn["Off the picture (px)"]
    assert off[RESULT].max() < 0.1 and off["refined"].max() > 50


def test_a_result_that_kept_nothing_on_the_way(result, tmp_path):
    shutil.copytree(result, tmp_path / "old", ignore=shutil.ignore_patterns("stages", "hypotheses"))
    old = load_result(tmp_path / "old")
    assert old.stages() == {} and old.hypotheses() == []


def test_motions_of_another_run_are_refused(result, tmp_path):
    shutil.copytree(result, tmp_path / "mixed")
    found = load_result(tmp_path / "mixed")
    other = still_motion(frames=FRAMES - 1)
    fewer = {name: getattr(found.content, name)[:, :-1] for name in ("visibility", "infilled", "spread")}
    camera = dataclasses.replace(found.content.camera, R=found.content.camera.R[:-1], t=found.content.camera.t[:-1])
    content = motion_file(
        found.body, other, camera, fps=30.0, frame_index=np.arange(FRAMES - 1), **fewer, provenance={}
    )
    save_motion(tmp_path / "mixed" / "stages" / "refined.npz", content)
    save_motion(tmp_path / "mixed" / "hypotheses" / "1.npz", content)
    for read in (found.stages, found.hypotheses):
        with pytest.raises(UserError, match="not of one run"):
            read()


def test_what_is_saved_is_replaced_only_if_it_is_a_recording(result, tmp_path):
    view.view(result / "motion.npz", save=tmp_path / "scene.html")
    assert (tmp_path / "scene.html").stat().st_size > 500_000
    with pytest.raises(UserError, match="exists already"):
        view.view(result, save=tmp_path / "scene.html")
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(UserError, match="did not write"):
        view.view(result, save=tmp_path / "mine.html", overwrite=True)
    with pytest.raises(UserError, match=".html or .viser"):
        view.view(result, save=tmp_path / "scene.mp4")
