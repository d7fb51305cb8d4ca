import tarfile

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap.bvh import Bvh
from sm_jax.data.sources import salsa
from sm_jax.errors import UserError

# Just enough for the faults of each trial.
FRAMES = {1: 920, 2: 1390, 3: 1530, 4: 500, 5: 1680, 6: 1020, 7: 1590, 9: 1950, 10: 500, 11: 2020, 12: 400}
FRAMES |= {13: 1970, 14: 610, 15: 1890}
JOINTS = ("hip", *sorted(set(salsa.LANDMARKS.values()) - {"hip"}))


def figure_file(n_frames: int) -> str:
    """A BVH text with every landmark's joint as a child of the hip, the head above and the feet below it."""
    heights = {"head": 0.5, "leftEye": 0.55, "rightEye": 0.55, "lFoot": -0.6, "rFoot": -0.6}
    rows = ["HIERARCHY", "ROOT hip", "{", "OFFSET 0 0 0"]
    rows.append("CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation")
    for name in JOINTS[1:]:
        if name.endswith("_end"):
            continue
        rows += [
            f"JOINT {name}",
            "{",
            f"OFFSET 0.1 {heights.get(name, 0.0)} 0",
            "CHANNELS 3 Zrotation Xrotation Yrotation",
        ]
        if f"{name}_end" in JOINTS:
            rows += ["End Site", "{", "OFFSET 0 -0.05 0.1", "}"]
        rows.append("}")
    rows += ["}", "MOTION", f"Frames: {n_frames}", "Frame Time: 0.008333"]
    channels = 3 * (sum(not name.endswith("_end") for name in JOINTS) + 1)
    for t in range(n_frames):
        rows.append(" ".join(map(str, [0.01 * t, 0.8, 0.0] + [0.0] * (channels - 3))))
    return "\n".join(rows)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("salsa")
    with tarfile.open(folder / "all.tar.xz", "w:xz") as tar:
        for trial in salsa.TRIALS:
            n_frames = FRAMES[trial]
            for subject in (60, 61):
                path = folder / f"{subject}_{trial:02d}.bvh"
                path.write_text(figure_file(n_frames))
                tar.add(path, path.name)
    return folder / "all.tar.xz"


@pytest.fixture(scope="module")
def takes(archive):
    return {take.name: take for take in salsa.read(archive)}


def test_names_rates_and_splits(takes):
    assert len(takes) == salsa.N_TAKES
    assert {take.fps for take in takes.values()} == {30.0}
    by_split = {split: {name[6:8] for name, take in takes.items() if take.split == split} for split in ("val", "test")}
    assert by_split == {"val": {"12"}, "test": {"13", "14", "15"}}


def test_world_is_z_up_on_the_floor_and_in_metres(takes):
    take = takes["salsa_01"]
    z = {name: take.positions[0, 0, i, 2] for i, name in enumerate(take.names)}
    assert z["left_toe"] == pytest.approx(0.0, abs=1e-6)
    assert z["head"] - z["left_ankle"] == pytest.approx(1.1 * salsa.SCALE)
    np.testing.assert_allclose(take.orientations[0, 0, 0] @ [0, 1, 0], [0, 0, 1], atol=1e-9)
    step = np.diff(take.positions[0, :, 0], axis=0)
    np.testing.assert_allclose(step[:, 0], 2 * 0.01 * salsa.SCALE, rtol=1e-6)


def test_settling_frames_are_dropped_and_the_long_fault_cut(takes):
    assert takes["salsa_01"].positions.shape[1] == (920 - salsa.SETTLING) // 2
    assert takes["salsa_04a"].positions.shape[1] == -(-(263 - salsa.SETTLING) // 2)
    assert takes["salsa_10"].positions.shape[1] == (500 - 368) // 2


def test_a_wrong_head_has_no_weight(takes):
    take = takes["salsa_06"]
    head = take.names.index("head")
    assert not take.weight[0, :, head].any()
    assert take.weight[1, :, head].all()
    assert take.weight[0, :, take.names.index("chest")].all()


def test_mending_goes_straight_through_the_fault():
    rotations = np.tile(np.eye(3), (10, 1, 1, 1))
    root = np.outer(np.arange(10.0), [1.0, 0.0, 0.0])
    root[4:6] += 50.0
    file = Bvh(names=("r",), parents=(-1,), offsets=np.zeros((1, 3)), rotations=rotations, root=root, fps=60)
    mended = salsa.mend_spans(file, [0], 4, 5)
    np.testing.assert_allclose(mended.root, np.outer(np.arange(10.0), [1.0, 0.0, 0.0]))


def turned(names, angles):
    """A file whose joints all turn about x by angles [T] degrees."""
    rotations = Rotation.from_euler("x", angles[:, None], degrees=True).as_matrix()[:, None].repeat(len(names), axis=1)
    shape = (len(angles), 3)
    return Bvh(
        names=names, parents=(-1, 0), offsets=np.zeros((2, 3)), rotations=rotations, root=np.zeros(shape), fps=60
    )


def test_a_joint_that_flips_is_bridged_and_the_others_are_left():
    angles = np.zeros(2100)
    angles[1300:1380] = 170
    file = turned(("hip", "lFoot"), angles)
    mended = salsa.correct_hands(file, (60, 2))
    np.testing.assert_allclose(mended.rotations[:, 1], np.broadcast_to(np.eye(3), (2100, 3, 3)), atol=1e-9)
    np.testing.assert_array_equal(mended.rotations[:, 0], file.rotations[:, 0])


def test_a_hand_half_a_turn_off_is_turned_back():
    angles = np.full(2100, -30.0)
    angles[1952:] = 150
    mended = salsa.correct_hands(turned(("hip", "rHand"), angles), (60, 13))
    found = Rotation.from_matrix(mended.rotations[:, 1]).as_euler("xyz", degrees=True)[:, 0]
    np.testing.assert_allclose(found, -30, atol=1e-6)


def test_a_neck_that_is_wrong_all_through_is_straight():
    mended = salsa.correct_hands(turned(("hip", "neck"), np.full(300, 50.0)), (60, 6))
    np.testing.assert_array_equal(mended.rotations[:, 1], np.broadcast_to(np.eye(3), (300, 3, 3)))


def test_bad_archives_are_named(tmp_path):
    with pytest.raises(UserError, match="no such archive"):
        next(salsa.read(tmp_path / "none.tar.xz"))
    (tmp_path / "text.tar.xz").write_text("hello")
    with pytest.raises(UserError, match="not a readable tar"):
        next(salsa.read(tmp_path / "text.tar.xz"))
    with tarfile.open(tmp_path / "empty.tar.xz", "w:xz"):
        pass
    with pytest.raises(UserError, match="60_01.bvh, 61_01.bvh is missing"):
        next(salsa.read(tmp_path / "empty.tar.xz"))


def test_an_archive_that_is_cut_or_none_is_refused_in_one_line(tmp_path):
    path = tmp_path / "salsa.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        tar.addfile(tarfile.TarInfo("60_01.bvh"))
    for content in (path.read_bytes()[:60], b"", b"BZh9 and so on", b"\x1f\x8b\x08 and so on"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="not a readable tar archive") as caught:
            list(salsa.read(path))
        assert "\n" not in str(caught.value)
