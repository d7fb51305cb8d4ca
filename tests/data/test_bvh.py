import numpy as np
import pytest

from sm_jax.data import bvh
from sm_jax.errors import UserError

TWO_BONES = """HIERARCHY
ROOT r
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT a
  {
    OFFSET 0 -2 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 1
Frame Time: 0.0166667
1 2 3 0 0 0 0 90 0
"""


def test_positions_are_those_worked_out_by_hand(tmp_path):
    (tmp_path / "two.bvh").write_text(TWO_BONES)
    file = bvh.read(tmp_path / "two.bvh")
    positions, _ = bvh.forward_kinematics(file.parents, file.offsets, file.rotations, file.root)
    # 90 degrees about +y turn the second bone from +x to -z.
    np.testing.assert_allclose(positions[0], [[1, 2, 3], [1, 0, 3], [1, 0, 2]], atol=1e-9)
    assert file.names == ("r", "a", "a_end")
    assert file.fps == pytest.approx(60, rel=1e-4)


def test_channels_apply_in_their_order(tmp_path):
    turned = TWO_BONES.replace("1 2 3 0 0 0 0 90 0", "0 0 0 90 0 90 0 0 0")
    (tmp_path / "two.bvh").write_text(turned)
    file = bvh.read(tmp_path / "two.bvh")
    positions, _ = bvh.forward_kinematics(file.parents, file.offsets, file.rotations, file.root)
    # Z after X: -y goes to -z by X, and stays there under Z. X after Z would give +x.
    np.testing.assert_allclose(positions[0, 1], [0, 0, -2], atol=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [("no motion at all", "not a BVH file"), (TWO_BONES.replace("Frames: 1", "Frames: 2"), "cut short")],
)
def test_a_bad_file_is_named(tmp_path, text, words):
    path = tmp_path / "bad.bvh"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        bvh.read(path)
    assert "bad.bvh" in str(caught.value)
