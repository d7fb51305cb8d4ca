"""The operations of a TensorFlow.js graph as JAX functions, in a table: name → `f(attributes, *inputs)`.

An operation whose inputs are all NumPy arrays is computed with NumPy while tracing, so shapes and index tables stay
static. TensorFlow broadcasts over ranks; here ranks are expanded explicitly.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Attributes = Mapping[str, Any]
Value = Any  # a NumPy array (static) or a JAX array (traced)

_DTYPES = {"DT_FLOAT": np.float32, "DT_INT32": np.int32, "DT_BOOL": np.bool_, 1: np.float32, 3: np.int32, 10: np.bool_}


def _namespace(*inputs: Value) -> Any:
    return np if all(isinstance(x, np.ndarray | np.generic) for x in inputs) else jnp


def _same_rank(*inputs: Value) -> list[Value]:
    rank = max(np.ndim(x) for x in inputs)
    return [x if np.ndim(x) == rank else _namespace(x).reshape(x, (1,) * (rank - np.ndim(x)) + x.shape) for x in inputs]


def _elementwise(name: str) -> Callable[..., Value]:
    def apply(attributes: Attributes, *inputs: Value) -> Value:
        return getattr(_namespace(*inputs), name)(*_same_rank(*inputs))

    return apply


def _reduce(name: str) -> Callable[..., Value]:
    def apply(attributes: Attributes, x: Value, axes: Value) -> Value:
        axes = tuple(int(axis) for axis in np.atleast_1d(axes))
        return getattr(_namespace(x), name)(x, axis=axes, keepdims=attributes.get("keep_dims", False))

    return apply


def _activate(attributes: Attributes, x: Value, bias: Value | None) -> Value:
    for name in attributes.get("fused_ops", []):
        if name == "BiasAdd":
            x = jnp.add(*_same_rank(x, bias))
        elif name == "Relu6":
            x = jnp.clip(x, 0.0, 6.0)
        elif name == "Relu":
            x = jnp.maximum(x, 0.0)
        else:
            raise NotImplementedError(f"fused operation {name}")
    return x


def conv2d(attributes: Attributes, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    """Convolution of x [B, H, W, C] with kernel [h, w, C, D], then the fused bias and activation.

    One of single pixels is a matrix product, which XLA does a tenth faster on a CPU.
    """
    if kernel.shape[:2] == (1, 1) and list(attributes["strides"]) == [1, 1, 1, 1]:
        return _activate(attributes, jnp.einsum("bhwc,cd->bhwd", jnp.asarray(x), kernel[0, 0]), bias)
    y = lax.conv_general_dilated(
        jnp.asarray(x),
        kernel,
        window_strides=attributes["strides"][1:3],
        padding=attributes["padding"],
        rhs_dilation=attributes.get("dilations", [1, 1, 1, 1])[1:3],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return _activate(attributes, y, bias)


def depthwise_conv2d(attributes: Attributes, x: Value, kernel: Value, bias: Value | None = None) -> Value:
    """Depthwise convolution of x [B, H, W, C] with kernel [h, w, C, 1] as a sum of shifted slices.

    XLA's own depthwise convolution is about eight times slower than this on a CPU.
    """
    height, width, channels, multiplier = kernel.shape
    if multiplier != 1 or attributes.get("dilations", [1, 1, 1, 1]) != [1, 1, 1, 1]:
        raise NotImplementedError("depthwise convolution with a channel multiplier or a dilation")
    rows, columns = attributes["strides"][1:3]
    if attributes["padding"] == "SAME":
        x = jnp.pad(
            x, ((0, 0), _same_padding(x.shape[1], height, rows), _same_padding(x.shape[2], width, columns), (0, 0))
        )
    out_h, out_w = (x.shape[1] - height) // rows + 1, (x.shape[2] - width) // columns + 1
    y = sum(
        x[:, i : i + (out_h - 1) * rows + 1 : rows, j : j + (out_w - 1) * columns + 1 : columns]
        * kernel[i, j, :, 0].reshape(1, 1, 1, channels)
        for i in range(height)
        for j in range(width)
    )
    return _activate(attributes, y, bias)


def _same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def max_pool(attributes: Attributes, x: Value) -> Value:
    """Largest value of x [B, H, W, C] under each window."""
    return lax.reduce_window(x, -jnp.inf, lax.max, attributes["ksize"], attributes["strides"], attributes["padding"])


def resize_bilinear(attributes: Attributes, x: Value, size: Value) -> Value:
    """Bilinear resizing of x [B, H, W, C] with TensorFlow's three conventions for the position of a pixel."""
    for axis, (old, new) in enumerate(zip(x.shape[1:3], np.asarray(size).tolist(), strict=True), start=1):
        k = np.arange(new)
        if attributes.get("align_corners"):
            position = k * (old - 1) / max(new - 1, 1)
        elif attributes.get("half_pixel_centers"):
            position = (k + 0.5) * old / new - 0.5
        else:
            position = k * old / new
        position = np.clip(position, 0, old - 1)
        low = np.floor(position).astype(int)
        weight = np.expand_dims((position - low).astype(np.float32), tuple(a for a in range(x.ndim) if a != axis))
        x = jnp.take(x, low, axis) * (1 - weight) + jnp.take(x, np.minimum(low + 1, old - 1), axis) * weight
    return x


