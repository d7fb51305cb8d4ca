import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap import asf
from sm_jax.data.sources import expmap
from sm_jax.errors import UserError
from tests.data import acclaim

N_FRAMES = 5
# Row of the format's table of 38 maps, of some bones.
ROWS = {"root": 0, "lfemur": 2, "rtibia": 9, "thorax": 15, "lradius": 22, "rwrist": 32}


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory):
    path = tmp_path_factory.mktemp("asf") / "01.asf"
    acclaim.write_asf(path)
    return asf.read_skeleton(path)


def write(path, root, turns):
    """A T-pose, then the frames: root [T, 3] metres, turns: bone -> [T, 3, 3]."""
    values = np.zeros((len(root) + 1, 117))
    values[0, :3], values[1:, :3] = root[0] / acclaim.INCHES, root / acclaim.INCHES
    for bone, R in turns.items():
        column = 3 + 3 * ROWS[bone]
        values[1:, column : column + 3] = -Rotation.from_matrix(R).as_rotvec()
    np.savetxt(path, values, delimiter=",", fmt="%.9g")
    return path


def test_bones_end_where_the_motion_that_was_written_puts_them(skeleton, tmp_path):
    rng = np.random.default_rng(0)
    turns = {bone: Rotation.from_rotvec(rng.normal(0, 0.6, (N_FRAMES, 3))).as_matrix() for bone in ROWS}
    root = rng.normal(0, 0.3, (N_FRAMES, 3)) + np.array([0, 1, 0])
    positions, R = asf.forward_kinematics(
        skeleton, *expmap.read_motion(write(tmp_path / "a.txt", root, turns), skeleton)
    )
    x, wanted = acclaim.bone_ends(root, turns)
    for bone in ("lfoot", "rtoes", "head", "lfingers", "rfingers", "root"):
        index = skeleton.names.index(bone)
        np.testing.assert_allclose(positions[:, index], x[bone], atol=1e-6)
        np.testing.assert_allclose(R[:, index], wanted[bone], atol=1e-6)


@pytest.mark.parametrize(("content", "said"), [
    ("1,2,3\n4,5,6\n", "3 numbers in 2 lines"), ("a,b\n", "not a text of exponential maps"),
    (",".join(["0"] * 117) + "\n", "in 1 lines"), ((",".join(["nan"] * 117) + "\n") * 3, "117 finite ones"),
])  # fmt: skip
def test_other_texts_are_refused(content, said, skeleton, tmp_path):
    (tmp_path / "a.txt").write_text(content)
    with pytest.raises(UserError, match=said):
        expmap.read_motion(tmp_path / "a.txt", skeleton)
