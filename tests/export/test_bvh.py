"""BVH files, read back by the format's rules alone, give our joints."""

import numpy as np
import pytest

from sm_jax.body.skeleton import JOINTS
from sm_jax.export.bvh import R_BVH_WORLD, euler_zyx, save_bvh


def turn(axis, degrees):
    """Rotation matrices [T, 3, 3] about X, Y or Z."""
    a, b = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}[axis]
    R = np.tile(np.eye(3), (len(degrees), 1, 1))
    R[:, a, a] = R[:, b, b] = np.cos(np.deg2rad(degrees))
    R[:, b, a] = np.sin(np.deg2rad(degrees))
    R[:, a, b] = -R[:, b, a]
    return R


def read(path):
    """Joint positions by name {name: [T, 3]}, and the frame time."""
    head, body = path.read_text().split("MOTION\n")
    rows = body.splitlines()
    values = np.array([[float(x) for x in row.split()] for row in rows[2:]])
    assert rows[0] == f"Frames: {len(values)}"
    stack, positions, used = [], {}, 0
    name = None
    for words in (line.split() for line in head.splitlines()[1:]):
        if words[0] in ("ROOT", "JOINT", "End"):
            name = words[1]
        elif words[0] == "OFFSET":
            offset = np.array(words[1:], float)
            R, x = stack[-1] if stack else (np.tile(np.eye(3), (len(values), 1, 1)), np.zeros((len(values), 3)))
            stack.append((R, x + R @ offset))
        elif words[0] == "CHANNELS":
            R, x = stack.pop()
            for channel in words[2:]:
                column, used = values[:, used], used + 1
                if channel.endswith("position"):
                    x = x + column[:, None] * np.eye(3)["XYZ".index(channel[0])]
                else:
                    R = R @ turn(channel[0], column)
            stack.append((R, x))
            positions[name] = x
        elif words[0] == "}":
            stack.pop()
    assert used == values.shape[1]
    return positions, float(rows[1].split()[-1])


def test_round_trip(content, tmp_path):
    paths = save_bvh(tmp_path, content)
    assert [path.name for path in paths] == ["person0.bvh", "person1.bvh"]
    for person, path in enumerate(paths):
        positions, frame_time = read(path)
        assert frame_time == pytest.approx(1 / 25) and sorted(positions) == sorted(JOINTS)
        for joint, name in enumerate(JOINTS):
            ours = 100 * content.joints[person, :, joint] @ R_BVH_WORLD.T
            np.testing.assert_allclose(positions[name], ours, atol=1e-3, err_msg=name)


def test_uneven_frames_keep_their_speed(uneven, tmp_path):
    positions, frame_time = read(save_bvh(tmp_path, uneven)[0])
    assert frame_time == pytest.approx(1 / 30) and len(positions["pelvis"]) == 23
    for frame, row in ((1, 6), (3, 18)):  # 0.2 and 0.6 s
        ours = 100 * uneven.joints[0, frame, 15] @ R_BVH_WORLD.T
        np.testing.assert_allclose(positions["head"][row], ours, atol=1e-2)


def test_angles_come_back_even_in_gimbal_lock():
    angles = np.array([[10.0, 20, 30], [-170, 80, 100], [40, 90, 0], [40, -90, 0], [0, 0, 180]])
    R = turn("Z", angles[:, 0]) @ turn("Y", angles[:, 1]) @ turn("X", angles[:, 2])
    z, y, x = np.rad2deg(np.stack([euler_zyx(R[n : n + 1])[0] for n in range(len(R))])).T
    np.testing.assert_allclose(turn("Z", z) @ turn("Y", y) @ turn("X", x), R, atol=1e-7)


def test_a_turning_body_does_not_wrap():
    z = np.arange(0.0, 720, 10)
    np.testing.assert_allclose(np.rad2deg(euler_zyx(turn("Z", z)))[:, 0], z, atol=1e-9)


def test_someone_elses_reader_finds_our_joints(content, tmp_path):
    pybvh = pytest.importorskip("pybvh", reason="pybvh, a reader of BVH that others wrote, is not installed")
    for person, path in enumerate(save_bvh(tmp_path, content)):
        found = pybvh.read_bvh_file(path, world_up="+y")
        assert found.fps == pytest.approx(25) and sorted(found.joint_names) == sorted(JOINTS)
        order = [JOINTS.index(name) for name in found.joint_names]
        ours = content.joints[person][:, order] @ R_BVH_WORLD.T
        np.testing.assert_allclose(found.joint_positions() / 100, ours, atol=1e-4)
