import dataclasses

import numpy as np
import pytest

from sm_jax.data import codec, store
from sm_jax.data.store import open_set
from sm_jax.errors import UserError
from sm_jax.evaluation.benchmarks import sets
from sm_jax.evaluation.benchmarks.frozen import SIMULATED, VIEWS
from sm_jax.evaluation.evaluate import EvaluationConfig, make_cases
from sm_jax.motion.frames import map_frames
from sm_jax.motion.windows import LENGTH
from tests.data.public_rigs import Rig
from tests.data.sequences import alone, sequence


@pytest.mark.parametrize("name", sets.BENCHMARKS)
def test_every_benchmark_opens_and_every_case_is_named_once(name):
    cases = sets.BENCHMARKS[name]()
    assert len({case.name for case in cases}) == len(cases) > 3
    assert all(np.isfinite(case.observation.keypoints).all() for case in cases if case.observation is not None)


def test_simulated_has_every_level_of_every_clip():
    cases = sets.BENCHMARKS["simulated"]()
    assert len(cases) == 8 * len(VIEWS[SIMULATED])
    assert {case.level for case in cases} == set(VIEWS[SIMULATED])
    assert {case.take for case in cases if case.take.startswith("salsa")} == {"salsa_13", "salsa_14", "salsa_15"}


def test_what_is_held_out_shows_two_people(tmp_path):
    assert [take.name for take in sets.held_out("salsa", "val")] == ["salsa_12"]
    records = [codec.encode(one) for one in (sequence("long", 70), sequence("short", 60, 3), alone(70))]
    store.save(tmp_path / "set.npz", records, open_set("salsa").statistics, "")
    path = str(tmp_path / "set.npz")
    assert [take.name for take in sets.held_out(path, "train")] == ["long"]
    with pytest.raises(UserError, match="no two people for 64 frames"):
        sets.held_out(path, "val")
    with pytest.raises(UserError, match="no split test, only train, val: name one with --split"):
        sets.held_out(path, "test")


def test_windows_cover_the_takes_without_overlap():
    takes = sets.held_out("salsa", "test")
    cut = list(sets.cut_windows(takes))
    assert {one.name.partition("_from_")[0] for one in cut} == {take.name for take in takes}
    assert all(one.motion.pelvis.shape == (2, LENGTH, 3) for one in cut)
    np.testing.assert_array_equal(cut[1].motion.pelvis, takes[0].motion.pelvis[:, LENGTH : 2 * LENGTH])


def test_two_bvh_files_must_be_there(tmp_path):
    with pytest.raises(UserError, match=r"first\.bvh"):
        sets.from_bvh(tmp_path / "first.bvh", tmp_path / "second.bvh")


def test_bvh_files_are_read_as_told_and_too_short_ones_refused_before_the_fit(tmp_path, monkeypatch):
    rig = Rig("Xsens")
    paths = [tmp_path / f"{which}.bvh" for which in ("first", "second")]
    for path in paths:
        path.write_text(rig.bvh(rig.names, n_frames=40))
    monkeypatch.setattr(sets, "prepare", lambda *_: pytest.fail("fitted"))
    with pytest.raises(UserError, match=r"first\.bvh: 40 frames at 30 fps, shorter than the 64 of a window"):
        sets.from_bvh(*paths)
    asked = EvaluationConfig(bvh=(paths[0], paths[1]), fps=60.0, up="z", scale=0.01, map=("left_hand=LeftWrist_end",))
    with pytest.raises(UserError, match="first.bvh: 20 frames at 30 fps"):
        make_cases(asked)
    with pytest.raises(UserError, match="--map left_nose=x: no such landmark"):
        make_cases(dataclasses.replace(asked, map=("left_nose=x",)))


def test_the_same_seeds_simulate_the_same():
    takes = sets.held_out("salsa", "val")
    short = [dataclasses.replace(takes[0], motion=map_frames(takes[0].motion, lambda x: x[:, : 2 * LENGTH]),
                                 foot_contact=takes[0].foot_contact[:, : 2 * LENGTH], contacts=())]  # fmt: skip
    first, second = sets.simulated(short, 2), sets.simulated(short, 2)
    assert [case.level for case in first] == ["simulation 0"] * 2 + ["simulation 1"] * 2
    for a, b in zip(first, second, strict=True):
        assert a.observation is not None and b.observation is not None
        np.testing.assert_array_equal(a.observation.keypoints, b.observation.keypoints)
    one, other = first[0].observation, first[2].observation
    assert one is not None and other is not None and not np.array_equal(one.keypoints, other.keypoints)
