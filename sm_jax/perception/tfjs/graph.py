"""TensorFlow.js graph models (a `.json` topology and a `.bin` of weights) as pure JAX functions.

The format: https://www.tensorflow.org/js/guide/conversion. Enough operations for MoveNet and BlazePose.
"""

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sm_jax.errors import UserError
from sm_jax.perception.tfjs.operations import OPERATIONS, Value

Params = dict[str, jax.Array | np.ndarray]


@dataclasses.dataclass(frozen=True)
class Node:
    """One operation. inputs: (name of the producing node, which of its outputs)."""

    name: str
    operation: str
    attributes: dict[str, Any]
    inputs: tuple[tuple[str, int], ...]


@dataclasses.dataclass(frozen=True)
class Graph:
    """A loaded model: nodes by name, the name of its input node, outputs by signature name, constants, parameters.

    params: the float arrays, an argument of `__call__` so that they are never baked into compiled code.
    constants: scalars and integers, which fix shapes and therefore stay static.
    """

    nodes: dict[str, Node]
    input: str
    outputs: dict[str, tuple[str, int]]
    constants: dict[str, np.ndarray]
    params: Params

    def __call__(self, params: Params, x: Value, outputs: tuple[str, ...]) -> tuple[Value, ...]:
        """Run the graph on x (the model's input) as far as the named outputs need it."""
        values: dict[str, list[Value]] = {self.input: [x]}
        for name in self._order(outputs):
            node = self.nodes[name]
            if name in self.constants:
                values[name] = [self.constants[name]]
            elif name in params:
                values[name] = [params[name]]
            elif name != self.input:
                result = OPERATIONS[node.operation](node.attributes, *(values[n][i] for n, i in node.inputs))
                values[name] = result if isinstance(result, list) else [result]
        return tuple(values[name][i] for name, i in (self.outputs[output] for output in outputs))

    def _order(self, outputs: tuple[str, ...]) -> list[str]:
        """Names of the nodes that the outputs depend on, producers first."""
        order: dict[str, None] = {}
        stack = [self.outputs[output][0] for output in outputs]
        while stack:
            missing = [name for name, _ in self.nodes[stack[-1]].inputs if name not in order]
            stack.extend(missing)
            if not missing:
                order.setdefault(stack.pop())
        return list(order)


def load_graph(path: Path) -> Graph:
    """Load the model whose topology is the JSON file `path` and whose weights lie beside it.

    Raises UserError when the files are not such a model or use an operation that is not in the table.
    """
    try:
        model = json.loads(path.read_text())
        nodes = {node["name"]: _node(node) for node in model["modelTopology"]["node"]}
        signature = model.get("signature") or model["userDefinedMetadata"]["signature"]
        weights = _weights(path.with_suffix(".bin").read_bytes(), model["weightsManifest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: not a TensorFlow.js graph model with its weights ({error}); fetch it again"
        ) from error
    unknown = {n.operation for n in nodes.values()} - OPERATIONS.keys() - {"Const", "Placeholder"}
    if unknown:
        raise UserError(f"{path}: operations {sorted(unknown)} are not supported; use a model of the asset table")
    is_param = {name: w.dtype.kind == "f" and w.ndim > 0 for name, w in weights.items()}
    return Graph(
        nodes=nodes,
        input=_output(next(iter(signature["inputs"].values()))["name"])[0],
        outputs={key: _output(value["name"]) for key, value in signature["outputs"].items()},
        constants={name: w for name, w in weights.items() if not is_param[name]},
        params={name: w for name, w in weights.items() if is_param[name]},
    )


def _node(node: dict[str, Any]) -> Node:
    return Node(
        name=node["name"],
        operation=node["op"],
        attributes={key: _attribute(value) for key, value in (node.get("attr") or {}).items()},
        inputs=tuple(_output(name) for name in node.get("input") or () if not name.startswith("^")),
    )


def _output(name: str) -> tuple[str, int]:
    node, _, index = name.partition(":")
    return node, int(index or 0)


def _attribute(value: dict[str, Any]) -> Any:
    """{"i": "3"} → 3, {"s": base64} → str, {"list": {"i": [...]}} → list of int, anything else as it stands."""
    kind, content = next(iter(value.items()))
    if kind == "i":
        return int(content)
    if kind == "s":
        return base64.b64decode(content).decode()
    if kind == "list":
        inner, items = next(iter(content.items()), ("", []))
        return [_attribute({inner: item}) for item in items]
    return content


def _weights(buffer: bytes, manifest: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    weights, offset = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        quantization = entry.get("quantization")
        stored = np.dtype((quantization or entry)["dtype"])
        count = int(np.prod(entry["shape"], dtype=int))
        array = np.frombuffer(buffer, stored, count, offset).reshape(entry["shape"])
        offset += count * stored.itemsize
        if stored.kind == "u" and quantization:
            array = array.astype(np.float32) * quantization["scale"] + quantization["min"]
        weights[entry["name"]] = array.astype(entry["dtype"])
    if offset != len(buffer):
        raise ValueError(f"{len(buffer)} bytes of weights where {offset} are declared")
    return weights
