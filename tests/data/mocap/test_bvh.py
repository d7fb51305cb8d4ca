import numpy as np
import pytest

from sm_jax.data.mocap import bvh
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
    [
        ("no motion at all", "not a BVH file"),
        (TWO_BONES.replace("90 0\n", "90 0 7\n"), "10 numbers, which are no whole frames of 9 channels"),
        (TWO_BONES.replace("90 0\n", "90 0\n1 2\n1 2 3 4 5 6 7 8 9\n"), "20 numbers"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, words):
    path = tmp_path / "bad.bvh"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        bvh.read(path)
    assert "bad.bvh" in str(caught.value)


def test_position_channels_of_a_joint_take_its_offsets_place(tmp_path):
    six = "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation"
    text = TWO_BONES.replace("CHANNELS 3 Zrotation Yrotation Xrotation", six).replace("Frames: 1", "Frames: 2")
    (tmp_path / "two.bvh").write_text(text.replace("1 2 3 0 0 0 0 90 0", "1 2 3 0 0 0 0 -2 0 0 0 0\n" * 2))
    assert bvh.read(tmp_path / "two.bvh").moved is None  # positions that repeat the offset say nothing
    (tmp_path / "two.bvh").write_text(text.replace("1 2 3 0 0 0 0 90 0", "1 2 3 0 0 0 0 -4 0 0 0 0\n" * 2))
    np.testing.assert_allclose(bvh.read(tmp_path / "two.bvh").offsets[1], [0, -4, 0])
    rows = "0 0 0 0 0 0 0 -2 0 0 0 0\n0 0 0 0 0 0 0 -5 1 0 0 0\n"
    (tmp_path / "two.bvh").write_text(text.replace("1 2 3 0 0 0 0 90 0", rows))
    file = bvh.read(tmp_path / "two.bvh")
    assert file.moved is not None
    positions, _ = bvh.forward_kinematics(file.parents, file.moved, file.rotations, file.root)
    np.testing.assert_allclose(positions[:, 1], [[0, -2, 0], [0, -5, 1]])


def test_braces_and_case_do_not_matter(tmp_path):
    text = (
        TWO_BONES.replace("ROOT r\n{", "ROOT r {").replace("JOINT a\n  {", "JOINT a {").replace("rotation", "ROTATION")
    )
    (tmp_path / "two.bvh").write_text(text)
    assert bvh.read(tmp_path / "two.bvh").names == ("r", "a", "a_end")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TWO_BONES.replace("OFFSET 0 -2 0", "OFFSET 0 x 0"), "damaged BVH file"),
        (TWO_BONES.replace("    OFFSET 0 -2 0\n", ""), "not complete"),
        (TWO_BONES.replace("JOINT a", "ROOT a"), "ROOT a out of place"),
        (TWO_BONES.replace("}\nMOTION", "MOTION"), "not complete"),
        (TWO_BONES.replace("Zrotation Yrotation Xrotation\n  JOINT", "Wrotation a b\n  JOINT"), "channels Xposition"),
        (TWO_BONES.replace("90 0\n", "ninety 0\n"), "damaged BVH file"),
        (TWO_BONES.replace("90 0\n", "nan 0\n"), "not finite"),
        (TWO_BONES.replace("0.0166667", "0"), "no frame time"),
        ("}" + TWO_BONES, "damaged BVH file"),
    ],
)
def test_damage_is_one_line(tmp_path, text, words):
    path = tmp_path / "bad.bvh"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        bvh.read(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        bvh.read(tmp_path / "none.bvh")


@pytest.mark.parametrize("announced", ["0", "1", "3", "2.0", "many"])
def test_what_is_there_is_read_whatever_the_header_counts(tmp_path, announced):
    path = tmp_path / "two.bvh"
    path.write_text(TWO_BONES.replace("Frames: 1", f"Frames: {announced}") + "1 2 4 0 0 0 0 90 0\n")
    file = bvh.read(path)
    np.testing.assert_allclose(file.root, [[1, 2, 3], [1, 2, 4]])
    assert file.notes == (f"{path}: {announced} frames are announced, 2 are there: all of these are read.",)


def test_a_last_frame_that_is_cut_short_is_left_out(tmp_path):
    path = tmp_path / "two.bvh"
    path.write_text(TWO_BONES.replace("Frames: 1", "Frames: 2") + "1 2 4 0 0")
    file = bvh.read(path)
    assert len(file.root) == 1 and "The last frame is cut short after 5 of 9 numbers: left out." in file.notes


def test_frames_may_go_over_several_lines(tmp_path):
    (tmp_path / "two.bvh").write_text(TWO_BONES.replace("1 2 3 0 0 0 0 90 0", "1 2 3\n0 0 0\n0 90 0"))
    assert bvh.read(tmp_path / "two.bvh").root.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "shift-jis", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_encoding_of_names_and_lines(tmp_path, encoding, newline):
    text = TWO_BONES.replace("JOINT a", "JOINT 左腕").replace("\n", newline)
    (tmp_path / "two.bvh").write_bytes(text.encode(encoding))
    file = bvh.read(tmp_path / "two.bvh")
    assert file.parents == (-1, 0, 1) and file.notes == ()
    assert file.names[1] == "左腕" or encoding in ("shift-jis", "gb18030")
    assert file.names[1].isprintable() and file.names[2] == f"{file.names[1]}_end"


ARM = """HIERARCHY
ROOT Hips
{
 OFFSET 0 0 0
 CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
 JOINT LeftForeArm
 {
  OFFSET 5 0 0
  CHANNELS 3 Zrotation Yrotation Xrotation
  JOINT LeftHand
  {
   OFFSET 3 0 1
   CHANNELS 3 Zrotation Yrotation Xrotation
   JOINT LeftFingerBase
   {
    OFFSET %s
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
     OFFSET 1 0 0
    }
   }
   JOINT LThumb
   {
    OFFSET 0 0 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    {
     OFFSET 0 0 1
    }
   }
  }
 }
}
MOTION
Frames: 1
Frame Time: 0.0083333
0 0 0 %s
"""


def test_a_dropped_wrist_bone_is_put_back_and_turns_with_its_joint(tmp_path):
    """`Hand` turns by 90 degrees about z: the bone, half of (3, 0, 1), points up, and the finger on from it."""
    path = tmp_path / "a.bvh"
    path.write_text(ARM % ("0 0 0", "0 0 0  0 0 0  90 0 0  0 0 0  0 0 0"))
    plain = bvh.read(path)
    file = bvh.restore_wrists(plain)
    x, _ = bvh.forward_kinematics(file.parents, file.offsets, file.rotations, file.root)
    wanted = {"LeftHand": (8, 0, 1), "LeftFingerBase": (8, 1.5, 1.5), "LThumb": (8, 1.5, 1.5),
              "LeftFingerBase_end": (8, 2.5, 1.5)}  # fmt: skip
    for name, position in wanted.items():
        np.testing.assert_allclose(x[0, file.names.index(name)], position, atol=1e-6)
    assert not plain.offsets[plain.names.index("LeftFingerBase")].any()


def test_a_wrist_bone_that_is_there_stays(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text(ARM % ("0.5 0 0", " ".join(["0"] * 15)))
    file = bvh.read(path)
    assert bvh.restore_wrists(file) is file


@pytest.mark.parametrize(
    "channels",
    ["3 Xrotation Xrotation Yrotation", "4 Zrotation Xrotation Yrotation Zrotation", "2 Xposition Xposition"],
)
def test_channels_that_no_joint_can_have(tmp_path, channels):
    count = channels.split()[0]
    path = tmp_path / "a.bvh"
    path.write_text(
        f"HIERARCHY\nROOT a\n{{\nOFFSET 0 0 0\nCHANNELS {channels}\nEnd Site\n{{\nOFFSET 0 1 0\n}}\n}}\n"
        f"MOTION\nFrames: 1\nFrame Time: 0.1\n{'1 ' * int(count)}\n"
    )
    with pytest.raises(UserError, match="damaged BVH file .channels"):
        bvh.read(path)


@pytest.mark.parametrize("number", ["1e300", "nan", "-inf"])
def test_numbers_that_no_motion_holds(tmp_path, number):
    path = tmp_path / "a.bvh"
    for offset, value in ((number, "1"), ("1", number)):
        path.write_text(
            f"HIERARCHY\nROOT a\n{{\nOFFSET 0 {offset} 0\nCHANNELS 1 Xrotation\nEnd Site\n{{\nOFFSET 0 1 0\n}}\n}}\n"
            f"MOTION\nFrames: 1\nFrame Time: 0.1\n{value}\n"
        )
        with pytest.raises(UserError, match="not finite or absurd"):
            bvh.read(path)
