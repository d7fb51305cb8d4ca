import dataclasses
import json

import numpy as np
import pytest

from sm_jax.body.io import load_body
from sm_jax.data.store import load_salsa
from sm_jax.errors import UserError
from sm_jax.evaluation.score import paired, score
from sm_jax.export.npz import motion_file, save_motion
from sm_jax.motion.frames import map_frames
from sm_jax.types import Camera

T = 20


@pytest.fixture(scope="module")
def dance():
    """Two people out of each other's reach: where skins meet, their depth takes minutes."""
    motion = map_frames(load_salsa("val")[0].motion, lambda x: x[:, 100 : 100 + T])
    away = np.mean(motion.pelvis[1] - motion.pelvis[0], axis=0)
    return dataclasses.replace(motion, pelvis=motion.pelvis + np.stack([0.0 * away, 3.0 * away])[:, None])


def write(path, motion, fps=30.0):
    camera = Camera(K=np.eye(3), R=np.tile(np.eye(3), (T, 1, 1)), t=np.zeros((T, 3)), image_size=np.ones(2))
    content = motion_file(
        load_body(), motion, camera, fps=fps, frame_index=np.arange(T), visibility=np.ones((2, T, 24)),
        infilled=np.zeros((2, T, 24), bool), spread=np.zeros((2, T, 24)), provenance={},
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    save_motion(path, content)
    return path


def test_the_truth_scores_zero_and_apart_does_not(dance, tmp_path, capsys):
    true = write(tmp_path / "true.npz", dance)
    apart = dataclasses.replace(dance, pelvis=dance.pelvis + np.array([0.0, 0.1])[:, None, None])
    moved = write(tmp_path / "moved.npz", apart)
    same = score("closeint", true, true, None)
    assert same["protocol"] == "closeint-open" and same["frames_used"] == 16
    assert same["summary"]["mpjpe_mm"]["mean"] == same["summary"]["a_pd_excess_mm"]["mean"] == 0
    other = score("closeint", moved, true, tmp_path / "out" / "score.json")
    assert other["summary"]["interaction_mm"]["mean"] > 10
    assert "95 % interval" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "score.json").read_text())["rows"]["moved"]["interaction_mm"] > 10


def test_folders_are_paired_by_name(dance, tmp_path):
    for folder in ("pred", "true"):
        for name in ("a", "b"):
            write(tmp_path / folder / name / "motion.npz", dance)
            (tmp_path / folder / name / "observation.npz").write_bytes(b"not a motion")
    result = score("world", tmp_path / "pred", tmp_path / "true", None)
    assert list(result["rows"]) == ["a/motion", "b/motion"] and result["sequences"] == 2
    (tmp_path / "pred" / "b" / "motion.npz").unlink()
    with pytest.raises(UserError, match=r"1 of 2 predictions are missing, such as b/motion.npz"):
        paired(tmp_path / "pred", tmp_path / "true")


def test_what_does_not_fit_is_said(dance, tmp_path):
    true = write(tmp_path / "true.npz", dance)
    with pytest.raises(UserError, match="no such file"):
        score("world", tmp_path / "none.npz", true, None)
    with pytest.raises(UserError, match="give both at one rate"):
        score("world", write(tmp_path / "slow.npz", dance, fps=25.0), true, None)
    with pytest.raises(UserError, match="give two files or two folders"):
        score("world", tmp_path, true, None)
