import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data.sources import cmu
from sm_jax.errors import UserError
from tests.data import acclaim

N_FRAMES = 9
TO_Z_UP = Rotation.from_euler("x", 90, degrees=True).as_matrix()


def motion(seed):
    """A root path [T, 3] around hip height and turns of some bones."""
    rng = np.random.default_rng(seed)
    names = ("root", "lfemur", "ltibia", "thorax", "head", "rhumerus", "rradius", "rwrist", "rhand", "lfoot")
    turns = {name: Rotation.from_rotvec(rng.normal(0, 0.5, (N_FRAMES, 3))).as_matrix() for name in names}
    return np.array([seed, 1.0, 0.0]) + rng.normal(0, 0.2, (N_FRAMES, 3)), turns


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Trials 18_01 and 22_04 in the archive's nesting."""
    folder = tmp_path_factory.mktemp("cmu")
    for seed, id in enumerate(("18_01", "19_01", "22_04", "23_04")):
        place = folder / "all_asfamc" / "subjects" / id[:2]
        place.mkdir(parents=True)
        acclaim.write_asf(place / f"{id[:2]}.asf")
        acclaim.write_amc(place / f"{id}.amc", *motion(seed))
    return folder


@pytest.fixture(scope="module")
def takes(folder):
    return {take.name: take for take in cmu.read(folder)}


def test_trials_are_found_wherever_they_lie(takes, folder, caplog):
    take = takes["cmu_18_01_19_01"]
    assert set(takes) == {"cmu_18_01_19_01", "cmu_22_04_23_04"}
    assert (take.fps, take.split, takes["cmu_22_04_23_04"].split) == (30.0, "val", "train")
    assert take.positions.shape == (2, 3, len(cmu.LANDMARKS), 3)
    next(cmu.read(folder))
    (said,) = caplog.messages
    assert "53 of 55 trials of two people are missing: 18_02/19_02" in said


def test_positions_are_those_of_the_motion_that_was_written(takes):
    take = takes["cmu_18_01_19_01"]
    for person in range(2):
        x, _ = acclaim.bone_ends(*motion(person))
        for name, bone in {"left_ankle": "ltibia", "right_wrist": "rwrist", "right_hand": "rfingers",
                           "neck": "lowerneck", "left_hip": "lhipjoint", "pelvis": "root"}.items():  # fmt: skip
            found = take.positions[person, :, take.names.index(name)]
            wanted = x[bone][::4] @ TO_Z_UP.T
            np.testing.assert_allclose(found[:, :2], wanted[:, :2], atol=1e-6)
            np.testing.assert_allclose(np.diff(found[:, 2]), np.diff(wanted[:, 2]), atol=1e-6)


def test_both_people_stand_on_one_floor(takes):
    take = takes["cmu_18_01_19_01"]
    feet = [i for i, name in enumerate(take.names) if name.endswith(("ankle", "foot", "toe"))]
    assert np.median(take.positions[:, :, feet, 2].min(axis=(0, 2))) == pytest.approx(0.0, abs=1e-9)
    x = [acclaim.bone_ends(*motion(person))[0]["root"][0] @ TO_Z_UP.T for person in range(2)]
    np.testing.assert_allclose(take.positions[1, 0, 0] - take.positions[0, 0, 0], x[1] - x[0], atol=1e-6)


def test_orientations_are_relative_to_a_t_pose(takes):
    """The rest pose stands astride: a bone's turn from a T-pose is its turn from rest after the leg's 20 degrees."""
    take = takes["cmu_18_01_19_01"]
    _, R = acclaim.bone_ends(*motion(0))
    astride = Rotation.from_euler("z", 20, degrees=True).as_matrix()
    for name, bone, rest in (("pelvis", "root", np.eye(3)), ("right_elbow", "rradius", np.eye(3)),
                             ("left_hip", "lfemur", astride), ("left_ankle", "lfoot", astride)):  # fmt: skip
        found = take.orientations[0, :, take.names.index(name)]
        np.testing.assert_allclose(found, TO_Z_UP @ R[bone][::4] @ rest, atol=1e-5)


def test_the_table_holds_55_trials_and_keeps_interactions_together():
    trials = cmu.trials()
    assert len(trials) == 55
    assert {trial.split for trial in trials} == {"train", "val", "test"}
    splits = {}
    for trial in trials:
        assert splits.setdefault(trial.interaction, trial.split) == trial.split, trial.interaction
        assert 1 <= len(trial.texts) <= 3
        for text in trial.texts:
            assert text[0].isupper() and text.endswith("."), text
            if {"A", "B"} & set(trial.index.replace(";", " ").split()):
                assert any(word in text for word in ("first person", "second person", "One person")), text


