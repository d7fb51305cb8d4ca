import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sm_jax.data.mocap import asf
from sm_jax.errors import UserError
from tests.data.acclaim import write_asf

HEAD = """# comment
:version 1.10
:name VICON
:units
  mass 1.0
  length 0.0254
  angle deg
:documentation
   free text that begins with anything
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
"""
LEG = (
    HEAD
    + """  begin
     id 1
     name thigh
     direction 0 -1 0
     length 2
     axis 0 0 0  XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
  begin
     id 2
     name shin
     direction 0 -1 0
     length 1
     axis 0 90 0  XYZ
    dof rx
    limits (-10.0 170.0)
 end
:hierarchy
  begin
    root thigh
    thigh shin
  end
"""
)
FRAME = "#!OML:ASF somewhere\n:FULLY-SPECIFIED\n:DEGREES\n1\nroot 1 2 3 0 0 0\nthigh 0 0 0\nshin 90\n"


def positions(folder, skeleton=LEG, motion=FRAME):
    (folder / "a.asf").write_text(skeleton)
    (folder / "a.amc").write_text(motion)
    read = asf.read_skeleton(folder / "a.asf")
    return asf.forward_kinematics(read, *asf.read_motion(folder / "a.amc", read))


def test_positions_are_those_worked_out_by_hand(tmp_path):
    x, _ = positions(tmp_path)
    # The shin's hinge x stands along the world's -z (90 degrees about y): 90 degrees about -z turn -y to -x.
    np.testing.assert_allclose(x[0], [[1, 2, 3], [1, 0, 3], [0, 0, 3]], atol=1e-9)


def test_angles_apply_about_fixed_axes_x_first(tmp_path):
    x, _ = positions(tmp_path, motion=FRAME.replace("thigh 0 0 0", "thigh 90 0 90").replace("shin 90", "shin 0"))
    # -y goes to -z by x and stays there under z; z first would have made it +x.
    np.testing.assert_allclose(x[0, 1], [1, 2, 1], atol=1e-9)


def test_the_root_turns_everything(tmp_path):
    x, R = positions(tmp_path, motion=FRAME.replace("root 1 2 3 0 0 0", "root 0 0 0 90 90 0"))
    np.testing.assert_allclose(R[0, 0], Rotation.from_euler("xyz", [90, 90, 0], degrees=True).as_matrix(), atol=1e-9)
    np.testing.assert_allclose(x[0, 1], [-2, 0, 0], atol=1e-9)  # -y to -z by x, to -x by y


def test_lengths_are_in_the_unit_of_cmu(tmp_path):
    x, _ = positions(tmp_path, skeleton=LEG.replace("length 0.0254", "length 0.45"))
    np.testing.assert_allclose(x[0, 0], np.array([1, 2, 3]) / 0.45 * 0.0254)


def test_other_orders_are_read(tmp_path):
    skeleton = LEG.replace("order TX TY TZ RX RY RZ", "order RZ RY RX TZ TY TX")
    _, R = positions(tmp_path, skeleton, FRAME.replace("root 1 2 3 0 0 0", "root 90 0 90 0 0 0"))
    np.testing.assert_allclose(R[0, 0], Rotation.from_euler("zyx", [90, 0, 90], degrees=True).as_matrix(), atol=1e-9)


def test_radians_are_read(tmp_path):
    x, _ = positions(tmp_path, motion=FRAME.replace(":DEGREES", ":RADIANS").replace("shin 90", f"shin {np.pi / 2}"))
    np.testing.assert_allclose(x[0, 2], [0, 0, 3], atol=1e-9)


@pytest.mark.parametrize(
    ("skeleton", "motion", "words"),
    [
        ("hello", FRAME, "not an ASF file"),
        (LEG[: LEG.index("    thigh shin")], FRAME, "leaves out"),
        (LEG.replace("root thigh", "root knee"), FRAME, "bone knee of root has no place"),
        (LEG.replace("root thigh", "root thigh thigh"), FRAME, "has no place"),
        (LEG.replace("length 2", "length two"), FRAME, "bone thigh: 'two' are no numbers"),
        (LEG.replace("length 2", "length nan"), FRAME, "no numbers"),
        (LEG.replace("axis 0 90 0  XYZ", "axis 0 90 0  XXZ"), FRAME, "axis order"),
        (LEG.replace("dof rx\n", "dof rx l\n"), FRAME, "degrees of freedom rx l"),
        (LEG, "hello", "not an AMC file"),
        (LEG, ":DEGREES\n", "no frames"),
        (LEG, FRAME + "2\nroot 1 2 3 0 0 0\n", "frame 2 has no numbers for bone thigh"),
        (LEG, FRAME.replace("shin 90", "shin 90 1"), "2 numbers for bone shin, the skeleton wants 1"),
        (LEG, FRAME.replace("shin 90", "shin x"), "no numbers"),
    ],
)
def test_a_bad_file_is_named(tmp_path, skeleton, motion, words):
    with pytest.raises(UserError, match=words) as caught:
        positions(tmp_path, skeleton, motion)
    assert str(caught.value).startswith(str(tmp_path)) and "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.asf: cannot be read"):
        asf.read_skeleton(tmp_path / "none.asf")


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("  length 0.45", "  length 0", "a unit of length 0"),
        ("  length 0.45", "  length -1", "a unit of length -1"),
        ("dof rx ry rz", "dof rx rx rz", "degrees of freedom rx rx rz"),
        ("length 7.2", "length 1e300", "are no numbers"),
    ],
)
def test_numbers_and_axes_that_no_skeleton_has(tmp_path, line, other, words):
    write_asf(tmp_path / "a.asf")
    text = (tmp_path / "a.asf").read_text()
    assert line in text
    (tmp_path / "a.asf").write_text(text.replace(line, other, 1))
    with pytest.raises(UserError, match=words):
        asf.read_skeleton(tmp_path / "a.asf")


def test_an_axis_without_words_is_the_usual_one(tmp_path):
    write_asf(tmp_path / "a.asf")
    text = (tmp_path / "a.asf").read_text()
    (tmp_path / "a.asf").write_text(re.sub("axis .*", "axis", text))
    np.testing.assert_array_equal(asf.read_skeleton(tmp_path / "a.asf").axes[3], np.eye(3))