def strided_slice(attributes: Attributes, x: Value, begin: Value, end: Value, strides: Value) -> Value:
    """TensorFlow's StridedSlice: Python slicing, with bit masks that say which of its numbers to ignore."""

    def bit(mask: str, i: int) -> bool:
        return bool(int(attributes.get(mask) or 0) >> i & 1)

    index: list[Any] = []
    for i, (first, last, step) in enumerate(zip(begin.tolist(), end.tolist(), strides.tolist(), strict=True)):
        if bit("ellipsis_mask", i):
            index.append(Ellipsis)
        elif bit("new_axis_mask", i):
            index.append(None)
        elif bit("shrink_axis_mask", i):
            index.append(first)
        else:
            index.append(slice(None if bit("begin_mask", i) else first, None if bit("end_mask", i) else last, step))
    return x[tuple(index)]


def _squeeze(attributes: Attributes, x: Value) -> Value:
    axes = attributes.get("squeeze_dims") or attributes.get("axis")
    return _namespace(x).squeeze(x, tuple(axes) if axes else None)


def _unpack(attributes: Attributes, x: Value) -> list[Value]:
    axis, xp = attributes.get("axis", 0), _namespace(x)
    return [xp.squeeze(part, axis) for part in xp.split(x, x.shape[axis], axis)]


def _select(attributes: Attributes, condition: Value, x: Value, y: Value) -> Value:
    return _namespace(condition, x, y).where(*_same_rank(condition, x, y))


def _gather_nd(attributes: Attributes, x: Value, index: Value) -> Value:
    return jnp.asarray(x)[tuple(jnp.moveaxis(jnp.asarray(index), -1, 0))]


def _fill(attributes: Attributes, shape: Value, value: Value) -> Value:
    return _namespace(value).full(tuple(shape.tolist()), value)


def _range(attributes: Attributes, start: Value, stop: Value, step: Value) -> Value:
    return np.arange(start, stop, step).astype(start.dtype)


def _pack(attributes: Attributes, *inputs: Value) -> Value:
    return _namespace(*inputs).stack(inputs, attributes.get("axis", 0))


def _add_n(attributes: Attributes, *inputs: Value) -> Value:
    return sum(inputs[1:], inputs[0])


def _split(attributes: Attributes, axis: Value, x: Value) -> list[Value]:
    return list(_namespace(x).split(x, attributes["num_split"], int(axis)))


OPERATIONS: dict[str, Callable[..., Value]] = {
    "_FusedConv2D": conv2d,
    "Conv2D": conv2d,
    "FusedDepthwiseConv2dNative": depthwise_conv2d,
    "DepthwiseConv2dNative": depthwise_conv2d,
    "MaxPool": max_pool,
    "ResizeBilinear": resize_bilinear,
    "StridedSlice": strided_slice,
    "AddV2": _elementwise("add"),
    "AddN": _add_n,
    "Sub": _elementwise("subtract"),
    "Mul": _elementwise("multiply"),
    "RealDiv": _elementwise("divide"),
    "FloorDiv": _elementwise("floor_divide"),
    "Maximum": _elementwise("maximum"),
    "Minimum": _elementwise("minimum"),
    "Less": _elementwise("less"),
    "Greater": _elementwise("greater"),
    "GreaterEqual": _elementwise("greater_equal"),
    "Equal": _elementwise("equal"),
    "LogicalAnd": _elementwise("logical_and"),
    "Abs": _elementwise("abs"),
    "Exp": _elementwise("exp"),
    "Sqrt": _elementwise("sqrt"),
    "Reciprocal": lambda attributes, x: 1 / x,
    "SquaredDifference": lambda attributes, x, y: _elementwise("subtract")(attributes, x, y) ** 2,
    "Sigmoid": lambda attributes, x: jax.nn.sigmoid(x),
    "Relu6": lambda attributes, x: jnp.clip(x, 0.0, 6.0),
    "Max": _reduce("max"),
    "Sum": _reduce("sum"),
    "ArgMax": lambda attributes, x, axis: jnp.argmax(x, int(axis)).astype(jnp.int32),
    "TopKV2": lambda attributes, x, k: list(lax.top_k(x, int(k))),
    "Cast": lambda attributes, x: x.astype(_DTYPES[attributes["DstT"]]),
    "Shape": lambda attributes, x: np.array(x.shape, np.int32),
    "Size": lambda attributes, x: np.array(x.size, np.int32),
    "Range": _range,
    "Fill": _fill,
    "Tile": lambda attributes, x, repeats: _namespace(x).tile(x, tuple(repeats.tolist())),
    "Reshape": lambda attributes, x, shape: _namespace(x).reshape(x, tuple(shape.tolist())),
    "Squeeze": _squeeze,
    "ExpandDims": lambda attributes, x, axis: _namespace(x).expand_dims(x, int(axis)),
    "Pack": _pack,
    "Unpack": _unpack,
    "Split": _split,
    "ConcatV2": lambda attributes, *inputs: _namespace(*inputs[:-1]).concatenate(inputs[:-1], int(inputs[-1])),
    "Pad": lambda attributes, x, widths: _namespace(x).pad(x, [tuple(pair) for pair in widths.tolist()]),
    "Select": _select,
    "GatherNd": _gather_nd,
    "Identity": lambda attributes, x: x,
}
