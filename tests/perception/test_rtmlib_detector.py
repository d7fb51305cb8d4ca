"""Real ONNX models, small and made here, run by rtmlib: their keypoints come back in the picture."""

import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.detector import Square
from tests.perception.people import standing

onnx = pytest.importorskip("onnx", reason="pip install onnx rtmlib: the networks of these tests are made with it")
pytest.importorskip("rtmlib", reason="pip install rtmlib: it is optional")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sm_jax.perception.rtmlib_detector import load_rtmo, load_rtmpose  # noqa: E402

PEOPLE = np.stack([standing(200.0, 320.0), standing(420.0, 320.0)])  # in the network's 640 pixels
CROP = Square(100.0, -40.0, 320.0)  # half of its scale


def save(path, outputs, shape, first_of_blue=False):
    """A network that answers the same to every picture, or scaled by how blue its first pixel is."""
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, *shape])
    nodes, constants = [], []
    for name, value in outputs.items():
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), f"{name}_is"))
    # ONNX Runtime drops no input that is used: the answer is the constant and nothing of the picture.
    starts, ends = np.zeros(4, np.int64), np.array([1, 1, 1, 1], np.int64)
    constants += [numpy_helper.from_array(starts, "starts"), numpy_helper.from_array(ends, "ends")]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "one"))
    constants.append(numpy_helper.from_array(np.array(1 / 255 if first_of_blue else 0.0, np.float32), "of_blue"))
    constants.append(numpy_helper.from_array(np.array(0.0 if first_of_blue else 1.0, np.float32), "anyway"))
    nodes.append(helper.make_node("Slice", ["input", "starts", "ends"], ["pixel"]))
    nodes.append(helper.make_node("Reshape", ["pixel", "one"], ["blue"]))
    nodes.append(helper.make_node("Mul", ["blue", "of_blue"], ["part"]))
    nodes.append(helper.make_node("Add", ["part", "anyway"], ["scale"]))
    nodes += [helper.make_node("Mul", [f"{name}_is", "scale"], [name]) for name in outputs]
    found = [helper.make_tensor_value_info(n, TensorProto.FLOAT, np.shape(v)) for n, v in outputs.items()]
    graph = helper.make_graph(nodes, "made", [picture], found, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def rtmo(path, scores, **how):
    """An RTMO that sees PEOPLE with these scores, of boxes and of keypoints."""
    boxes = np.concatenate([PEOPLE.min(axis=1), PEOPLE.max(axis=1), np.reshape(scores, (2, 1))], axis=1)
    keypoints = np.concatenate([PEOPLE, np.broadcast_to(np.reshape(scores, (2, 1, 1)), (2, 17, 1))], axis=2)
    return save(path, {"dets": boxes[None], "keypoints": keypoints[None]}, (640, 640), **how)


def test_rtmos_people_come_back_in_the_picture(tmp_path):
    detect = load_rtmo(rtmo(tmp_path / "rtmo.onnx", [0.9, 0.6]))
    people = detect(np.zeros((300, 500, 3), np.uint8), CROP)
    np.testing.assert_allclose(people.keypoints, PEOPLE / 2 + [100, -40], atol=1e-3)
    np.testing.assert_allclose(people.keypoint_scores, np.tile([[0.9], [0.6]], 17), rtol=1e-6)
    np.testing.assert_allclose(people.scores, [0.9, 0.6], rtol=1e-6)
    np.testing.assert_allclose(people.boxes[:, :2], people.keypoints.min(axis=1))
    assert people.keypoints.dtype == people.keypoint_scores.dtype == np.float32


def test_who_is_not_there_is_nobody(tmp_path):
    for scores, count in (([0.9, 0.0], 1), ([0.05, 0.05], 0)):
        people = load_rtmo(rtmo(tmp_path / "rtmo.onnx", scores))(np.zeros((640, 640, 3), np.uint8), CROP)
        assert people.keypoints.shape == (count, 17, 2) and people.boxes.shape == (count, 4)


def test_rtmo_is_shown_blue_first(tmp_path):
    detect = load_rtmo(rtmo(tmp_path / "rtmo.onnx", [0.9, 0.6], first_of_blue=True))
    picture = np.zeros((640, 640, 3), np.uint8)
    assert not len(detect(picture, Square(0, 0, 640)).scores)
    picture[..., 2] = 255
    np.testing.assert_allclose(detect(picture, Square(0, 0, 640)).keypoints, PEOPLE, atol=1e-3)


def test_rtmpose_looks_into_each_box_and_nowhere_without_one(tmp_path):
    x, y = (np.zeros((1, 17, 2 * side), np.float32) for side in (192, 256))
    x[:, :, 192] = y[:, :, 256] = 1.5  # the middle of each box
    pose = save(tmp_path / "pose.onnx", {"simcc_x": x, "simcc_y": y}, (256, 192))
    boxes = [[100, 100, 200, 300, 0.9], [300, 120, 420, 340, 0.8], [0, 0, 50, 50, 0.1]]
    some = save(tmp_path / "boxes.onnx", {"dets": [boxes]}, (640, 640))
    people = load_rtmpose(some, pose)(np.zeros((640, 640, 3), np.uint8), CROP)
    middles = np.array([[150.0, 200.0], [360.0, 230.0]]) / 2 + [100, -40]
    np.testing.assert_allclose(people.keypoints, np.repeat(middles[:, None], 17, axis=1), atol=1e-3)
    assert (people.keypoint_scores == 1).all()
    none = save(tmp_path / "none.onnx", {"dets": [boxes[2:]]}, (640, 640))
    assert not len(load_rtmpose(none, pose)(np.zeros((640, 640, 3), np.uint8), CROP).scores)


def test_what_is_no_network_is_named(tmp_path):
    with pytest.raises(UserError, match="gone.onnx: no such file; give"):
        load_rtmo(tmp_path / "gone.onnx")
    (tmp_path / "page.onnx").write_text("<html>")
    with pytest.raises(UserError, match="page.onnx: not an ONNX file that can be run .*; pull it again") as error:
        load_rtmo(tmp_path / "page.onnx")
    assert "\n" not in str(error.value)
