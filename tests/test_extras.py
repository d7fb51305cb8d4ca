"""An optional package that is missing is named with its remedy, not shown as a traceback."""

import importlib.util
import sys

import pytest

from sm_jax.errors import UserError


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("export.overlay", "av", "export"),
        ("export.render", "cv2", "export"),
        ("export.film", "av", "export"),
        ("export.glb", "pygltflib", "export"),
        ("export.viewer", "viser", "viewer"),
        ("export.usd", "pxr", "usd"),
        ("text.describers.openai", "httpx", "vlm"),
        ("text.describers.openai", "tenacity", "vlm"),
        ("text.describers.connection", "httpx", "vlm"),
        ("text.describers.pictures", "cv2", "video"),
        ("perception.frames", "av", "video"),
    ],
)
def test_missing_package(monkeypatch, module, missing, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    spec = importlib.util.find_spec(f"sm_jax.{module}")
    assert spec and spec.loader
    with pytest.raises(UserError, match=rf"{missing} is not installed; pip install 'sm_jax\[{extra}\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
