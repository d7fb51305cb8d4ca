import numpy as np
import pytest

from sm_jax.perception.tfjs.operations import OPERATIONS, depthwise_conv2d, resize_bilinear, strided_slice

RNG = np.random.default_rng(0)


def padded(x: np.ndarray, kernel: tuple[int, int], strides: tuple[int, int]) -> np.ndarray:
    """TensorFlow's SAME padding, by its documentation."""
    widths = [(0, 0)]
    for size, k, s in zip(x.shape[1:3], kernel, strides, strict=True):
        total = max(k - s, 0) if size % s == 0 else max(k - size % s, 0)
        widths.append((total // 2, total - total // 2))
    return np.pad(x, [*widths, (0, 0)])


def convolution(x: np.ndarray, kernel: np.ndarray, strides: tuple[int, int]) -> np.ndarray:
    x, (h, w) = padded(x, kernel.shape[:2], strides), kernel.shape[:2]
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[1:3], (h, w), strides, strict=True))
    y = np.zeros((x.shape[0], rows, columns, kernel.shape[3]))
    for i in range(rows):
        for j in range(columns):
            part = x[:, i * strides[0] : i * strides[0] + h, j * strides[1] : j * strides[1] + w]
            y[:, i, j] = np.tensordot(part, kernel, axes=3)
    return y


@pytest.mark.parametrize("strides", [(1, 1), (2, 2)])
@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("side", [1, 3])
def test_convolutions(strides, size, side):
    x = RNG.normal(size=(2, size, size, 3)).astype(np.float32)
    kernel = RNG.normal(size=(side, side, 3, 4)).astype(np.float32)
    bias = RNG.normal(size=4).astype(np.float32)
    attributes = {"strides": [1, *strides, 1], "padding": "SAME", "fused_ops": ["BiasAdd", "Relu6"]}
    expected = np.clip(convolution(x, kernel, strides) + bias, 0, 6)
    np.testing.assert_allclose(OPERATIONS["_FusedConv2D"](attributes, x, kernel, bias), expected, atol=1e-4)

    depthwise = RNG.normal(size=(5, 5, 3, 1)).astype(np.float32)
    attributes = {"strides": [1, *strides, 1], "padding": "SAME"}
    channels = [convolution(x[..., c : c + 1], depthwise[:, :, c : c + 1], strides) for c in range(3)]
    np.testing.assert_allclose(depthwise_conv2d(attributes, x, depthwise), np.concatenate(channels, -1), atol=1e-4)


def test_depthwise_refuses_what_it_does_not_do():
    x, kernel = np.zeros((1, 4, 4, 2), np.float32), np.zeros((3, 3, 2, 2), np.float32)
    with pytest.raises(NotImplementedError, match="multiplier"):
        depthwise_conv2d({"strides": [1, 1, 1, 1], "padding": "SAME"}, x, kernel)


def test_resize_doubles_a_ramp():
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    half = resize_bilinear({"half_pixel_centers": True}, x, np.array([1, 8]))
    np.testing.assert_allclose(half.ravel(), [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    corners = resize_bilinear({"align_corners": True}, x, np.array([1, 7]))
    np.testing.assert_allclose(corners.ravel(), np.linspace(0, 3, 7))
    plain = resize_bilinear({}, x, np.array([1, 8]))
    np.testing.assert_allclose(plain.ravel(), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3])


def test_strided_slice_masks():
    x = np.arange(24).reshape(2, 3, 4)
    whole = {"begin_mask": 0b010, "end_mask": 0b010, "shrink_axis_mask": 0b001}
    numbers = np.array([1, 9, 1]), np.array([2, 9, 4]), np.array([1, 1, 2])
    np.testing.assert_array_equal(strided_slice(whole, x, *numbers), x[1, :, 1:4:2])
    dots = {"ellipsis_mask": 0b01, "new_axis_mask": 0b10}
    np.testing.assert_array_equal(strided_slice(dots, x, *np.array([[0, 0], [0, 0], [1, 1]])), x[..., None])


def test_shapes_stay_static_and_ranks_broadcast():
    x = RNG.normal(size=(2, 3)).astype(np.float32)
    shape = OPERATIONS["Shape"]({}, x)
    assert isinstance(OPERATIONS["Mul"]({}, shape, np.array(2, np.int32)), np.ndarray)
    np.testing.assert_allclose(OPERATIONS["AddV2"]({}, x, np.ones(3, np.float32)), x + 1)
    np.testing.assert_allclose(OPERATIONS["Sqrt"]({}, np.abs(x)), np.abs(x) ** 0.5, rtol=1e-6)
    np.testing.assert_allclose(OPERATIONS["Max"]({"keep_dims": False}, x, np.array([1])), x.max(axis=1))
    values, index = OPERATIONS["TopKV2"]({}, x, np.array(2))
    np.testing.assert_allclose(values, -np.sort(-x, axis=-1)[:, :2])
    np.testing.assert_array_equal(index, np.argsort(-x, axis=-1)[:, :2])
    np.testing.assert_allclose(OPERATIONS["GatherNd"]({}, x, np.array([[1, 2], [0, 0]])), [x[1, 2], x[0, 0]])
