"""A result's folder becomes a scene, or a recording; a bare motion too."""

import pytest

pytest.importorskip("viser", reason="viser is not installed; pip install 'sm_jax[viewer]'")

from sm_jax.errors import UserError
from sm_jax.export.viewer import FIRST, start_server
from sm_jax.pipeline import view
from sm_jax.pipeline.result import load_result
from tests.pipeline.results import write_result


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return write_result(tmp_path_factory.mktemp("view") / "out")


def test_a_result_has_its_first_estimate_and_its_figures(result):
    server, found = start_server(None), load_result(result)
    try:
        scene = view.result_scene(server, found)
        assert FIRST in scene.people and scene.pictures == []  # its video is not known
        assert "| Trembling | 20 m/s³ | 5 m/s³ | 4.0 times less |" in view.figures(found)
    finally:
        server.stop()


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