def test_nobody_does_to_the_other_what_the_index_says_otherwise():
    doer = {"A": "The first person", "B": "The second person"}
    for trial in cmu.trials():
        for who, verb in (("A", "comforts"), ("B", "comforts"), ("A", "shelters"), ("B", "shelters"), ("A", "pulls")):
            if f"{who} {verb} " in trial.index and not trial.index.startswith(("A sits", "B sits")):
                assert trial.texts[0].startswith(f"{doer[who]} {verb} "), trial


@pytest.fixture(scope="module")
def singles(tmp_path_factory):
    """A pair of which half is missing, single subjects at both rates, a text of exponential maps, and other files."""
    folder = tmp_path_factory.mktemp("singles")
    for seed, id in enumerate(("18_01", "05_02", "62_07", "06_01")):
        acclaim.write_asf(folder / f"{id[:2]}.asf")
        acclaim.write_amc(folder / f"{id}.amc", *motion(seed))
    acclaim.write_amc(folder / "99_01.amc", *motion(7))  # its skeleton is not there
    np.savetxt(folder / "train_soccer_soccer_2.txt", np.full((10, 117), 0.1), delimiter=",")
    np.savetxt(folder / "test_basketball_signal_basketball_signal_1.txt", np.zeros((10, 117)), delimiter=",")
    (folder / "LICENSE.txt").write_text("Do, what, you, like.")
    return folder


def test_single_people_are_found_with_their_splits(singles):
    found = cmu.find(singles)
    assert not found.pairs and len(found.missing) == 55
    assert {single.name: single.split for single in found.singles} == {
        "cmu_05_02": "val", "cmu_06_01": "test", "cmu_18_01": "val", "cmu_62_07": "train",
        "cmu_train_soccer_soccer_2": "train", "cmu_test_basketball_signal_basketball_signal_1": "test",
    }  # fmt: skip
    assert found.singles[-1].skeleton.name == "05.asf"


def test_a_single_person_is_read_at_the_rate_of_the_index(singles):
    takes = {take.name: take for take in cmu.read(singles)}
    assert takes["cmu_05_02"].positions.shape == (1, 3, len(cmu.LANDMARKS), 3)  # 9 frames at 120
    assert takes["cmu_62_07"].positions.shape[1] == 5  # at 60
    assert takes["cmu_train_soccer_soccer_2"].positions.shape[1] == 3  # the first of 10 lines is a T-pose
    x, _ = acclaim.bone_ends(*motion(1))
    found = takes["cmu_05_02"].positions[0, :, cmu_index("left_hand")]
    np.testing.assert_allclose(found[:, :2], (x["lfingers"][::4] @ TO_Z_UP.T)[:, :2], atol=1e-6)
    assert takes["cmu_05_02"].texts == () and takes["cmu_05_02"].orientations is not None


def cmu_index(name):
    return list(cmu.LANDMARKS).index(name)


def test_rates_are_those_of_the_index():
    assert [cmu.frame_rate(id) for id in ("18_01", "33_02", "136_19", "136_18", "79_96")] == [120, 60, 60, 120, 60]


def test_splits_keep_pairs_and_salsa_where_they_are():
    assert [cmu.split_of(id) for id in ("18_01", "60_13", "61_12", "35_01", "16_07", "01_14")] == [
        "val", "test", "val", "val", "test", "train"]  # fmt: skip


def test_exponential_maps_need_a_skeleton(tmp_path):
    np.savetxt(tmp_path / "a.txt", np.zeros((10, 117)), delimiter=",")
    with pytest.raises(UserError, match="no skeleton to play it on"):
        cmu.find(tmp_path)


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        next(cmu.read(tmp_path / "none"))
    with pytest.raises(UserError, match=r"no trial of CMU is there \(an AMC file"):
        next(cmu.read(tmp_path))


def test_another_skeleton_is_refused(folder, tmp_path):
    for path in folder.rglob("*.a*"):
        (tmp_path / path.name).write_text(path.read_text().replace("lwrist", "lwatch"))
    with pytest.raises(UserError, match=r"18\.asf: no bone lwrist"):
        next(cmu.read(tmp_path))
