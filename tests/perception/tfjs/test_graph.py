import base64
import json

import jax
import numpy as np
import pytest

from sm_jax.errors import UserError
from sm_jax.perception.tfjs.graph import load_graph


def text(value: str) -> dict:
    return {"s": base64.b64encode(value.encode()).decode()}


def write_model(folder, operation: str = "AddV2"):
    """y = x · weight + 2, with a half-precision weight, and a second output z = -y that nobody needs."""
    nodes = [
        {"name": "x", "op": "Placeholder"},
        {"name": "weight", "op": "Const"},
        {"name": "two", "op": "Const"},
        {"name": "product", "op": "Mul", "input": ["x", "weight"], "attr": {"padding": text("SAME")}},
        {"name": "y", "op": operation, "input": ["product:0", "two", "^x"]},
        {"name": "parts", "op": "Unpack", "input": ["y"], "attr": {"axis": {"i": "0"}, "num": {"i": "2"}}},
        {"name": "z", "op": "Identity", "input": ["parts:1"]},
    ]
    weights = [
        {"name": "weight", "shape": [3], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "two", "shape": [], "dtype": "float32"},
    ]
    model = {
        "signature": {"inputs": {"in": {"name": "x:0"}}, "outputs": {"all": {"name": "y:0"}, "second": {"name": "z"}}},
        "modelTopology": {"node": nodes},
        "weightsManifest": [{"weights": weights}],
    }
    (folder / "m.json").write_text(json.dumps(model))
    (folder / "m.bin").write_bytes(np.array([1, 2, 3], np.float16).tobytes() + np.array(2, np.float32).tobytes())
    return folder / "m.json"


def test_a_graph_computes_its_outputs(tmp_path):
    graph = load_graph(write_model(tmp_path))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    run = jax.jit(lambda params, x: graph(params, x, ("all", "second")))
    whole, second = run(graph.params, x)
    np.testing.assert_allclose(whole, x * [1, 2, 3] + 2)
    np.testing.assert_allclose(second, x[1] * [1, 2, 3] + 2)


def test_weights_are_arguments_and_scalars_are_static(tmp_path):
    graph = load_graph(write_model(tmp_path))
    assert set(graph.params) == {"weight"} and set(graph.constants) == {"two"}
    x = np.ones((2, 3), np.float32)
    doubled = jax.tree.map(lambda w: 2 * w, graph.params)
    np.testing.assert_allclose(graph(doubled, x, ("all",))[0], 2 * x * [1, 2, 3] + 2)


def test_bad_models_get_one_line(tmp_path):
    with pytest.raises(UserError, match=r"operations \['Erf'\] are not supported"):
        load_graph(write_model(tmp_path, "Erf"))
    path = write_model(tmp_path)
    path.with_suffix(".bin").write_bytes(b"\0" * 11)
    with pytest.raises(UserError, match="fetch it again"):
        load_graph(path)
    path.write_text("{}")
    with pytest.raises(UserError, match="not a TensorFlow.js graph model"):
        load_graph(path)
