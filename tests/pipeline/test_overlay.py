"""A finished result is drawn again, with the first estimate from its own files."""

import av
import pytest

from sm_jax.errors import UserError
from sm_jax.pipeline.overlay import draw_overlay
from tests.pipeline.results import FRAMES, write_result


def test_drawn_again(tmp_path, monkeypatch):
    monkeypatch.setattr("sm_jax.export.overlay.HEIGHT", 96)
    folder, out = write_result(tmp_path / "out"), tmp_path / "compared.mp4"
    draw_overlay(folder, out, contacts=True, compare=True)
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == FRAMES and (frames[0].width, frames[0].height) == (192, 96)
    with pytest.raises(UserError, match="exists already"):
        draw_overlay(folder, out)
    with pytest.raises(UserError, match="ends in .mp4"):
        draw_overlay(folder, tmp_path / "overlay.gif")
    (tmp_path / "mine.mp4").write_text("mine, and no film")
    with pytest.raises(UserError, match="did not write"):
        draw_overlay(folder, tmp_path / "mine.mp4", overwrite=True)
